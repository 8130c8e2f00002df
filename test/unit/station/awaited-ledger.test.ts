// A disk that takes seconds for every write, and one that never answers again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../../main/base/clock.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import { isFault } from '../../../main/model/fault.ts';
import { awaitedLedger } from '../../../main/station/awaited-ledger.ts';
import { StepHistory } from '../../../main/station/desk/line/step-history.ts';
import { Tile } from '../../../main/station/desk/line/tile.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { burnedInto, Rig, siliconOf } from './parts.ts';

test('a disk that takes four seconds for every row: boards pass as on any other', async () => {
  for (const name of ['esp32c3-production', 'esp32p4-production']) {
    const rig = new Rig(recipeNamed(name));
    let late = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() + late,
      monotonic: () => systemClock.monotonic() + late,
    };
    rig.clock = clock;
    const slow = async () => {
      late += 4000;
      await systemClock.sleep(1);
    };
    rig.book.before = slow;
    rig.book.beforeSeal = slow;
    const chip = siliconOf(rig.loaded);
    const { outcome, fault } = await rig.run(chip);
    assert.equal(outcome, 'passed', `${name}: ${fault?.code} ${fault?.what}`);
    const contact = rig.book.said().find((event) => event.type === 'observed' && event.what === 'contact');
    assert.ok(contact?.type === 'observed' && contact.what === 'contact');
    assert.deepEqual(Object.keys(contact.value), ['start'], `${name}: no answer was taken for lost`);
    chip.powerOff();
  }
});

test('a ledger that is late is told of, and that it answers again; a stop leaves one that never answers', {
  timeout: 10_000,
}, async () => {
  const answers: (() => void)[] = [];
  const ledger = { history: () => new Promise<void>((resolve) => answers.push(resolve)) } as unknown as Ledger;
  const told: boolean[] = [];
  const stop = new AbortController();
  const awaited = awaitedLedger(ledger, {
    tell: (isSlow) => told.push(isSlow),
    signal: stop.signal,
    overdueMs: 15,
    leftMs: 30,
  });
  const late = awaited.history('02:00:00:00:00:01');
  await systemClock.sleep(40);
  assert.deepEqual(told, [true]);
  answers.shift()!();
  await late;
  assert.deepEqual(told, [true, false]);
  const never = awaited.history('02:00:00:00:00:02');
  await systemClock.sleep(60);
  stop.abort(new Error('stopped by a person'));
  await assert.rejects(never, (error) => isFault(error, 'ledger.silent'));
  const from = performance.now();
  await assert.rejects(awaited.history('02:00:00:00:00:03'), (error) => isFault(error, 'ledger.silent'));
  assert.ok(performance.now() - from < 20, 'and nothing is asked of it any more');
  assert.deepEqual(told, [true, false, true, false]);
});

test('a disk that hangs at any row of a run: the stop ends it, and no eFuse is burned behind a row that is not there', {
  timeout: 60_000,
}, async () => {
  const loaded = recipeNamed('esp32c3-production');
  const rows = await rowsOf(loaded);
  for (const at of [1, Math.floor(rows / 3), Math.floor(rows / 2), rows - 2]) {
    const rig = new Rig(loaded);
    const stop = new AbortController();
    rig.ledgerOf = (ledger) =>
      awaitedLedger(ledger, { tell: () => undefined, signal: stop.signal, overdueMs: 5, leftMs: 20 });
    const chip = siliconOf(loaded);
    let row = 0;
    let before = '';
    rig.book.before = () => {
      if (++row < at) return;
      before ||= burnedInto(chip);
      setTimeout(() => stop.abort(new Error('stopped by a person')), 10);
      return new Promise(() => undefined);
    };
    await assert.rejects(rig.run(chip, { signal: stop.signal }), (error) => isFault(error, 'ledger.silent'));
    assert.equal(row, at, 'nothing was written behind it');
    assert.equal(burnedInto(chip), before, `row ${at}`);
    chip.powerOff();
  }
});

test('the tile whose board waits for the disk says so', () => {
  const tile = new Tile({ name: 'nest', address: 'virtual:esp32p4' }, new StepHistory());
  const view = () => tile.view(0, { needs: null, chosen: null, bound: null }).ledgerIsSlow;
  for (const isSlow of [true, false]) {
    tile.hear({ type: 'ledger', fixture: 'nest', isSlow }, 0, '2026-11-22T10:00:00.000Z', () => 'take-out');
    assert.equal(view(), isSlow);
  }
});

/** How many rows a run of this recipe writes. */
async function rowsOf(loaded: Rig['loaded']): Promise<number> {
  const rig = new Rig(loaded);
  let rows = 0;
  rig.book.before = () => void rows++;
  const chip = siliconOf(loaded);
  assert.equal((await rig.run(chip)).outcome, 'passed');
  chip.powerOff();
  return rows;
}
