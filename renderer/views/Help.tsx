import { Dialog } from '../parts/Dialog.tsx';
import { words } from '../words/words.ts';
import { LanguageChoice } from './LanguageChoice.tsx';

/** Every key, and what it does. */
export function Help({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={words.help.title} open onClose={onClose}>
      <LanguageChoice />
      <dl className="keys">
        {Object.values(words.help.keys).map(({ key, means }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
