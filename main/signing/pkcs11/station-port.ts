import type { FromToken, ToToken } from './messages.ts';

/** The token process's end of the line to the station. */
export interface StationPort {
  send(message: FromToken): void;
  onMessage(listener: (message: ToToken) => void): void;
  /** The station is gone, by its end or by its crash. */
  onGone(listener: () => void): void;
  /** Lets go of the line once what was sent is on its way: `onGone` follows. */
  leave(): void;
}

/** As Electron hands it to a utility process (`process.parentPort`). */
interface ParentPort {
  on(event: 'message', listener: (message: { readonly data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
}

/** The line by which this process was started: a fork's channel, or the port of a utility process, which ends with its station by itself. */
export function stationPort(): StationPort {
  const { parentPort } = process as unknown as { readonly parentPort?: ParentPort | null };
  return parentPort ? utilityPort(parentPort) : forkedPort();
}

function forkedPort(): StationPort {
  return {
    send: (message) => {
      if (process.connected) process.send?.(message);
    },
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToToken)),
    onGone: (listener) => void process.on('disconnect', listener),
    leave: () => process.disconnect?.(),
  };
}

function utilityPort(port: ParentPort): StationPort {
  let gone: () => void = () => undefined;
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', ({ data }) => listener(data as ToToken)),
    onGone: (listener) => {
      gone = listener;
    },
    leave: () => void setImmediate(() => gone()),
  };
}
