import { addressOf, useApp } from '../state/station.ts';
import { words } from '../words/words.ts';

const parts = ['now', 'groups', 'shift', 'plant'] as const;

/** From how the line goes just now to counts by what boards share, and to the shift. */
export function ThroughputNav({ here }: { readonly here: (typeof parts)[number] }) {
  const showsPlant = useApp((state) => state.line?.showsPlant ?? false);
  const shown = parts.filter((part) => part !== 'plant' || showsPlant || here === 'plant');
  return (
    <nav className="records-nav" aria-label={words.shift.nav}>
      {shown.map((part) => (
        <a
          key={part}
          href={addressOf({ screen: 'throughput', item: part === 'now' ? null : part })}
          aria-current={part === here ? 'page' : undefined}
        >
          {words.shift.parts[part]}
        </a>
      ))}
    </nav>
  );
}
