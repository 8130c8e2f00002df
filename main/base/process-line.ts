import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * The line to a process of its own, whatever carries it: node:child_process here, a utility process of the desktop elsewhere. The other
 * end is a `ParentLine`.
 */
export interface ProcessLine<Out, In> {
  /** The process, for the log of a person who looks for it. */
  readonly pid: number | null;
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  /** Called once, when the process has ended for whatever reason; `how` is for people ("with status 0": it ended by itself). */
  onEnd(listener: (how: string) => void): void;
  /** Ends the process at once. */
  kill(): void;
}

/** Forks a module with this Node.js or another one. Nothing of the program's arguments is handed over. */
export function forkLine<Out extends object, In>(
  file: URL,
  environment: Readonly<Record<string, string>>,
  node: string = process.execPath,
): ProcessLine<Out, In> {
  const child = fork(fileURLToPath(file), [], {
    execPath: node,
    execArgv: [],
    env: { ...process.env, ...environment },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // a message to a process that has just died: its end is told by 'exit'
  child.on('error', () => {});
  return {
    pid: child.pid ?? null,
    send: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    onMessage: (listener) => void child.on('message', (message) => listener(message as In)),
    onEnd: (listener) => {
      let told = false;
      const end = (how: string) => {
        if (!told) listener(how);
        told = true;
      };
      child.once('exit', (code, signal) => end(signal === null ? `with status ${code}` : `by ${signal}`));
      child.once('error', (error) => end(`before it began: ${error.message}`));
    },
    kill: () => child.kill('SIGKILL'),
  };
}
