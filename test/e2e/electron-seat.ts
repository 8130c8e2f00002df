// The real Electron program: its window, its main process, the same page. Where its binary cannot be had, that is said.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import { withoutTypes } from '../../main/start/build.ts';
import { electronProgram, hasDisplay } from '../../main/start/electron-program.ts';
import type { OpenedDesk } from '../../main/start/open-desk.ts';
import { programFolder } from '../../main/start/real-parts.ts';
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

/** Why the window cannot be had here; false where it can. */
export const noElectron: string | false =
  electronProgram() === null ? 'no Electron binary' : hasDisplay() ? false : 'no display for Electron';

/** What `electron-main.ts` leaves for us in the main process. */
declare global {
  var fuselineBench: Promise<OpenedDesk>;
}

export async function openElectronBench(options: BenchOptions = {}): Promise<Bench> {
  await freshBuild({ main: true });
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-e2e-'));
  const { empty, ...demonstration } = options;
  // Beside dist/main, which it starts; of this process alone.
  const main = join(programFolder, 'dist', `e2e-${process.pid}.mjs`);
  const source = readFileSync(join(import.meta.dirname, 'electron-main.ts'), 'utf8');
  writeFileSync(main, withoutTypes(source).replaceAll('../../main/', './main/'));
  const app = await _electron.launch({
    executablePath: electronProgram()!,
    // Chromium's sandbox cannot be had by root.
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      main,
      `--bench=${JSON.stringify({ folder, demonstration })}`,
    ],
    env: { ...process.env, LANG: 'en_GB.UTF-8' } as Record<string, string>,
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
