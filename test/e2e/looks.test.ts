import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { type Bench, inEverySeat, type Seat, shoot, signIn, tile } from './seat.ts';
import { ended, fillLine, views } from './views.ts';

// Every screen in light and dark: no accessibility fault, and a picture to look at in test-results/.

async function judge(seat: Seat, name: string): Promise<void> {
  await shoot(seat, name);
  const { violations } = await new AxeBuilder({ page: seat.page }).setLegacyMode(seat.isOnlyPage).analyze();
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `    ${node.html.slice(0, 160)}\n    ${node.failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(found, [], name);
}

inEverySeat('looks', (openBench) => {
  let bench: Bench;
  let mac = '';
  before(async () => {
    bench = await openBench({ fixtures: 8, pacing: 'none', changerTimes: { leavesMs: 1500, emptyMs: 200 } });
    mac = await fillLine(bench);
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
