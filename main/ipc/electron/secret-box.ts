import { type BrowserWindow, dialog } from 'electron';
import type { ShownSecret } from '../../station/desk/room.ts';
import type { Messages } from '../../words/messages.ts';

/**
 * Shows a secret that came out of escrow in a box of this program, over the window and apart from its page, until somebody shuts it. The box
 * wants a string, the only one there is of it. `words`: in the language of whoever sits there.
 */
export function showSecret(window: BrowserWindow, { mac, what, typed }: ShownSecret, words: Messages['window']): void {
  void dialog.showMessageBox(window, {
    type: 'none',
    title: words.secret[what],
    message: typed.use((bytes) => Buffer.from(bytes).toString('latin1')),
    detail: words.secret.detail({ device: mac }),
    buttons: [words.secret.shut],
    noLink: true,
  });
}
