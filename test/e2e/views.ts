// Every screen of the window, how to come to it, and a line that has something to show.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { english } from '../../main/words/told.ts';
import { replaceInText } from './bench.ts';
import { type Bench, goTo } from './seat.ts';

type Words = typeof english.page;

/** How to come to a screen that is already signed in, and what must be there before it is looked at. */
export interface View {
  readonly name: string;
  reach(page: Page, mac: string, words?: Words): Promise<void>;
}

export const views: readonly View[] = [
  {
    name: 'line',
    async reach(page) {
      await goTo(page, 'line');
      await page.locator('.tile').first().waitFor();
      // a small window has no room for it
      if (await page.locator('.strip').isVisible()) await page.locator('.strip canvas').nth(1).waitFor();
    },
  },
  {
    name: 'fixture',
    async reach(page, _, words = english.page) {
      await goTo(page, 'line');
      await page.locator('.tile').first().waitFor();
      // one that did not pass says most; a line that was stopped at once has none
      const told = page.locator('.tile[data-tone="fail"], .tile[data-tone="warn"]');
      const isThere = (await told.count()) > 0;
      await (isThere ? told : page.locator('.tile')).first().click();
      await page.getByRole('dialog').waitFor();
      if (isThere) await page.getByText(words.detail.safe).waitFor();
    },
  },
  {
    name: 'start-batch',
    async reach(page) {
      await goTo(page, 'line');
      await page.keyboard.press('F2');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'help',
    async reach(page) {
      await page.keyboard.press('F1');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'throughput',
    async reach(page) {
      await goTo(page, 'throughput');
      await page.locator('canvas').nth(1).waitFor();
    },
  },
  {
    name: 'groups',
    async reach(page) {
      await goTo(page, 'throughput/groups');
      await page.getByRole('row', { name: /esp32p4-production/ }).waitFor();
    },
  },
  {
    name: 'shift',
    async reach(page, _, words = english.page) {
      await goTo(page, 'throughput/shift');
      const [before] = words.shift.sheet.title({ shift: '#' }).split('#');
      await page.getByRole('heading', { name: new RegExp(`^${before}\\d`) }).waitFor();
    },
  },
  {
    // with the stations of a plant where the bench shows one
    name: 'plant',
    async reach(page) {
      await goTo(page, 'throughput/plant');
      await page.locator('.plant-stations tbody tr, .plant-screen .page-note').first().waitFor();
    },
  },
  {
    name: 'devices',
    async reach(page) {
      await goTo(page, 'devices');
      await page.locator('.vtable-row').first().waitFor();
    },
  },
  {
    name: 'device',
    async reach(page, mac) {
      await goTo(page, `devices/${mac}`);
      await page.getByText('BEGIN CERTIFICATE').waitFor();
    },
  },
  {
    name: 'device-efuses',
    async reach(page, mac, words = english.page) {
      await goTo(page, `devices/${mac}`);
      await page.getByRole('tab', { name: words.devices.efuses }).click();
      await page.getByRole('row').nth(3).waitFor();
    },
  },
  {
    name: 'device-assurance',
    async reach(page, mac, words = english.page) {
      await goTo(page, `devices/${mac}`);
      await page.getByRole('tab', { name: words.assurance.title }).click();
      await page.getByRole('row').nth(3).waitFor();
    },
  },
  {
    name: 'device-history',
    async reach(page, mac, words = english.page) {
      await goTo(page, `devices/${mac}`);
      await page.getByRole('tab', { name: new RegExp(words.devices.history) }).click();
      await page.locator('.events li').first().waitFor();
    },
  },
  {
    name: 'batches',
    async reach(page) {
      await goTo(page, 'batches');
      await page.getByRole('link', { name: 'PO-2026-1176' }).waitFor();
    },
  },
  {
    name: 'batch',
    async reach(page) {
      await goTo(page, 'batches');
      await page.getByRole('link', { name: 'PO-2026-1177' }).click();
      await page.locator('.causes li').first().waitFor();
    },
  },
  {
    name: 'runs',
    async reach(page) {
      await goTo(page, 'runs');
      await page.locator('.vtable-row').first().waitFor();
    },
  },
  {
    name: 'run',
    async reach(page) {
      await goTo(page, 'runs');
      await page.locator('.vtable-row').first().click();
      await page.locator('.events li').first().waitFor();
    },
  },
  {
    name: 'compare',
    async reach(page, mac, words = english.page) {
      await goTo(page, `compare/${mac}+${mac}`);
      await page.getByRole('heading', { name: words.records.compare.kinds.differs({ count: 0 }) }).waitFor();
    },
  },
  {
    name: 'recipes',
    async reach(page, _, words = english.page) {
      await goTo(page, 'recipes/esp32p4-production');
      await page.getByText(new RegExp(`${words.recipes.findings} \\(\\d+\\)`)).waitFor();
      await page.getByRole('tab', { name: words.recipes.slots }).click();
      await page.locator('.blocks li').first().waitFor();
    },
  },
  {
    name: 'recipes-assurance',
    async reach(page, _, words = english.page) {
      await goTo(page, 'recipes/esp32p4-production');
      await page.getByRole('tab', { name: words.assurance.title }).click();
      await page.locator('table.assurance').waitFor();
    },
  },
  {
    name: 'recipes-fault',
    async reach(page) {
      await goTo(page, 'recipes/esp32s3-production');
      await replaceInText(page, 'download_mode: disabled', 'download_mode: open');
      await page.getByText('In a production recipe download mode stays open.').first().waitFor();
    },
  },
  ...(['fixtures', 'hsm', 'people', 'printer', 'about'] as const).map((tab) => ({
    name: `station-${english.page.station[tab].toLowerCase().replace(' ', '-')}`,
    async reach(page: Page, _: string, words: Words = english.page) {
      await goTo(page, 'station');
      await page.getByRole('tab', { name: words.station[tab] }).click();
      await page.locator('.record').waitFor();
    },
  })),
];

/** Boards that passed, and one that was refused; gives the MAC of a sealed one. */
export async function fillLine(bench: Bench): Promise<string> {
  const { answers } = bench;
  await runBatch(bench, 'esp32p4-production', 12);
  const { fixtures } = await answers['line.snapshot']({}, 'eng-2');
  const mac = fixtures.find((fixture) => fixture.verdict?.outcome === 'passed')!.mac!;
  // one place holds a board that the recipe refuses, for the look of a fault
  await answers['line.start'](
    { recipe: 'esp32c3-production', order: 'PO-2026-1177', count: 1, targetPerHour: 900 },
    'eng-2',
  );
  while (!(await objected(bench))) await new Promise((resolve) => setTimeout(resolve, 20));
  await answers['line.stop']({}, 'eng-2');
  await ended(bench);
  assert.ok(await objected(bench));
  return mac;
}

/** Whether some board was refused by a rule, or failed: a sealed one that is still in says no more than that its door is shut. */
async function objected(bench: Bench): Promise<boolean> {
  return (await outcomes(bench)).some((outcome) => outcome === 'failed' || outcome === 'refused');
}

async function runBatch(bench: Bench, recipe: string, count: number): Promise<void> {
  await bench.answers['line.start']({ recipe, order: 'PO-2026-1176', count, targetPerHour: 900 }, 'eng-2');
  await ended(bench);
}

/** Verdicts that the tiles show. */
async function outcomes(bench: Bench) {
  const { fixtures } = await bench.answers['line.snapshot']({}, 'eng-2');
  return fixtures.map(({ verdict }) => verdict?.outcome);
}

export async function ended(bench: Bench): Promise<void> {
  while ((await bench.answers['line.snapshot']({}, 'eng-2')).batch?.endedAt === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
