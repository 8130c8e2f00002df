import { type BrowserWindow, type IpcMainInvokeEvent, ipcMain } from 'electron';
import type { Clock } from '../../base/clock.ts';
import type { Desk } from '../../station/desk/desk.ts';
import { Dispatcher } from '../dispatch.ts';
import { feedFace } from '../feed.ts';
import { FaceSession } from '../session.ts';
import { isOurPage } from './guards.ts';

/** The two channels of the window, named here and in the preload. */
export const channels = { call: 'fuseline:call', event: 'fuseline:event' } as const;

/** Answers the window's calls and tells it what changes; gives back the way to stop. */
export function faceWindow(window: BrowserWindow, desk: Desk, clock: Clock): () => void {
  const dispatcher = new Dispatcher(desk);
  const session = new FaceSession('window', desk, clock);
  const leave = dispatcher.admit(session);
  ipcMain.handle(channels.call, (event, name: unknown, input: unknown) => {
    if (!comesFrom(event, window))
      return { fault: { code: 'call.stranger', what: 'This page is not the station’s.', next: 'Use the window.' } };
    return dispatcher.call(session, name, input);
  });
  const stopFeed = feedFace(desk, session, {
    send: (name, event) => {
      if (!window.isDestroyed()) window.webContents.send(channels.event, name, event);
    },
    // A window that is loading or has crashed hears nothing; it asks for a snapshot when it is there.
    isBehind: () => window.isDestroyed() || window.webContents.isLoading() || window.webContents.isCrashed(),
  });
  return () => {
    stopFeed();
    leave();
    session.close();
    ipcMain.removeHandler(channels.call);
  };
}

/** Only the top frame of our own window, while it shows our own page. */
function comesFrom(event: IpcMainInvokeEvent, window: BrowserWindow): boolean {
  const { senderFrame } = event;
  return (
    !window.isDestroyed() &&
    event.sender === window.webContents &&
    senderFrame !== null &&
    senderFrame.parent === null &&
    isOurPage(senderFrame.url)
  );
}
