// The real Electron program: its window, its main process, the same page. Where no Electron can be had, that is said.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import type { SecretBytes } from '../../main/base/secret.ts';
import type { keptPin } from '../../main/ipc/electron/pin-keeper.ts';
import { withoutTypes } from '../../main/start/build.ts';
import type { OpenedDesk } from '../../main/start/open-desk.ts';
import { programFolder } from '../../main/start/real-parts.ts';
import { displayForTests } from '../tools/display.ts';
import { electronForTests, homeIn, type TestElectron } from '../tools/electron-program.ts';
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
import { freshBuild } from './build.ts';

const display = await displayForTests();
const electron: TestElectron | { readonly missing: string } =
  'missing' in display ? { missing: display.missing ?? '' } : await electronForTests(display);

/** Why the window cannot be had here; false where it can. */
export const noElectron: string | false = 'missing' in electron ? electron.missing : false;

/** A program that does not end by itself (it may ask whether it shall) is ended after that. */
const endMs = 20_000;

/** What `electron-main.ts` leaves for us in the main process. */
declare global {
  var fuselineParts: { readonly keptPin: typeof keptPin; readonly SecretBytes: typeof SecretBytes };
  /** Questions to the station by their number. */
  var fuselineAsked: Promise<unknown>[] | undefined;
  /** How the newest file came to be saved; null while the page has not begun. */
  var fuselineSaved: Promise<string> | null;
  var fuselineBench: Promise<OpenedDesk>;
}

export interface ElectronBench extends Bench {
  readonly app: ElectronApplication;
  /** How the program was started, for those who start it once more. */
  readonly started: {
    readonly program: string;
    readonly words: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
}

export async function openElectronBench(options: BenchOptions = {}): Promise<ElectronBench> {
  const { program, user, isOlder } = electron as TestElectron;
  process.umask(0o022); // the station of a seat before this one may have closed it
  await freshBuild({ main: isOlder ? 'older' : 'pinned' });
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-e2e-'));
  const { empty, ...demonstration } = options;
  // Beside dist/main, which it starts; of this process alone.
  const main = join(programFolder, 'dist', `e2e-${process.pid}.mjs`);
  const source = readFileSync(join(import.meta.dirname, 'electron-main.ts'), 'utf8');
  writeFileSync(main, withoutTypes(source).replaceAll('../../main/', './main/'));
  if (user !== null) {
    chownSync(folder, user.uid, user.gid);
    spawnSync('chmod', ['-R', 'a+rX', join(programFolder, 'dist')]);
  }
  const bench = { folder, demonstration, ...(isOlder ? { ledgerNode: process.execPath } : {}) };
  const words = [main, `--bench=${JSON.stringify(bench)}`];
  const home = homeIn(join(folder, 'home'), user);
  const env = { ...process.env, ...display, ...home, LANG: 'en_GB.UTF-8' } as Record<string, string>;
  const app = await _electron.launch({ executablePath: program, args: words, chromiumSandbox: true, env });
  const ours = app.process();
  let questions = 0;
  const answers = new Proxy({} as Bench['answers'], {
    get: (_, name: keyof Bench['answers']) => (input: unknown, by: string) =>
      inMain(
        app,
        (__, asked) => {
          globalThis.fuselineAsked ??= [];
          globalThis.fuselineAsked[asked.id] ??= globalThis.fuselineBench.then(({ desk }) => {
            const answer = desk.answers[asked.name] as (input: unknown, by: string) => unknown;
            return answer(asked.input, asked.by);
          });
          return globalThis.fuselineAsked[asked.id];
        },
        { id: questions++, name, input, by },
      ),
  });
  if (!empty) for (const person of people) await answers['operators.save'](person, 'test');
  return {
    app,
    folder,
    started: { program, words, env },
    answers,
    takeAway: null,
    window: (how) => takeWindow(app, folder, how ?? {}),
    async close() {
      const late = setTimeout(() => ours.kill('SIGKILL'), endMs);
      await app.close();
      clearTimeout(late);
      rmSync(main, { force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Runs a function in the main process. It may run twice: V8's inspector loses an answer now and then ("garbage collected"), and it is
 * asked again.
 */
export async function inMain<Result, Argument = null>(
  app: ElectronApplication,
  what: (electron: typeof import('electron'), argument: Argument) => Result | Promise<Result>,
  argument: Argument = null as Argument,
): Promise<Result> {
  for (;;)
    try {
      return (await app.evaluate(what as never, argument as never)) as Result;
    } catch (error) {
      if (!String(error).includes('garbage collected')) throw error;
    }
}

/** There is one window: whoever takes it finds it as if it had been opened anew, with nobody signed in. */
async function takeWindow(app: ElectronApplication, folder: string, options: WindowOptions): Promise<Seat> {
  const { scheme = 'light', width = 1280, height = 800 } = options;
  const page = await app.firstWindow();
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
