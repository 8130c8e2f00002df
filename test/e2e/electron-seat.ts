// The real Electron program: its window, its main process, the same page. Where no Electron can be had, that is said.
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
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

/** What `electron-main.ts` leaves for us in the main process. */
declare global {
  var fuselineBench: Promise<OpenedDesk>;
}

export type ElectronBench = Bench & { readonly app: ElectronApplication; readonly folder: string };

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
  const app = await _electron.launch({
    executablePath: program,
    args: [main, `--bench=${JSON.stringify(bench)}`],
    chromiumSandbox: true,
    env: { ...process.env, ...display, ...homeIn(join(folder, 'home'), user), LANG: 'en_GB.UTF-8' } as Record<
      string,
      string
    >,
  });
  const answers = new Proxy({} as Bench['answers'], {
    get: (_, name: keyof Bench['answers']) => (input: unknown, by: string) =>
      app.evaluate(
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
    answers,
    takeAway: null,
    window: (how) => takeWindow(app, how ?? {}),
    async close() {
      await app.close();
      rmSync(main, { force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** There is one window: whoever takes it finds it as if it had been opened anew, with nobody signed in. */
async function takeWindow(app: ElectronApplication, options: WindowOptions): Promise<Seat> {
  const { scheme = 'light', width = 1280, height = 800 } = options;
  const page = await app.firstWindow();
  page.setDefaultTimeout(waitMs);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await app.evaluate(
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
    isOnlyPage: true,
    async close() {
      stop();
    },
  };
}
