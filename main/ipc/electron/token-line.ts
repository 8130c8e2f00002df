import { utilityProcess } from 'electron';

/** A line to a process of its own, as the token's signer takes it (the shape of its `TokenLine`). */
export interface UtilityLine {
  readonly pid: number | null;
  send(message: unknown): void;
  onMessage(listener: (message: never) => void): void;
  onEnd(listener: (how: string) => void): void;
  kill(): void;
}

/**
 * Starts a module as a utility process: with the fuse that keeps Electron from running as Node.js, a fork is not possible. Nothing of the
 * station's arguments and no PIN is handed over this way.
 */
export function utilityLine(module: string, environment: Readonly<Record<string, string>>): UtilityLine {
  const child = utilityProcess.fork(module, [], {
    env: { ...process.env, ...environment },
    stdio: 'ignore',
    serviceName: 'Fuseline token',
  });
  let isEnded = false;
  child.once('exit', () => {
    isEnded = true;
  });
  return {
    pid: child.pid ?? null,
    send: (message) => {
      if (!isEnded) child.postMessage(message);
    },
    onMessage: (listener) => void child.on('message', (message: unknown) => listener(message as never)),
    onEnd: (listener) => void child.once('exit', (code) => listener(`with status ${code}`)),
    kill: () => void child.kill(),
  };
}
