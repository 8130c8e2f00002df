import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { replaceInText } from './bench.ts';
import { type Bench, goTo, inEverySeat, type Seat, shoot, signIn, tile } from './seat.ts';

// Every screen in light and dark: no accessibility fault, and a picture to look at in test-results/.

/** How to come to a screen that is already signed in, and what must be there before it is looked at. */
interface View {
  readonly name: string;
  reach(page: Page, mac: string): Promise<void>;
}

const views: readonly View[] = [
  {
    name: 'line',
    async reach(page) {
      await goTo(page, 'line');
      await page.locator('.strip canvas').nth(1).waitFor();
    },
  },
  {
    name: 'fixture',
    async reach(page) {
      await goTo(page, 'line');
      await page.locator('.tile[data-tone="fail"], .tile[data-tone="warn"]').first().click();
      await page.getByText('Is the board safe?').waitFor();
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
    async reach(page, mac) {
      await goTo(page, `devices/${mac}`);
      await page.getByRole('tab', { name: 'eFuses' }).click();
      await page.getByRole('row').nth(3).waitFor();
    },
  },
  {
    name: 'device-assurance',
    async reach(page, mac) {
      await goTo(page, `devices/${mac}`);
      await page.getByRole('tab', { name: 'Security guide' }).click();
      await page.getByRole('row').nth(3).waitFor();
    },
  },
  {
    name: 'device-history',
    async reach(page, mac) {
      await goTo(page, `devices/${mac}`);
      await page.getByRole('tab', { name: /History/ }).click();
      await page.locator('.events li').first().waitFor();
    },
  },
  {
    name: 'recipes',
    async reach(page) {
      await goTo(page, 'recipes/esp32p4-production');
      await page.getByText(/Findings \(\d+\)/).waitFor();
      await page.getByRole('tab', { name: 'Key blocks' }).click();
      await page.locator('.blocks li').first().waitFor();
    },
  },
  {
    name: 'recipes-assurance',
    async reach(page) {
      await goTo(page, 'recipes/esp32p4-production');
      await page.getByRole('tab', { name: 'Security guide' }).click();
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
  ...(['Fixtures', 'HSM', 'People', 'Label printer', 'About'] as const).map((tab) => ({
    name: `station-${tab.toLowerCase().replace(' ', '-')}`,
    async reach(page: Page) {
      await goTo(page, 'station');
      await page.getByRole('tab', { name: tab }).click();
      await page.locator('.record').waitFor();
    },
  })),
];

async function judge(seat: Seat, name: string): Promise<void> {
  await shoot(seat, name);
  const { violations } = await new AxeBuilder({ page: seat.page }).setLegacyMode(seat.isOnlyPage).analyze();
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `    ${node.html.slice(0, 160)}\n    ${node.failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(found, [], name);
}

/** Whether some board was refused by a rule, or failed: a sealed one that is still in says no more than that its door is shut. */
async function objected(bench: Bench): Promise<boolean> {
  return (await outcomes(bench)).some((outcome) => outcome === 'failed' || outcome === 'refused');
}

inEverySeat('looks', (openBench) => {
  let bench: Bench;
  let mac = '';
  before(async () => {
    bench = await openBench({ fixtures: 8, pacing: 'none', changerTimes: { leavesMs: 1500, emptyMs: 200 } });
    const { answers } = bench;
    await runBatch(bench, 'esp32p4-production', 12);
    mac = (await answers['line.snapshot']({}, 'eng-2')).fixtures.find(
      (fixture) => fixture.verdict?.outcome === 'passed',
    )!.mac!;
    // one place holds a board that the recipe refuses, for the look of a fault
    await answers['line.start'](
      { recipe: 'esp32c3-production', order: 'PO-2026-1177', count: 1, targetPerHour: 900 },
      'eng-2',
    );
    while (!(await objected(bench))) await new Promise((resolve) => setTimeout(resolve, 20));
    await answers['line.stop']({}, 'eng-2');
    await ended(bench);
    assert.ok(await objected(bench));
  });
  after(() => bench.close());

  for (const scheme of ['light', 'dark'] as const) {
    describe(scheme, () => {
      let seat: Seat;
      before(async () => {
        seat = await bench.window({ scheme });
        seat.page.setDefaultTimeout(10_000);
      });
      after(() => seat.close());

      it('nobody signed in', async () => {
        await judge(seat, `${scheme}-nobody`);
      });

      it('sign-in', async () => {
        await seat.page.keyboard.press('F3');
        await seat.page.getByRole('dialog').waitFor();
        try {
          await judge(seat, `${scheme}-sign-in`);
        } finally {
          await signIn(seat.page, 'eng-2');
        }
      });

      for (const view of views)
        it(view.name, async () => {
          try {
            await view.reach(seat.page, mac);
            await judge(seat, `${scheme}-${view.name}`);
          } finally {
            await seat.page.keyboard.press('Escape');
          }
        });

      it('draws nothing that its policy forbids', () => assert.deepEqual(seat.complaints, []));
    });
  }

  it('a line at work, on a touch panel and at 4K', async () => {
    const { answers } = bench;
    await answers['line.start'](
      { recipe: 'esp32p4-production', order: 'PO-2026-1178', count: null, targetPerHour: 900 },
      'eng-2',
    );
    for (const [name, scheme, width, height] of [
      ['running-light', 'light', 1280, 800],
      ['running-dark', 'dark', 1280, 800],
      ['running-4k', 'light', 3840, 2160],
    ] as const) {
      const seat = await bench.window({ scheme, width, height });
      await signIn(seat.page, 'eng-2');
      await tile(seat.page, 'nest-1', 'Working').waitFor();
      await seat.page.locator('.strip canvas').nth(1).waitFor();
      await judge(seat, name);
      await seat.close();
    }
    await answers['line.stop']({}, 'eng-2');
    await ended(bench);
  });

  it('the first start', async () => {
    const empty = await openBench({ empty: true, fixtures: 2, pacing: 'none' });
    try {
      for (const scheme of ['light', 'dark'] as const) {
        const seat = await empty.window({ scheme });
        await seat.page.getByRole('heading', { name: 'Who keeps this station?' }).waitFor();
        await judge(seat, `${scheme}-first-start`);
        await seat.close();
      }
    } finally {
      await empty.close();
    }
  });
});

async function runBatch(bench: Bench, recipe: string, count: number): Promise<void> {
  await bench.answers['line.start']({ recipe, order: 'PO-2026-1176', count, targetPerHour: 900 }, 'eng-2');
  await ended(bench);
}

/** Verdicts that the tiles show. */
async function outcomes(bench: Bench) {
  const { fixtures } = await bench.answers['line.snapshot']({}, 'eng-2');
  return fixtures.map(({ verdict }) => verdict?.outcome);
}

async function ended(bench: Bench): Promise<void> {
  while ((await bench.answers['line.snapshot']({}, 'eng-2')).batch?.endedAt === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
