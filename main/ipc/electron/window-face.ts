import { type BrowserWindow, type IpcMainEvent, type IpcMainInvokeEvent, ipcMain } from 'electron';
import type { Clock } from '../../base/clock.ts';
import type { Role } from '../../contract/contract.ts';
import type { Desk } from '../../station/desk/desk.ts';
import type { Language } from '../../words/languages.ts';
import { Dispatcher } from '../dispatch.ts';
import { feedFace } from '../feed.ts';
import { FaceSession } from '../session.ts';
import { isOurPage } from './guards.ts';

/** The channels of the window, named here and in the preload. */
export const channels = { call: 'fuseline:call', event: 'fuseline:event', taken: 'fuseline:taken' } as const;

/** Events on their way that the page has not taken; with more it is behind. A second's worth. */
const mostOnTheWay = 20;

export interface WindowFace {
  /** Of whoever sits at the window now. */
  readonly roles: readonly Role[];
  /** In which the station speaks to whoever sits there. */
  readonly language: Language;
  stop(): void;
}

/** Answers the window's calls and tells it what changes. */
export function faceWindow(window: BrowserWindow, desk: Desk, clock: Clock): WindowFace {
  const dispatcher = new Dispatcher(desk);
  const session = new FaceSession('window', desk, clock);
  const leave = dispatcher.admit(session);
  ipcMain.handle(channels.call, (event, name: unknown, input: unknown) => {
    if (!comesFrom(event, window))
      return { fault: { code: 'call.stranger', what: 'This page is not the station’s.', next: 'Use the window.' } };
    return dispatcher.call(session, name, input);
  });
  // Electron queues what a page does not take, without end: each event has a number, and the page says which it took.
  let sent = 0;
  let taken = 0;
  const onTaken = (event: IpcMainEvent, number: unknown) => {
    if (!comesFrom(event, window) || typeof number !== 'number') return;
    if (number > taken && number <= sent) taken = number;
  };
  ipcMain.on(channels.taken, onTaken);
  // A page that was loaded anew has nothing on its way to it.
  const { webContents } = window;
  const onLoaded = () => {
    taken = sent;
  };
  webContents.on('did-finish-load', onLoaded);
  const stopFeed = feedFace(desk, session, {
    send: (name, event) => {
      if (!window.isDestroyed()) webContents.send(channels.event, name, event, ++sent);
    },
    // A window that is loading or has crashed hears nothing; it asks for a snapshot when it is there.
    isBehind: () =>
      window.isDestroyed() || webContents.isLoading() || webContents.isCrashed() || sent - taken > mostOnTheWay,
  });
  return {
    get roles() {
      return session.roles;
    },
    get language() {
      return session.operator?.language ?? desk.language;
    },
    stop() {
      stopFeed();
      ipcMain.removeListener(channels.taken, onTaken);
      if (!window.isDestroyed()) webContents.removeListener('did-finish-load', onLoaded);
      leave();
      session.close();
      void dispatcher.close();
      ipcMain.removeHandler(channels.call);
    },
  };
}

/** Only the top frame of our own window, while it shows our own page. */
function comesFrom(event: IpcMainEvent | IpcMainInvokeEvent, window: BrowserWindow): boolean {
  const { senderFrame } = event;
  return (
    !window.isDestroyed() &&
    event.sender === window.webContents &&
    senderFrame !== null &&
    senderFrame.parent === null &&
    isOurPage(senderFrame.url)
  );
}
