// A real station with virtual fixtures behind its real loopback server, and a browser that sits at it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { isInPath } from '../../main/boot/system.mjs';
import { buildPage, isPageStale } from '../../main/build.ts';
import type { Role } from '../../main/contract/contract.ts';
import { type Demonstration, type OpenedDesk, openDesk } from '../../main/desktop.ts';
import { type Loopback, startLoopback } from '../../main/ipc/loopback.ts';
import { pageFolder } from '../../main/parts.ts';

const root = join(import.meta.dirname, '..', '..');
/** Where screenshots go; not part of the project. */
export const resultsFolder = join(root, 'test-results');

/** Why no browser can be had here, for node:test's `skip`; false where one can. */
export const noBrowser: string | false = isInPath('chromium') ? false : 'no chromium';

/** Longest wait for anything on the page, in ms: the machine may be busy with other tests. */
const waitMs = 60_000;

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

/** The people of the station under test, its custodian first. Their PINs open nothing else. */
export const people: readonly { id: string; name: string; roles: Role[]; pin: string; badge: string }[] = [
  { id: 'cus-3', name: 'Custodian 3', roles: ['custodian', 'qa'], pin: '3333', badge: 'BADGE-CUS-0003' },
  { id: 'op-1', name: 'Operator 1', roles: ['operator'], pin: '1111', badge: 'BADGE-OP-0001' },
  { id: 'eng-2', name: 'Engineer 2', roles: ['engineer'], pin: '2222', badge: 'BADGE-ENG-0002' },
];

export interface Bench {
  readonly opened: OpenedDesk;
  readonly loopback: Loopback;
  readonly browser: Browser;
  /** A window of its own, light or dark, at the size of a touch panel. */
  window(options?: WindowOptions): Promise<Seat>;
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

export interface Seat {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page and of its policy, as they come. */
  readonly complaints: string[];
}

/** Longest wait for another test file that builds the page, in ms. */
const buildMs = 60_000;

/** Builds the page where it is stale. Test files run side by side: one builds, the others wait for it. */
async function freshPage(): Promise<void> {
  const lock = join(root, 'dist', '.page-being-built');
  mkdirSync(dirname(lock), { recursive: true });
  const until = Date.now() + buildMs;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (Date.now() > until) rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    if (isPageStale()) await buildPage();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A station in a folder of its own. Without `empty` its people are there, and the example recipe is approved. */
export async function openBench(options: Demonstration & { readonly empty?: boolean } = {}): Promise<Bench> {
  await freshPage();
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-e2e-'));
  const { empty, ...demonstration } = options;
  const opened = await openDesk({ data: folder }, { demonstration });
  if (!empty) for (const person of people) await opened.desk.answers['operators.save'](person, 'test');
  const loopback = await startLoopback({
    desk: opened.desk,
    clock: systemClock,
    random: systemRandom,
    page: pageFolder,
    port: 0,
  });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: browserWords });
  return {
    opened,
    loopback,
    browser,
    window: (how) => openWindow(browser, loopback, how ?? {}),
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
  const page = await context.newPage();
  page.setDefaultTimeout(waitMs);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy'))
      complaints.push(message.text());
  });
  await page.goto(loopback.link());
  await page.locator('.tile, .first, .empty').first().waitFor();
  return { page, context, complaints };
}

/** Waits until the bar names this person. */
export function sitsHere(page: Page, name: string): Promise<void> {
  return page.locator('.person', { hasText: name }).waitFor();
}

/** Signs in by the badge. */
export async function signIn(page: Page, id: string): Promise<void> {
  const person = people.find((one) => one.id === id)!;
  // on a busy machine the keys of one scan can come as slowly as a person's; a person scans again, too
  for (let tries = 0; tries < 3; tries++) {
    await scan(page, person.badge);
    const seen = await page
      .locator('.person', { hasText: person.name })
      .waitFor({ timeout: 5000 })
      .then(
        () => true,
        () => false,
      );
    if (seen) return;
  }
  await sitsHere(page, person.name);
}

/** What a keyboard-wedge scanner does: real key events one after the other, without waiting for the page, then Enter. */
export async function scan(page: Page, text: string): Promise<void> {
  const keyboard = await page.context().newCDPSession(page);
  const press = (type: 'keyDown' | 'keyUp', key: string, written: string) =>
    keyboard.send('Input.dispatchKeyEvent', {
      type,
      key,
      text: type === 'keyDown' ? written : '',
      ...(key === 'Enter' && { code: 'Enter', windowsVirtualKeyCode: 13 }),
    });
  const presses = [...text].flatMap((key) => [press('keyDown', key, key), press('keyUp', key, key)]);
  await Promise.all([...presses, press('keyDown', 'Enter', '\r'), press('keyUp', 'Enter', '\r')]);
  await keyboard.detach();
}

export async function goTo(page: Page, screen: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${screen}`)}`);
}

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(resultsFolder, { recursive: true });
  await page.screenshot({ path: join(resultsFolder, `${name}.png`) });
}

/** Starts a batch in the window that is signed in, by its dialog. */
export async function startBatch(
  page: Page,
  options: { recipe?: string; order?: string; count?: number; mode?: string } = {},
) {
  await page.keyboard.press('F2');
  const dialog = page.getByRole('dialog', { name: 'Start a batch' });
  await dialog.waitFor();
  if (options.recipe !== undefined) await choose(page, 'Recipe', options.recipe);
  if (options.mode !== undefined) await choose(page, 'A board starts', options.mode);
  if (options.order !== undefined) await dialog.getByRole('textbox', { name: /Order number/ }).fill(options.order);
  if (options.count !== undefined) await dialog.getByLabel(/How many boards/).fill(String(options.count));
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Chooses from a list by touch. */
export async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field }).click();
  await page.getByRole('option', { name: option }).first().click();
}

/** Waits for the tile of this fixture to show this word. */
export function tile(page: Page, fixture: string, word: string) {
  return page.locator(`.tile[data-fixture="${fixture}"]`, { hasText: word });
}

// Code for the page stands as text where it speaks of the page's own objects: this program knows none of them.
const focusedName = `(() => {
  const element = document.activeElement;
  return element?.ariaLabel ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? '';
})()`;

/** Tabs on until the element has the focus, as a person without a mouse does. */
export async function tabTo(page: Page, name: string, most = 40): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    const here = String(await page.evaluate(focusedName));
    if (here.startsWith(name)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The tabulator key does not lead to ${name}`);
}
