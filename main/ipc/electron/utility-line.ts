import { utilityProcess } from 'electron';
import type { ProcessLine } from '../../base/process-line.ts';

/**
 * Starts a module as a utility process: with the fuse that keeps Electron from running as Node.js, a fork is not possible. Nothing of the
 * program's arguments is handed over this way. `name`: what the system's list of processes shows.
 */
export function utilityLine<Out, In>(
  name: string,
  module: string,
  environment: Readonly<Record<string, string>> = {},
): ProcessLine<Out, In> {
  const child = utilityProcess.fork(module, [], {
    env: { ...process.env, ...environment },
    stdio: 'ignore',
    serviceName: name,
  });
  let isEnded = false;
  child.once('exit', () => {
    isEnded = true;
  });
  return {
    // known once it has started
    get pid() {
      return child.pid ?? null;
    },
    send: (message) => {
      if (!isEnded) child.postMessage(message);
    },
    onMessage: (listener) => void child.on('message', (message: unknown) => listener(message as In)),
    onEnd: (listener) => void child.once('exit', (code) => listener(`with status ${code}`)),
    kill: () => void child.kill(),
  };
}
