// All that the page has of the program: calls that answer, events that come. It runs sandboxed, and is bundled to one file (see build.ts).
import { contextBridge, ipcRenderer } from 'electron';

/** As in main/ipc/electron/window-face.ts; a sandboxed preload can load no file of ours. */
const channels = { call: 'fuseline:call', event: 'fuseline:event', taken: 'fuseline:taken' };

// What the page was too busy to take is not sent on top of it.
ipcRenderer.on(channels.event, (_, __, ___, number: number) => ipcRenderer.send(channels.taken, number));

contextBridge.exposeInMainWorld('fuseline', {
  /** Answers `{answer}` or `{fault}`. */
  call: (name: string, input: unknown) => ipcRenderer.invoke(channels.call, name, input),
  on: (name: string, listener: (data: unknown) => void) => {
    // The event object itself, which could reach the sender, stays on this side.
    const hear = (_: unknown, told: string, data: unknown) => {
      if (told === name) listener(data);
    };
    ipcRenderer.on(channels.event, hear);
    return () => ipcRenderer.removeListener(channels.event, hear);
  },
});
