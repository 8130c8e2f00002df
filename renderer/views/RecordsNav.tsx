import { addressOf } from '../state/station.ts';
import { qa } from '../words/qa.ts';

const screens = ['devices', 'batches', 'runs'] as const;

/** From one list of the ledger to the others. */
export function RecordsNav({ here }: { readonly here: (typeof screens)[number] }) {
  return (
    <nav className="records-nav" aria-label={qa.nav}>
      {screens.map((screen) => (
        <a key={screen} href={addressOf({ screen, item: null })} aria-current={screen === here ? 'page' : undefined}>
          {qa[screen]}
        </a>
      ))}
    </nav>
  );
}
