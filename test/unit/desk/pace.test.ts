import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunPace } from '../../../main/ledger/ledger.ts';
import { StepHistory } from '../../../main/station/desk/line/step-history.ts';
import { findBottleneck, readThroughput } from '../../../main/station/desk/reports/throughput.ts';
import { book, mac, run } from '../ledger/book.ts';

const start = Date.parse('2026-11-22T10:00:00.000Z');
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

/** A board in `fixture` from second `from` on, its steps one after the other. */
function pace(fixture: string, from: number, steps: Readonly<Record<string, number>>): RunPace {
  let now = from;
  const timed = Object.entries(steps).map(([step, seconds]) => {
    const one = { step, from: at(now), to: at(now + seconds), ms: seconds * 1000 };
    now += seconds;
    return one;
  });
  return {
    run: `${fixture}-${from}`,
    fixture,
    recipe: 'r',
    startedAt: at(from),
    endedAt: at(now),
    outcome: 'passed',
    steps: timed,
  };
}

/** Newest first, as the ledger tells them. */
const newestFirst = (paces: RunPace[]) => paces.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));

test('the bottleneck by name: line speed, token, operator, another step, a slow nest', () => {
  const line = (steps: Record<string, number>, gap: number) =>
    newestFirst(
      ['a', 'b'].flatMap((fixture) =>
        [0, 1, 2, 3].map((n) =>
          pace(fixture, n * (gap + Object.values(steps).reduce((sum, value) => sum + value, 0)), steps),
        ),
      ),
    );
  assert.equal(findBottleneck(line({ prepare: 1, 'write-flash': 6, 'burn-keys': 2 }, 1))?.what, 'line speed');
  assert.equal(findBottleneck(line({ prepare: 6, 'write-flash': 2, 'burn-keys': 2 }, 1))?.what, 'token');
  const operator = findBottleneck(line({ prepare: 1, 'write-flash': 3 }, 12));
  assert.equal(operator?.what, 'operator');
  assert.ok(operator.share > 0.6 && operator.share < 0.8);
  assert.match(operator.words, /empty \d+ % of the time/);
  assert.equal(findBottleneck(line({ prepare: 1, 'boot-proof': 6 }, 1))?.what, 'boot-proof');
  const nests = newestFirst(
    ['a', 'b', 'c'].flatMap((fixture) =>
      [0, 1, 2].map((n) => pace(fixture, n * 20, { 'write-flash': fixture === 'c' ? 9 : 5 })),
    ),
  );
  const slow = findBottleneck(nests);
  assert.equal(slow?.what, 'slow nest');
  assert.match(slow.words, /Fixture c takes 9\.0 s .* 5\.0 s/);
  assert.equal(findBottleneck([]), null);
});

test('a lunch break is no part of the rhythm', () => {
  const paces = newestFirst([0, 10, 4000, 4010].map((from) => pace('a', from, { 'write-flash': 8 })));
  assert.equal(findBottleneck(paces)?.what, 'line speed');
});

test('a run is as far as the usual times of its steps say, and a step never ends before it ends', () => {
  const history = new StepHistory();
  const steps = ['prepare', 'write-flash', 'seal'];
  assert.equal(history.progress('r', steps, 0, null).secondsLeft, null);
  for (const ms of [1000, 1000, 9000]) history.add('r', 'prepare', ms);
  for (const ms of [7000, 8000, 8000]) history.add('r', 'write-flash', ms);
  history.add('r', 'seal', 1000);
  assert.equal(history.usual('r', 'prepare'), 1000);
  assert.deepEqual(history.progress('r', steps, 1, { share: 0.5, ranMs: 0 }), { fraction: 0.5, secondsLeft: 5 });
  assert.deepEqual(history.progress('r', steps, 1, { share: null, ranMs: 2000 }), { fraction: 0.3, secondsLeft: 7 });
  assert.ok(history.progress('r', steps, 1, { share: null, ranMs: 80_000 }).fraction < 0.9);
  assert.equal(history.progress('r', steps, 3, null).fraction, 1);
  assert.equal(history.usual('other', 'prepare'), null);
});

test('buckets, causes, fixtures and bars come from the book', async (t) => {
  const clock = { now: () => start + 3_600_000, monotonic: () => 0, sleep: () => Promise.resolve() };
  const { ledger } = await book(t, { clock: { ...clock, now: () => start + 3_500_000 } });
  const end = async (n: number, fixture: string, outcome: 'passed' | 'failed') => {
    const id = `R-${n}`;
    await ledger.openRun(run(id, { fixture, startedAt: at(n * 60) }));
    await ledger.bindRun(id, { mac: mac(n) });
    await ledger.append(id, 'prepare', { type: 'step-started', step: 'prepare', irreversible: false });
    await ledger.append(id, 'prepare', { type: 'step-passed', step: 'prepare', ms: 1500 });
    const fault =
      outcome === 'passed'
        ? null
        : {
            class: 'board' as const,
            code: 'chip.flash-differs',
            what: 'It differs.',
            next: '',
            safety: 'untouched' as const,
            details: {},
          };
    await ledger.endRun(id, { at: at(n * 60 + 30), outcome, fault });
  };
  for (let n = 0; n < 6; n++) await end(n, n % 2 ? 'nest-1' : 'nest-2', n === 3 ? 'failed' : 'passed');
  await ledger.openRun(run('R-open', { startedAt: at(3000) }));
  await ledger.append('R-open', 'write-flash', { type: 'step-started', step: 'write-flash', irreversible: false });

  const view = await readThroughput(ledger, clock, { hours: 2, targetPerHour: 100 });
  assert.equal(view.buckets.length, 120);
  assert.deepEqual(
    view.buckets.filter((bucket) => bucket.passed + bucket.failed > 0).map(({ passed, failed }) => [passed, failed]),
    [
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [1, 0],
      [1, 0],
    ],
  );
  assert.equal(view.buckets.find((bucket) => bucket.failed > 0)?.at, at(3 * 60));
  assert.deepEqual(view.pareto, [
    { cause: 'chip.flash-differs', words: 'It differs.', count: 1, fixtures: { 'nest-1': 1 } },
  ]);
  assert.deepEqual(view.byFixture, [
    { fixture: 'nest-1', passed: 2, failed: 1, meanSeconds: 30 },
    { fixture: 'nest-2', passed: 3, failed: 0, meanSeconds: 30 },
  ]);
  assert.deepEqual(
    view.gantt.map(({ run: id, step, to }) => [id, step, to === null]),
    [['R-open', 'write-flash', true]],
  );
  const paces = await ledger.recentPaces({ from: at(0), limit: 3 });
  assert.deepEqual(
    paces.map((one) => one.run),
    ['R-open', 'R-5', 'R-4'],
  );
  assert.deepEqual(
    paces[1]?.steps.map(({ step, ms }) => [step, ms]),
    [['prepare', 1500]],
  );
  const none = await ledger.recentPaces({ from: at(0), recipe: 'another', limit: 3 });
  assert.deepEqual(none, []);
});
