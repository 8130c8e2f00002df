// The desktop program: the station with its real parts behind Electron's window.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, dialog, protocol, session } from 'electron';
import { systemClock } from '../base/clock.ts';
import { guardContents, guardSession, pageScheme } from '../ipc/electron/guards.ts';
import { holdKiosk } from '../ipc/electron/kiosk.ts';
import { keptPin } from '../ipc/electron/pin-keeper.ts';
import { showSecret } from '../ipc/electron/secret-box.ts';
import { utilityLine } from '../ipc/electron/utility-line.ts';
import { createWindow, holdOpen, stayAwake } from '../ipc/electron/window.ts';
import { faceWindow } from '../ipc/electron/window-face.ts';
import { contentPolicy, PageFiles } from '../ipc/page-files.ts';
import { type LaunchThread, processThread, threadFile } from '../ledger/sqlite/link.ts';
import { faultOf } from '../model/fault.ts';
import { tokenProcessFile } from '../signing/pkcs11/token-child.ts';
import { faultIn } from '../words/faults.ts';
import { languageFor } from '../words/languages.ts';
import { saying } from '../words/saying.ts';
import { type Demonstration, type OpenedDesk, openDesk } from './open-desk.ts';
import { pageFolder, programFolder } from './program-folder.ts';
import { dataFolderOf, type Places } from './settings.ts';

export interface WindowProgram {
  readonly places: Places;
  /** How the boards of the demonstration are, where nothing is configured. */
  readonly demonstration?: Demonstration;
  /** The window fills the screen, and only an engineer leaves it. */
  readonly isKiosk?: boolean;
  /** The station is open and its window is on its way. */
  readonly onOpen?: (opened: OpenedDesk) => void;
}

/** Beside the window's program, so that the book stays whole when that one crashes. */
const launchUtility: LaunchThread = () => processThread(utilityLine('Fuseline ledger', fileURLToPath(threadFile)));

/** The end of a session or service, which asks nobody: boards end after their current irreversible step. */
function toldToEnd(): AbortSignal {
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => told.abort());
  return told.signal;
}

async function openWindow({ places, demonstration, isKiosk = false, onOpen }: WindowProgram): Promise<void> {
  // Heard from the first moment: a station that is half open has a book to shut.
  const told = toldToEnd();
  guardSession(session.defaultSession);
  const files = new PageFiles(pageFolder, contentPolicy("'none'"));
  protocol.handle(pageScheme, async (request) => {
    const { status, headers, body } = await files.read(new URL(request.url).pathname);
    return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
  });
  // nobody can ask for a secret before there is a window to sit at
  const opened = await openDesk(places, {
    showSecret: (secret) => showSecret(window, secret, words),
    ...(demonstration === undefined ? {} : { demonstration }),
    host: {
      pin: (pinFile) => keptPin(join(dataFolderOf(places), 'token-pin.sealed'), pinFile),
      launch: (environment) => utilityLine('Fuseline token', fileURLToPath(tokenProcessFile), environment),
      launchLedger: launchUtility,
    },
  });
  const words = saying(() => face.language).window;
  const window = createWindow(join(programFolder, 'dist', 'preload.cjs'), isKiosk, words);
  const face = faceWindow(window, opened.desk, systemClock);
  const sleepAgain = stayAwake(opened.desk);
  const leave = () =>
    void opened.close().finally(() => {
      if (!window.isDestroyed()) window.destroy();
      app.quit();
    });
  if (isKiosk) holdKiosk(window, () => face.roles, words);
  holdOpen(window, opened.desk, words, leave);
  told.addEventListener('abort', leave);
  if (told.aborted) leave();
  app.on('second-instance', () => {
    // it is closed while the station ends behind it
    if (window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  closeBeforeQuit(opened, () => {
    face.stop();
    sleepAgain();
  });
  onOpen?.(opened);
}

/** The program ends when the station is closed: after the current irreversible steps, with the book shut. */
function closeBeforeQuit(opened: OpenedDesk, before: () => void): void {
  let isClosed = false;
  app.on('will-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    before();
    void opened.close().finally(() => {
      isClosed = true;
      // Electron hears no quit before it has done with this one, which the promise of a station that is closed already does not wait for.
      setImmediate(() => app.quit());
    });
  });
}

/**
 * What Electron does by itself with an error that nobody caught stops everything: a box that waits for a person, over a main process that
 * waits with it. As in the terminal such an error ends the program; boards go on with the next start. Nobody reading what it says (a
 * terminal that was closed) is no error.
 */
function endWithErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? error}\n`);
    app.exit(70);
  });
}

/** Runs the program; called before Electron is ready. A second one of the same data leaves again. */
export function runWindow(program: WindowProgram): void {
  if (!app.requestSingleInstanceLock()) {
    // The window that is open comes to the front: see 'second-instance'.
    app.quit();
    return;
  }
  endWithErrors();
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true } }]);
  guardContents();
  app.on('window-all-closed', () => app.quit());
  // Not awaited: Electron is not ready before this module has run to its end.
  void app
    .whenReady()
    .then(() => openWindow(program))
    .catch(tellStartFault);
}

/** Says why the program cannot start (on the standard error where Electron is not ready yet), and ends it. */
export function tellStartFault(error: unknown): void {
  const fault = faultOf(error);
  // nobody has signed in, and the station file may be what is wrong: the language of this computer
  const language = languageFor([app.getLocale()]) ?? 'en';
  const { what, next } = faultIn(language, fault);
  const own = what === fault.what ? '' : `\n\n${fault.what} ${fault.next}`;
  const title = saying(() => language).window.cannotStart;
  dialog.showErrorBox(title, `${what}\n\n${next}${own}\n\n[${fault.code}]`);
  app.exit(3);
}
