// Shifts by the clock on the wall, what one shift tells the next, and how many fixtures one person keeps busy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../../main/cli/simulate.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import type { RunRecord } from '../../../main/model/record.ts';
import { fixturesKeptBusy, simulateHands } from '../../../main/station/desk/reports/operator-pace.ts';
import type { groupRuns } from '../../../main/station/desk/reports/run-groups.ts';
import { shiftAnswers } from '../../../main/station/desk/reports/shift-answers.ts';
import { shiftOf, usualShifts, weekText } from '../../../main/station/desk/reports/shifts.ts';
import { firstDayIn, firstDayOf } from '../../../main/words/weeks.ts';
import { book, mac, recipe, run } from '../ledger/book.ts';

process.env.TZ = 'Europe/Berlin';

test('a shift is found by local time, over midnight and where the clocks change', () => {
  const idAt = (iso: string, starts = usualShifts) => shiftOf(Date.parse(iso), starts).id;
  assert.equal(idAt('2026-11-26T05:00:00Z'), '2026-11-26 06:00-14:00');
  assert.equal(idAt('2026-11-26T04:59:59Z'), '2026-11-25 22:00-06:00');
  assert.equal(idAt('2026-11-26T23:30:00Z'), '2026-11-26 22:00-06:00');
  // one shift a day, in any order of times
  assert.equal(idAt('2026-11-26T04:00:00Z', ['07:30']), '2026-11-25 07:30-07:30');
  assert.equal(idAt('2026-11-26T12:00:00Z', ['18:00', '06:00']), '2026-11-26 06:00-18:00');
  // the night in which the clocks go back is an hour longer
  const night = shiftOf(Date.parse('2026-10-25T01:30:00Z'), usualShifts);
  assert.deepEqual([night.id, (night.to - night.from) / 3_600_000], ['2026-10-24 22:00-06:00', 9]);
});

const now = Date.parse('2026-11-26T10:00:00Z');
const at = (minutes: number) => new Date(now - 3_600_000 + minutes * 60_000).toISOString();

async function line(ledger: Ledger): Promise<void> {
  for (const [id, order] of [
    ['B-1', 'PO-7'],
    ['B-2', null],
  ] as const)
    await ledger.openBatch({ id, order, recipe, count: 5, openedAt: at(0), closedAt: null });
  const tried = async (id: string, n: number | null, facts: Partial<RunRecord>) => {
    const { outcome = 'passed', startedAt = at(1), endedAt, fault = null, ...opened } = facts;
    await ledger.openRun(run(id, { batch: 'B-1', ...opened, startedAt }));
    if (n !== null) await ledger.bindRun(id, { mac: mac(n) });
    if (outcome !== null) await ledger.endRun(id, { at: endedAt ?? at(2), outcome, fault });
  };
  await tried('R-0', 9, { startedAt: at(-600), endedAt: at(-599), operator: 'night' });
  await tried('R-1', 1, { startedAt: at(0), endedAt: at(2), operator: 'ann' });
  await tried('R-2', 2, { startedAt: at(2), endedAt: at(4), operator: 'ann' });
  await tried('R-3', 3, { startedAt: at(4), endedAt: at(6), operator: 'ann', outcome: 'aborted' });
  // lunch, which is no work at the line
  await tried('R-4', 4, { startedAt: at(40), endedAt: at(46), operator: 'ann', batch: 'B-2', fixture: 'nest-2' });
}

const room = (ledger: Ledger, shifts?: readonly string[]) =>
  ({
    station: {
      parts: { ledger, clock: { now: () => now }, name: 's' },
      health: {
        learn: async () => undefined,
        fixtures: ['nest-2'],
        of: () => ({ boards: 9, troubled: 4, wear: 'worn' }),
      },
    },
    line: { targetPerHour: 100 },
    operators: { find: () => ({ language: 'es-MX' }) },
    ...(shifts && { shifts }),
  }) as never;

test('a hand-over tells counts, pace, people, what lies there unfinished, and what was written', async (t) => {
  const { ledger } = await book(t);
  await line(ledger);
  const answers = shiftAnswers(room(ledger));
  const view = await answers['shift.read']({ at: null }, 'q');
  assert.equal(view.shift, '2026-11-26 06:00-14:00');
  assert.deepEqual([view.counts.passed, view.counts.unfinished, view.isRunning], [3, 1, true]);
  assert.deepEqual(
    view.batches.map(({ batch, sealed }) => [batch.id, sealed]),
    [
      ['B-1', 2],
      ['B-2', 1],
    ],
  );
  assert.deepEqual(
    view.open.map(({ run: id }) => id),
    ['R-3'],
  );
  assert.deepEqual(
    view.people.map(({ person, sealed, hours }) => [person, sealed, Math.round(hours * 60)]),
    [['ann', 3, 12]],
  );
  assert.equal(view.boardsPerOperatorHour, 15);
  assert.equal(view.secondsPerBoard, 120, 'the pause over lunch is no pace');
  assert.deepEqual(view.contact, [{ fixture: 'nest-2', boards: 9, troubled: 4, wear: 'worn' }]);
  await assert.rejects(async () => answers['shift.handOver']({ note: '  ' }, 'ann'), { code: 'shift.empty' });
  const after = await answers['shift.handOver']({ note: 'nest-3 wants a new pin' }, 'ann');
  assert.deepEqual(
    after.notes.map(({ by, text }) => [by, text]),
    [['ann', 'nest-3 wants a new pin']],
  );
  const before = await answers['shift.read']({ at: at(-600) }, 'q');
  assert.deepEqual([before.shift, before.counts.passed, before.notes], ['2026-11-25 22:00-06:00', 1, []]);
  await assert.rejects(async () => answers['shift.read']({ at: 'noon' }, 'q'), { code: 'shift.time' });
  const sheet = await answers['shift.sheet']({ at: null }, 'ann');
  assert.equal(sheet.name, 'shift-2026-11-26-06-00-14-00.pdf');
  assert.equal(Buffer.from(sheet.data, 'base64').subarray(0, 5).toString(), '%PDF-');
  assert.equal((await ledger.acts({ what: 'exported' })).length, 1, 'a sheet that goes out is a row');
});

