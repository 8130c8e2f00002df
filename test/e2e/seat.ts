// Where the person of a test sits: in a browser at the loopback server, and in the window of Electron where its program can be had. The
// same page, the same specs.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { electronProgram } from '../../main/start/electron-program.ts';
import { type Bench, type BenchOptions, people, type Seat } from './bench.ts';
import { noBrowser, openBrowserBench } from './browser-seat.ts';

export type { Bench, Seat };
export { people };

/**
 * Electron's own program runs everything; the one that tests fetch (test/tools/electron-program.ts) only where that is asked for, since
 * the same page does the same in a browser. window.test.ts, which asks what only Electron has, always runs.
 */
const isElectronWanted = electronProgram() !== null || process.env.FUSELINE_WINDOW === 'all';
const { noElectron, openElectronBench } = isElectronWanted
  ? await import('./electron-seat.ts')
  : { noElectron: 'FUSELINE_WINDOW=all runs every screen in Electron too', openElectronBench: openBrowserBench };

type OpenBench = (options?: BenchOptions) => Promise<Bench>;

/** Runs a suite in every seat; where one cannot be had its reason is told. */
export function inEverySeat(name: string, suite: (openBench: OpenBench) => void): void {
  describe(`${name}, in a browser`, { skip: noBrowser }, () => suite(openBrowserBench));
  describe(`${name}, in Electron`, { skip: noElectron }, () => suite(openElectronBench));
}

/** Waits until the bar names this person. */
export function sitsHere(page: Page, name: string): Promise<void> {
  return page.locator('.person', { hasText: name }).waitFor();
}

/** Signs in by the badge; whoever is not one of the bench's usual people is named with it. */
export async function signIn(page: Page, id: string, other?: { name: string; badge: string }): Promise<void> {
  const person = other ?? people.find((one) => one.id === id)!;
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

export async function shoot({ page, pictures }: Seat, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
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
