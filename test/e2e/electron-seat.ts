// The desktop program as it is packed, with the fuses that it is shipped with: its window, its main process, the same page. No debugger
// gets into its main process, so the test asks that over a line of its own (bench-line.ts), and sits at the page by Chromium's port for
// debuggers, which the shipped front door refuses (main/start/window-words.ts). Where it cannot be packed, that is said.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { SecretBytes } from '../../main/base/secret.ts';
import type { keptPin } from '../../main/ipc/electron/pin-keeper.ts';
import type { OpenedDesk } from '../../main/start/open-desk.ts';
import { displayForTests } from '../tools/display.ts';
import { electronForTests, homeIn } from '../tools/electron-program.ts';
import { type PackedProgram, packedProgram } from '../tools/packed-program.ts';
import {
  type Bench,
  type BenchOptions,
  hearComplaints,
  people,
  resultsFolder,
  type Seat,
  type WindowOptions,
  waitMs,
} from './bench.ts';

const display = await displayForTests();
const electron = 'missing' in display ? { missing: display.missing ?? '' } : await electronForTests(display);
const packed = 'missing' in electron ? electron : await packedProgram(electron);

/** Why the window cannot be had here; false where it can. */
export const noElectron: string | false = 'missing' in packed ? packed.missing : false;

/** The program that is tried. */
export const thePackedProgram = packed as PackedProgram;

/** A program that does not end by itself (it may ask whether it shall) is ended after that. */
const endMs = 20_000;

/** What `electron-main.ts` leaves for us in the main process. */
declare global {
  var fuselineParts: { readonly keptPin: typeof keptPin; readonly SecretBytes: typeof SecretBytes };
  /** How the newest file came to be saved; null while the page has not begun. */
  var fuselineSaved: Promise<string> | null;
  var fuselineBench: Promise<OpenedDesk>;
}

/** The main process of a packed program that hears questions. */
export interface ElectronProgram {
  readonly process: ChildProcess;
  /** Runs a function there, with what can be written as JSON. */
  ask(code: string, argument: unknown): Promise<unknown>;
}

