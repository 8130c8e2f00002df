import type { PlanView } from '../../main/contract/views.ts';
import { words } from '../words/words.ts';

/** The key blocks of the chip in their order: what lies in each, and whether software can read it. */
export function KeyBlockMap({ slots }: { readonly slots: PlanView['slots'] }) {
  return (
    <ol className="blocks">
      {slots.map((slot) => (
        <li
          key={`${slot.slot} ${slot.purpose}`}
          data-use={slot.purpose === null ? 'free' : slot.secret ? 'secret' : 'public'}
        >
          <span className="block-name">{slot.name.replace(/^BLOCK_KEY/, 'KEY')}</span>
          <span className="block-purpose">{slot.purpose ?? words.recipes.free}</span>
          {slot.purpose !== null && (
            <span className="block-words" lang="en">
              {slot.words}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
