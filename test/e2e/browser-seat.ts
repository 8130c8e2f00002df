// A real station behind its real loopback server, and a browser that sits at it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { isInPath } from '../../main/boot/system.mjs';
import { type Loopback, startLoopback } from '../../main/ipc/loopback.ts';
import { Seats } from '../../main/ipc/seats.ts';
import { openDesk } from '../../main/start/open-desk.ts';
import { pageFolder } from '../../main/start/program-folder.ts';
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

/** Why no browser can be had here; false where one can. */
export const noBrowser: string | false = isInPath('chromium') ? false : 'no chromium';

const browserWords = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowserBench(options: BenchOptions = {}): Promise<Bench> {
  await freshBuild({ main: 'none' });
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-e2e-'));
  const { empty, stationFile, ...demonstration } = options;
  if (stationFile !== undefined) writeFileSync(join(folder, 'station.yaml'), stationFile);
  const opened = await openDesk({ data: folder }, { demonstration });
  const { answers } = opened.desk;
  if (!empty) for (const person of people) await answers['operators.save'](person, 'test');
  const serve = (port: number) =>
    startLoopback({
      desk: opened.desk,
      clock: systemClock,
      random: systemRandom,
      page: pageFolder,
      port,
      seats: new Seats(join(folder, 'seats.json'), { clock: systemClock, random: systemRandom }),
    });
  let loopback = await serve(0);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: browserWords });
  return {
    folder,
    answers,
    window: (how) => openWindow(browser, loopback, how ?? {}),
    async takeAway() {
      const port = Number(new URL(loopback.origin).port);
      await loopback.close();
      return async () => {
        loopback = await serve(port);
      };
    },
    async close() {
      await browser.close();
      await loopback.close();
      await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openWindow(browser: Browser, loopback: Loopback, options: WindowOptions): Promise<Seat> {
  const { scheme = 'light', width = 1280, height = 800 } = options;
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height },
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  if (options.language !== undefined)
    await context.addInitScript(
      `localStorage.setItem('fuseline.preferences', '${JSON.stringify({ language: options.language })}')`,
    );
  const page = await context.newPage();
  page.setDefaultTimeout(waitMs);
  const { complaints } = hearComplaints(page);
  await page.goto(loopback.link());
  await page.locator('.tile, .first, .empty').first().waitFor();
  return {
    page,
    complaints,
    pictures: resultsFolder,
    async saved(act) {
      const [file] = await Promise.all([page.waitForEvent('download'), act()]);
      return readFileSync(await file.path());
    },
    isOnlyPage: false,
    close: () => context.close(),
  };
}