export interface ElectronBench extends Bench {
  readonly app: ElectronProgram;
  /** How the program was started, for those who start it once more. */
  readonly started: {
    readonly program: string;
    readonly words: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
}

/** The environment of one life of the program, with a home in this folder, which becomes its user's. */
export function environmentIn(folder: string): Record<string, string> {
  const { user, environment } = thePackedProgram;
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const home = homeIn(join(folder, 'home'), user);
  return { ...process.env, ...display, ...home, ...environment, LANG: 'en_GB.UTF-8' } as Record<string, string>;
}

export async function openElectronBench(
  options: BenchOptions & { readonly isKiosk?: boolean } = {},
): Promise<ElectronBench> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-e2e-'));
  const { empty, isKiosk = false, stationFile: _, ...demonstration } = options;
  const env = environmentIn(folder);
  const bench = `--bench=${JSON.stringify({ folder, demonstration, isKiosk })}`;
  const [program, words] = thePackedProgram.start(thePackedProgram.benchFolder, [bench]);
  const ours = spawn(program, [...words, '--remote-debugging-port=0'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => void ours.kill('SIGKILL');
  process.on('exit', end);
  ours.once('exit', () => process.off('exit', end));
  const browser = await chromium.connectOverCDP(await debuggerOf(ours), { noDefaults: true });
  const app = { process: ours, ask: await askerAt(join(folder, 'bench.socket'), ours) };
  const answers = new Proxy({} as Bench['answers'], {
    get: (_, name: keyof Bench['answers']) => (input: unknown, by: string) =>
      inMain(
        app,
        async (__, asked) => {
          const { desk } = await globalThis.fuselineBench;
          const answer = desk.answers[asked.name] as (input: unknown, by: string) => unknown;
          return answer(asked.input, asked.by);
        },
        { name, input, by },
      ),
  });
  if (!empty) for (const person of people) await answers['operators.save'](person, 'test');
  return {
    app,
    folder,
    started: { program, words, env },
    answers,
    takeAway: null,
    window: async (how) => takeWindow(app, await windowOf(browser), folder, how ?? {}),
    async close() {
      const late = setTimeout(end, endMs);
      if (ours.exitCode === null && ours.signalCode === null) {
        const gone = new Promise((resolve) => ours.once('exit', resolve));
        await inMain(app, ({ app: it }) => setImmediate(() => it.quit()) && null).catch(() => undefined);
        await gone;
      }
      clearTimeout(late);
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where the debuggers of a page may come in, as Chromium tells it. What the program says goes on being read. */
function debuggerOf(program: ChildProcess): Promise<string> {
  let told = '';
  return new Promise((resolve, reject) => {
    program.stderr!.setEncoding('utf8').on('data', (text) => {
      told += text;
      const [, address] = /DevTools listening on (ws:\S+)/.exec(told) ?? [];
      if (address !== undefined) resolve(address);
    });
    program.once('exit', () => reject(new Error(`The program ended before its page could be reached:\n${told}`)));
  });
}

/** The line to the main process; its socket is there when the station is open. */
async function askerAt(socket: string, program: ChildProcess): Promise<ElectronProgram['ask']> {
  const line = await connected(socket, program);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let open = '';
  line.setEncoding('utf8').on('data', (text) => {
    const lines = (open + text).split('\n');
    open = lines.pop()!;
    for (const one of lines) {
      const { id, value, error, code } = JSON.parse(one);
      if (error === undefined) waiting.get(id)?.resolve(value);
      else waiting.get(id)?.reject(Object.assign(new Error(error), { code }));
      waiting.delete(id);
    }
  });
  line.on('error', () => undefined);
  line.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The program has ended.'));
  });
  let asked = 0;
  return (code, argument) =>
    new Promise((resolve, reject) => {
      const id = asked++;
      if (line.destroyed) reject(new Error('The program has ended.'));
      waiting.set(id, { resolve, reject });
      line.write(`${JSON.stringify({ id, code, argument })}\n`);
    });
}

async function connected(socket: string, program: ChildProcess): Promise<Socket> {
  for (const until = Date.now() + waitMs; Date.now() < until && program.exitCode === null; ) {
    const line = createConnection(socket);
    const isOpen = await new Promise<boolean>((resolve) => {
      line.once('connect', () => resolve(true));
      line.once('error', () => resolve(false));
    });
    if (isOpen) return line;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The program ${program.exitCode === null ? 'opens no station' : `ended (${program.exitCode})`}.`);
}

async function windowOf(browser: Browser): Promise<Page> {
  const [context] = browser.contexts();
  return context!.pages().find((page) => page.url().startsWith('app://')) ?? context!.waitForEvent('page');
}

/** Runs a function in the main process. */
export async function inMain<Result, Argument = null>(
  app: ElectronProgram,
  what: (electron: typeof import('electron'), argument: Argument) => Result | Promise<Result>,
  argument: Argument = null as Argument,
): Promise<Result> {
  return (await app.ask(String(what), argument)) as Result;
}

/** There is one window: whoever takes it finds it as if it had been opened anew, with nobody signed in. */
async function takeWindow(app: ElectronProgram, page: Page, folder: string, options: WindowOptions): Promise<Seat> {
  const { scheme = 'light', width = 1280, height = 800 } = options;
  page.setDefaultTimeout(waitMs);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await inMain(
    app,
    ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
    { width, height },
  );
  await page.evaluate(`(async () => {
    await fuseline.call('session.logout', {});
    localStorage.clear();
    location.hash = '#/';
  })()`);
  const { complaints, stop } = hearComplaints(page);
  await page.reload();
  await page.locator('.tile, .first, .empty').first().waitFor();
  return {
    page,
    complaints,
    pictures: join(resultsFolder, 'electron'),
    async saved(act) {
      // in the place of the dialog that asks a person where
      const place = join(folder, `saved-${Date.now()}`);
      await inMain(
        app,
        ({ session }, file) => {
          session.defaultSession.once('will-download', (_, item) => {
            item.setSavePath(file);
            globalThis.fuselineSaved = new Promise((resolve) => item.once('done', (__, state) => resolve(state)));
          });
          globalThis.fuselineSaved = null;
        },
        place,
      );
      await act();
      let state: string | null = null;
      while (state === null) state = await inMain(app, () => globalThis.fuselineSaved);
      assert.equal(state, 'completed');
      return readFileSync(place);
    },
    isOnlyPage: true,
    async close() {
      stop();
    },
  };
}
