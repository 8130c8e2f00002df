/** The end that a child holds of the line to whoever started it (the other end: `ProcessLine`). */
export interface ParentLine<Out, In> {
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  /** Who started this is gone, by its end or by its crash. Never called in a thread, which goes with its process. */
  onGone(listener: () => void): void;
  /** Lets go of the line once what was sent is on its way: `onGone` follows in a process; a thread may be given another line. */
  leave(): void;
}

/** As Electron hands it to a utility process (`process.parentPort`). */
interface UtilityPort {
  on(event: 'message', listener: (message: { readonly data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
}

/** The line by which this process was started: a fork's channel, or the port of a utility process, which ends with its parent by itself. */
export function parentLine<Out, In>(): ParentLine<Out, In> {
  const { parentPort } = process as unknown as { readonly parentPort?: UtilityPort | null };
  return parentPort ? utilityLine(parentPort) : forkedLine();
}

function forkedLine<Out, In>(): ParentLine<Out, In> {
  return {
    send: (message) => {
      if (process.connected) process.send?.(message);
    },
    onMessage: (listener) => void process.on('message', (message) => listener(message as In)),
    onGone: (listener) => void process.on('disconnect', listener),
    leave: () => process.disconnect?.(),
  };
}

function utilityLine<Out, In>(port: UtilityPort): ParentLine<Out, In> {
  let gone: () => void = () => undefined;
  // Newer Electrons only warn of a promise that nobody kept, where Node.js ends: a caller would wait for ever (Electron, breaking changes
  // of 37.0).
  process.on('unhandledRejection', () => process.exit(1));
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', ({ data }) => listener(data as In)),
    onGone: (listener) => {
      gone = listener;
    },
    leave: () => void setImmediate(() => gone()),
  };
}
