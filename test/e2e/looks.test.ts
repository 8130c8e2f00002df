import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { benchWithPlant } from './plant.ts';
import { type Bench, inEverySeat, type Seat, shoot, signIn, tile } from './seat.ts';
import { ended, fillLine, views } from './views.ts';

// Every screen in light and dark: no accessibility fault, and a picture to look at in test-results/. A screen is reached once and looked at
// in both: what is no matter of colour is the same in the dark.

const ofColour = ['color-contrast', 'link-in-text-block'];

/** `rules`: those alone; null for all. */
async function judge(seat: Seat, name: string, rules: readonly string[] | null = null): Promise<void> {
  await shoot(seat, name);
  const { page } = seat;
  // the page's document stays, and axe in it; a page of its own for the sum of several frames would be opened for each look
  const isThere = await page.evaluate('typeof axe === "object"');
  const axe = new AxeBuilder({ page, ...(isThere === true && { axeSource: 'null' }) }).setLegacyMode();
  axe.options({ resultTypes: ['violations'] });
  if (rules !== null) axe.withRules([...rules]);
  const { violations } = await axe.analyze();
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `    ${node.html.slice(0, 160)}\n    ${node.failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(found, [], name);
}

async function turn({ page }: Seat, scheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor();
}

/** In light by all rules, then in dark by those of colour. */
async function judgeBoth(seat: Seat, name: string): Promise<void> {
  await judge(seat, `light-${name}`);
  await turn(seat, 'dark');
  try {
    await judge(seat, `dark-${name}`, ofColour);
  } finally {
    await turn(seat, 'light');
  }
}

inEverySeat('looks', (openBench) => {
  let bench: Bench;
  let close = async () => {};
  let mac = '';
  before(async () => {
    ({ bench, close } = await benchWithPlant(openBench, {
      fixtures: 8,
      pacing: 'none',
      changerTimes: { leavesMs: 1500, emptyMs: 200 },
    }));
    mac = await fillLine(bench);
  });
  after(() => close());

  describe('in light and dark', () => {
    let seat: Seat;
    before(async () => {
      seat = await bench.window();
      seat.page.setDefaultTimeout(10_000);
    });
    after(() => seat.close());

    it('nobody signed in', () => judgeBoth(seat, 'nobody'));

    it('sign-in', async () => {
      await seat.page.keyboard.press('F3');
      await seat.page.getByRole('dialog').waitFor();
      try {
        await judgeBoth(seat, 'sign-in');
      } finally {
        await signIn(seat.page, 'eng-2');
      }
    });

    for (const view of views)
      it(view.name, async () => {
        try {
          await view.reach(seat.page, mac);
          await judgeBoth(seat, view.name);
        } finally {
          await seat.page.keyboard.press('Escape');
        }
      });

    it('draws nothing that its policy forbids', () => assert.deepEqual(seat.complaints, []));
  });

  it('a line at work, on a touch panel and at 4K', async () => {
    const { answers } = bench;
    await answers['line.start'](
      { recipe: 'esp32p4-production', order: 'PO-2026-1178', count: null, targetPerHour: 900 },
      'eng-2',
    );
    for (const [name, width, height] of [
      ['running', 1280, 800],
      ['running-4k', 3840, 2160],
    ] as const) {
      const seat = await bench.window({ width, height });
      await signIn(seat.page, 'eng-2');
      await tile(seat.page, 'nest-1', 'Working').waitFor();
      await seat.page.locator('.strip canvas').nth(1).waitFor();
      await (name === 'running' ? judgeBoth(seat, name) : judge(seat, name));
      await seat.close();
    }
    await answers['line.stop']({}, 'eng-2');
    await ended(bench);
  });

  it('the first start', async () => {
    const empty = await openBench({ empty: true, fixtures: 2, pacing: 'none' });
    try {
      const seat = await empty.window();
      await seat.page.getByRole('heading', { name: 'Who keeps this station?' }).waitFor();
      await judgeBoth(seat, 'first-start');
      await seat.close();
    } finally {
      await empty.close();
    }
  });
});
