import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { FixtureFault } from '../../model/fault.ts';
import type { VirtualChip } from '../chip.ts';
import { feed } from './feed.ts';

/** One end of a pseudo-terminal; the other is `path`, for any tool. */
export interface Pty {
  readonly path: string;
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * A pseudo-terminal through a socat child (Node has none of its own). Rate and control lines that a tool sets on it stay in the kernel:
 * nothing of them reaches the chip. FixtureFault `virtual.no-socat`, `virtual.pty`.
 */
export async function openPty(chip: VirtualChip): Promise<Pty> {
  const child = spawn('socat', ['-d', '-d', 'PTY,raw,echo=0', 'STDIO'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const path = await nameOf(child);
  // A pseudo-terminal whose last user goes hangs up and socat ends; held open by us it outlives each tool. Nothing is read from it here.
  const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Uint8Array) => feed(chip, chunk, child.stdout));
  chip.onSend((bytes) => {
    if (child.stdin.writable) child.stdin.write(bytes.slice());
  });
  const closed = ended.then(() => {
    chip.onSend(null);
    closeSync(held);
  });
  return {
    path,
    closed,
    async close() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** The device's path, which socat prints once it is there: `... N PTY is /dev/pts/5`. */
function nameOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? noSocat(error) : ptyFault(error.message, error));
    });
    child.once('close', () => reject(ptyFault(said.trim() || 'socat ended at once')));
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      said = (said + text).slice(-4096);
      const name = /PTY is (\S+)\s/.exec(said)?.[1];
      if (name !== undefined) resolve(name);
    });
  });
}

function noSocat(cause: unknown): FixtureFault {
  return new FixtureFault({
    code: 'virtual.no-socat',
    what: 'A pseudo-terminal needs the program socat, which is not installed here.',
    next: 'Install it (Debian and Ubuntu: apt-get install socat), or listen on tcp:PORT or rfc2217:PORT.',
    cause,
  });
}

function ptyFault(why: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'virtual.pty',
    what: `No pseudo-terminal could be made (${why}).`,
    next: 'Listen on tcp:PORT or rfc2217:PORT instead.',
    cause,
  });
}
