// The terminal face as its user has it: the program in a process of its own.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { printable } from '../../main/base/printable.ts';
import { systemRandom } from '../../main/base/random.ts';
import { builtEntry } from '../../main/boot/built.mjs';
import { runCommand } from '../../main/cli/program.ts';
import { keepToOwner } from '../../main/start/owner-only.ts';
import { openPorts } from '../../main/start/real-ports.ts';
import { terminalContext } from '../../main/start/terminal-context.ts';
import { repository } from './stage.ts';

/** As `npm start` runs it where it is built, which a whole run of the tests does first. */
const front = builtEntry(repository, 'terminal') ?? join(repository, 'main', 'start', 'terminal.ts');

/** What a command said, and its exit status. */
export interface Said {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In a mount namespace of its own with a small file system there; null from `run` where the machine does not allow it. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves with the first line of stdout (or stderr) that fits, also one that was there before; rejects when the command ends before. */
  line(fits: (line: string) => boolean): Promise<string>;
  readonly ended: Promise<Said>;
}

export function start(args: readonly string[], options: RunOptions = {}): Running {
  const command = [process.execPath, front, ...args];
  const [file, ...rest] = options.wrap ? options.wrap(command) : command;
  const child = spawn(file!, rest, {
    cwd: options.cwd ?? repository,
    // whoever runs the tests may speak another language
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const texts = { out: '', err: '' };
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      texts[name] += text;
    });
    createInterface({ input: stream }).on('line', (line) => {
      seen.push(line);
      for (const hear of waiting) hear(line);
    });
  }
  const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, ...texts }));
  return {
    child,
    ended,
    async line(fits) {
      const there = seen.find(fits);
      if (there !== undefined) return there;
      const { promise, resolve } = Promise.withResolvers<string>();
      const hear = (line: string) => {
        if (fits(line)) resolve(line);
      };
      waiting.add(hear);
      const end = ended.then((said) => {
        throw new Error(`the command ended before it said so: ${said.out}${said.err}`);
      });
      try {
        return await Promise.race([promise, end]);
      } finally {
        waiting.delete(hear);
      }
    },
  };
}

export function run(args: readonly string[], options: RunOptions = {}): Promise<Said> {
  return start(args, options).ended;
}

/**
 * The same in this process, where everything is loaded already: the real commands above the real parts, without the front door's streams,
 * signals and exit. Relative paths are of the working folder of the tests.
 */
export async function runHere(args: readonly string[]): Promise<Said> {
  keepToOwner();
  const texts = { out: '', err: '' };
  const ports = openPorts(systemRandom);
  const context = terminalContext({
    streams: {
      answer: (line) => {
        texts.out += `${printable(line)}\n`;
      },
      say: (line) => {
        texts.err += `${printable(line)}\n`;
      },
      live: false,
      columns: 120,
      redraw: () => undefined,
    },
    host: {},
    openPort: ports.open,
    askSecret: () => Promise.reject(new Error('nobody sits here')),
    openInBrowser: () => false,
    onInterrupt: () => () => undefined,
    leave: () => undefined,
  });
  const status = await runCommand(args, context);
  await ports.close();
  return { status, signal: null, ...texts };
}

/** A folder that goes with the test. */
export function testFolder(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-terminal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Data of a station for development, which asks nobody before boards that are not virtual. */
export function developmentData(folder: string): string {
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'station.yaml'), 'fuseline: 1\nstation: fuseline\ndevelopment: true\n');
  return data;
}

/** Every line of stdout as the JSON object that --json promises. */
export function objects(said: Pick<Said, 'out'>): Record<string, unknown>[] {
  return said.out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const value = JSON.parse(line);
      assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), line);
      return value;
    });
}

/** A virtual chip in a process of its own, until the test is over or `stop` is called. */
export async function chipProcess(
  t: { after(work: () => Promise<void>): void },
  chip: string,
  listen: string,
  state?: string,
): Promise<{ readonly address: string; readonly child: ChildProcess; stop(): Promise<Said> }> {
  const running = start([
    'virtual-chip',
    '--json',
    '--chip',
    chip,
    '--listen',
    listen,
    ...(state ? ['--state', state] : []),
  ]);
  const stop = () => {
    running.child.kill('SIGINT');
    return running.ended;
  };
  t.after(async () => void (await stop()));
  const line = await running.line((text) => text.startsWith('{'));
  return { address: JSON.parse(line).address, child: running.child, stop };
}
