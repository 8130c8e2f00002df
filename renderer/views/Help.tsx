import { Dialog } from '../parts/Dialog.tsx';
import { words } from '../words/words.ts';

/** Every key, and what it does. */
export function Help({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={words.help.title} open onClose={onClose}>
      <dl className="keys">
        {words.help.keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
