// A batch: how many boards it makes, and that without its book nothing more is begun.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { FixtureGate } from '../../../main/station/fixture.ts';
import { type ProvisionJob, Station } from '../../../main/station/station.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { clockOfItsOwn } from '../chip/clocks.ts';
import { burnedInto, Rig, siliconOf } from './parts.ts';
import { diskFull } from './scripted-ledger.ts';

const other = recipeNamed('esp32c6-production');
const loaded = recipeNamed('esp32c3-production');

/**
 * A station whose fixtures always have the next board in: each opening of a port finds a new one. They are of another chip than the
 * recipe's, so that every one is tried and refused in no time.
 */
function line(clock = systemClock) {
  const rig = new Rig(loaded);
  rig.clock = clock;
  let boards = 0;
  const { log: _, ...parts } = rig.parts;
  const station = new Station({
    ...parts,
    log: { ...silentLog, close: async () => undefined },
    name: 'line-1',
    people: { find: () => null, custodians: 0 },
    development: false,
    openPort: async (address) => openVirtualPort(siliconOf(other, { seed: ++boards }), address),
  });
  const provision = (more: Partial<ProvisionJob>) =>
    station.provision({
      loaded,
      fixtures: [{ name: 'a', address: 'virtual:a' }],
      count: null,
      order: null,
      operator: null,
      serials: [],
      resetBy: 'lines',
      signal: new AbortController().signal,
      ...more,
    });
  return { rig, station, provision };
}

const two = ['a', 'b'].map((name) => ({ name, address: `virtual:${name}` }));

const everybody: FixtureGate = {
  contacts: () => 1,
  admit: async () => ({ serial: null }),
  gone: () => undefined,
  named: () => null,
  scansLabels: false,
  finish: async () => undefined,
};

describe('a batch', { concurrency: true }, () => {
  it('tries as many boards as were ordered, on however many fixtures', async () => {
    for (const [count, fixtures] of [
      [1, two],
      [3, two],
    ] as const) {
      const { rig, provision } = line();
      const { counts } = await provision({ count, fixtures });
      assert.deepEqual(counts, { passed: 0, failed: 0, refused: count, errored: 0, aborted: 0 });
      assert.equal(rig.book.runRecords.length, count);
      assert.equal(rig.book.batchRecords[0]?.count, count);
    }
  });

  it('makes up for a board that is not sealed, where sealed ones were ordered', async () => {
    const { rig, provision } = line();
    const stop = new AbortController();
    let tried = 0;
    rig.book.endRun = async () => {
      if (++tried === 4) stop.abort(new Error('enough'));
    };
    await provision({ count: 1, aim: 'sealed', signal: stop.signal, gate: everybody });
    assert.equal(tried, 4);
  });

  it('a board that never started is not one of the order', async () => {
    const { rig, provision } = line();
    const stop = new AbortController();
    const claimed: (string | null)[] = [];
    // the first fixture waits for a person who never comes; the second one works
    const gate: FixtureGate = {
      ...everybody,
      admit: ({ fixture }, signal) =>
        fixture === 'b'
          ? Promise.resolve({ serial: null })
          : new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
    };
    rig.book.endRun = async (run) => {
      claimed.push(run);
      if (claimed.length === 2) stop.abort(new Error('enough'));
    };
    const { counts } = await provision({ count: 3, fixtures: two, gate, signal: stop.signal });
    assert.equal(counts.refused, 2);
    assert.equal(rig.book.runRecords.length, 2);
  });

  it('is left by who stops it where its token never answers: at its start, and at the head behind its last board', {
    timeout: 20_000,
  }, async () => {
    const early = line();
    const stop = new AbortController();
    const stopped = new Error('stopped by a person');
    early.rig.token.before = () => {
      setTimeout(() => stop.abort(stopped), 10);
      return new Promise(() => undefined);
    };
    await assert.rejects(early.provision({ signal: stop.signal }), (error) => error === stopped);

    const late = line(clockOfItsOwn({ times: 100, least: 5 }));
    const end = new AbortController();
    late.rig.book.closeBatch = async () => {
      late.rig.token.before = () => {
        setTimeout(() => end.abort(stopped), 10);
        return new Promise(() => undefined);
      };
    };
    const head = async () => ({ size: 5, root: '00', origin: 'o', signedBefore: null });
    Object.assign(late.rig.book, { treeHead: head });
    const { counts } = await late.provision({ signal: end.signal });
    assert.equal(counts.refused, 1);
    assert.ok(end.signal.aborted, 'the head was waited for until then');
  });

  it('a board whose number is drawn by a token that never answers ends with the stop, untouched', async () => {
    const rig = new Rig({
      ...loaded,
      recipe: {
        ...loaded.recipe,
        serial: { ...loaded.recipe.serial, from: 'random', format: 'S-{random}', length: 8 },
      },
    });
    const stop = new AbortController();
    const release = await rig.station.prepareRelease(loaded);
    rig.token.before = () => {
      setTimeout(() => stop.abort(new Error('stopped by a person')), 10);
      return new Promise(() => undefined);
    };
    const chip = siliconOf(loaded);
    const before = burnedInto(chip);
    const { outcome } = await rig.run(chip, { signal: stop.signal, release });
    assert.equal(outcome, 'aborted');
    assert.equal(burnedInto(chip), before);
    chip.powerOff();
  });

  it('ends on every fixture when the book is gone: no further board is begun', { timeout: 20_000 }, async () => {
    const { rig, provision } = line();
    let opened = 0;
    const { openRun } = rig.book;
    rig.book.openRun = async (run) => {
      opened++;
      if (run.fixture === 'a' && opened > 1) throw diskFull();
      await sleep(20);
      return openRun.call(rig.book, run);
    };
    let after = 0;
    rig.book.before = ({ type }) => {
      if (type === 'run-started' && opened > 3) after++;
    };
    await assert.rejects(provision({ count: 60, fixtures: two, gate: everybody }), (error) =>
      isFault(error, 'ledger.full'),
    );
    assert.ok(opened < 20, `${opened} boards were begun`);
    assert.ok(after < 20);
  });
});
