import { type BrowserWindow, dialog, Menu } from 'electron';
import type { Role } from '../../contract/contract.ts';
import type { Messages } from '../../words/messages.ts';

/** Who may leave the kiosk. */
const keepers: readonly Role[] = ['engineer', 'custodian'];

/**
 * Keeps a window over the whole screen: no menu and none of its shortcuts (reload, zoom, quit), and it closes for an engineer or a
 * custodian who is signed in at it, for nobody else. What the system itself offers (other consoles, task switching) is the system's to
 * shut: docs/kiosk.md. `roles`: of whoever sits there now; where nobody is known to the station yet, all. `words`: in their language.
 */
export function holdKiosk(window: BrowserWindow, roles: () => readonly Role[], words: Messages['window']): void {
  Menu.setApplicationMenu(null);
  window.on('leave-full-screen', () => window.setKiosk(true));
  window.on('minimize', () => window.restore());
  let isAsking = false;
  window.on('close', (event) => {
    if (roles().some((role) => keepers.includes(role))) return;
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    void dialog
      .showMessageBox(window, {
        type: 'info',
        title: words.kiosk.title,
        message: words.kiosk.stays,
        detail: words.kiosk.how,
        buttons: [words.kiosk.fine],
        noLink: true,
      })
      .finally(() => {
        isAsking = false;
      });
  });
}
