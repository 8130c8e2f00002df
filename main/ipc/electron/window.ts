import { app, BrowserWindow, dialog, powerSaveBlocker } from 'electron';
import type { Desk } from '../../station/desk/desk.ts';
import type { Messages } from '../../words/messages.ts';
import { pageOrigin } from './guards.ts';

/** A page that crashes again and again is left alone after so many times in a minute. */
const mostReloads = 3;
const minuteMs = 60_000;
/** How often it is looked whether boards run, in ms. */
const lookMs = 1000;

/** The station's window, with nothing of Node.js in its page. `words`: in the language of whoever sits there. */
export function createWindow(preload: string, isKiosk: boolean, words: Messages['window']): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 1024,
    minHeight: 700,
    show: false,
    autoHideMenuBar: true,
    kiosk: isKiosk,
    backgroundColor: '#101418',
    title: 'Fuseline',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  window.once('ready-to-show', () => window.show());
  reloadAfterCrash(window, words);
  void window.loadURL(`${pageOrigin}/index.html`);
  return window;
}

/** Boards run on in the main process whatever becomes of the page; it comes back and asks for a snapshot. */
function reloadAfterCrash(window: BrowserWindow, words: Messages['window']): void {
  let crashes: number[] = [];
  window.webContents.on('render-process-gone', (_, details) => {
    if (details.reason === 'clean-exit') return;
    const now = Date.now();
    crashes = [...crashes.filter((at) => now - at < minuteMs), now];
    if (crashes.length > mostReloads) {
      dialog.showErrorBox('Fuseline', words.failing);
      return;
    }
    window.reload();
  });
}

/** No sleep while boards run; gives back the way to stop looking. */
export function stayAwake(desk: Desk): () => void {
  let blocker: number | null = null;
  const look = () => {
    if (desk.hasBoardUnderWay) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
  const timer = setInterval(look, lookMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (blocker !== null) powerSaveBlocker.stop(blocker);
  };
}

/** The window does not close over a board that is being worked on; a person may ask for the end of the batch, and it closes then. */
export function holdOpen(
  window: BrowserWindow,
  desk: Desk,
  { busy }: Messages['window'],
  stopAndQuit: () => void,
): void {
  let isAsking = false;
  window.on('close', (event) => {
    if (!desk.hasBoardUnderWay || event.defaultPrevented) return;
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    void dialog
      .showMessageBox(window, {
        type: 'warning',
        title: busy.title,
        message: busy.stays,
        detail: busy.how,
        buttons: [busy.goOn, busy.stop],
        defaultId: 0,
        cancelId: 0,
        noLink: true,
      })
      .then(({ response }) => {
        isAsking = false;
        if (response === 1) stopAndQuit();
      });
  });
}