test('boards are counted by recipe, order, person, fixture and shift', async (t) => {
  const { ledger } = await book(t);
  await line(ledger);
  const answers = shiftAnswers(room(ledger, ['00:00', '10:30']));
  const span = { from: at(-900), to: at(120) };
  const told = async (by: Parameters<typeof groupRuns>[1], firstDay = 1) =>
    (await answers['throughput.groups']({ ...span, by, firstDay }, 'q')).groups.map(({ key, counts }) => [
      key,
      counts.passed,
    ]);
  assert.deepEqual(await told('recipe'), [['sensor', 4]]);
  assert.deepEqual(await told('revision'), [['sensor r3 abababab', 4]]);
  assert.deepEqual(await told('order'), [
    ['PO-7', 3],
    ['-', 1],
  ]);
  assert.deepEqual(await told('batch'), [
    ['B-1', 3],
    ['B-2', 1],
  ]);
  assert.deepEqual(await told('person'), [
    ['ann', 3],
    ['night', 1],
  ]);
  assert.deepEqual(await told('shift'), [
    ['2026-11-26 10:30-00:00', 1],
    ['2026-11-26 00:00-10:30', 3],
  ]);
  assert.deepEqual(await told('day'), [['2026-11-26', 4]]);
  assert.deepEqual(await told('week'), [['2026-11-23 – 2026-11-29', 4]]);
  assert.deepEqual(await told('week', 7), [['2026-11-22 – 2026-11-28', 4]]);
  await assert.rejects(
    async () => answers['throughput.groups']({ ...span, from: at(-999_999), by: 'day', firstDay: 1 }, 'q'),
    {
      code: 'throughput.span',
    },
  );
});

test('a week begins on the day of the language, over the end of a month too; where an engine does not tell, by the table', () => {
  assert.deepEqual([firstDayIn('en'), firstDayIn('zh-CN'), firstDayIn('es-MX')], [1, 1, 7]);
  for (const [name, day] of [
    ['en-GB', 1],
    ['zh-CN', 1],
    ['es-MX', 7],
  ] as const)
    assert.equal(firstDayOf({}, name), day, name);
  assert.equal(firstDayOf({ weekInfo: { firstDay: 6 } }, 'es-MX'), 6);
  const sunday = new Date(2026, 10, 1, 23, 59).getTime();
  assert.equal(weekText(sunday, 1), '2026-10-26 – 2026-11-01');
  assert.equal(weekText(sunday, 7), '2026-11-01 – 2026-11-07');
  assert.equal(weekText(new Date(2026, 10, 7).getTime(), 7), '2026-11-01 – 2026-11-07');
});

test('one person keeps as many fixtures busy as the time of a board holds changes', () => {
  const times = { boardSeconds: [31], changeSeconds: 6, hours: 8 };
  const alone = simulateHands({ ...times, fixtures: 1 });
  // one board every 37 s
  assert.ok(Math.abs(alone.boardsPerHour - 3600 / 37) < 1, String(alone.boardsPerHour));
  const many = simulateHands({ ...times, fixtures: 32 });
  // the hands are the end of it: one board every 6 s, and fixtures wait
  assert.ok(Math.abs(many.boardsPerHour - 600) < 3, String(many.boardsPerHour));
  assert.ok(many.handsBusy > 0.99 && many.fixturesBusy < 0.2);
  assert.equal(fixturesKeptBusy(times, 32).kept, 6);
  // 150 s a board and 30 s for a change: as Raspberry Pi describes its line of five heads
  assert.equal(fixturesKeptBusy({ boardSeconds: [150], changeSeconds: 30, hours: 8 }, 12).kept, 6);
});

test('what cannot be worked out is told as that; what can comes as lines', async (t) => {
  const { ledger } = await book(t);
  const answers: string[] = [];
  const context = {
    openLedger: async () => ({ ...ledger, findRuns: ledger.findRuns, close: async () => undefined }),
    streams: { answer: (line: string) => answers.push(line), say: () => undefined },
  } as never;
  await assert.rejects(simulate({}, context), { code: 'simulate.no-boards' });
  await assert.rejects(simulate({ seconds: 31, fixtures: 999 }, context), { code: 'simulate.values' });
  await line(ledger);
  await simulate({ json: true, fixtures: 2 }, context);
  assert.deepEqual(
    answers.map((one) => JSON.parse(one).fixtures),
    [1, 2],
  );
});
