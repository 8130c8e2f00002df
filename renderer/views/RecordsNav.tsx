import { addressOf } from '../state/station.ts';
import { words } from '../words/words.ts';

const screens = ['devices', 'batches', 'runs'] as const;

/** From one list of the ledger to the others. */
export function RecordsNav({ here }: { readonly here: (typeof screens)[number] }) {
  return (
    <nav className="records-nav" aria-label={words.records.nav}>
      {screens.map((screen) => (
        <a key={screen} href={addressOf({ screen, item: null })} aria-current={screen === here ? 'page' : undefined}>
          {words.records[screen]}
        </a>
      ))}
    </nav>
  );
}
