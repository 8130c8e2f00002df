// Fixtures that wear out, simulated: contact is lost for a moment on more and more boards, until one fails. The fixture is named at least
// twenty boards before that, and a sound one is not named.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { type RandomSource, seededRandom } from '../../../main/base/random.ts';
import { openBoard } from '../../../main/chip/live-board.ts';
import { customMacIn } from '../../../main/efuse/custom-mac.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { isFault } from '../../../main/model/fault.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { FixtureHealth } from '../../../main/station/fixture-health.ts';
import { contactOf } from '../../../main/station/run.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { fastClock } from '../chip/clocks.ts';
import { allStages, keyBytes, permitFor, production } from '../chip/rig.ts';
import { Rig, siliconOf } from './parts.ts';

/** From 0 up to 1. */
const drawn = (random: RandomSource) => random(1)[0]! / 256;

/** Answers that this board loses: none, or one after the other so many; the more, the more the contact is worn. */
function losses(random: RandomSource, worn: number): VirtualFault[] {
  if (drawn(random) >= Math.min(0.95, worn)) return [];
  const first = 12 + (random(1)[0]! % 160);
  const length = 1 + Math.floor(drawn(random) * 12 * Math.max(0, worn - 0.5));
  return Array.from({ length }, (_, at) => ({ kind: 'lost-answer', after: first + at }));
}

async function board(seed: number, faults: readonly VirtualFault[], health: FixtureHealth) {
  const chip = new VirtualChip({ kind: 'esp32c3', revision: 4, seed, faults, flashSize: 1 << 20 }, () => ({
    lines: [],
    state: 'halted',
    firmware: null,
  }));
  // In its loader already, and without reset lines: a hundred boards go by in seconds.
  chip.powerOn();
  chip.setLines({ dtr: true, rts: false });
  chip.reset();
  const port = Object.defineProperty(openVirtualPort(chip, 'virtual:nest'), 'hasControlLines', { value: false });
  const met = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
  let fault: unknown = null;
  try {
    const plan = planBurn(await met.readEfuses(), production('esp32c3', 4), { slots: [] });
    for await (const _ of met.burn(plan, keyBytes, permitFor(plan), ['keys']));
  } catch (error) {
    assert.ok(isFault(error), String(error));
    fault = error;
  }
  const { wear } = health.note('nest', contactOf(met));
  await met.close();
  chip.powerOff();
  return { wear, fault };
}

describe('a fixture that wears out', { timeout: 600_000 }, () => {
  for (const seed of [1])
    test(`seed ${seed}: named twenty boards before its first failed one`, async (t) => {
      const random = seededRandom(seed);
      const health = new FixtureHealth();
      let [namedAt, failedAt]: [number, number] = [0, 0];
      for (let n = 1; failedAt === 0 && n <= 150; n++) {
        const { wear, fault } = await board(1000 * seed + n, losses(random, 0.01 * 1.06 ** n), health);
        if (wear !== null) namedAt ||= n;
        if (fault !== null) failedAt = n;
      }
      t.diagnostic(`named at board ${namedAt}, failed at board ${failedAt}`);
      assert.ok(failedAt > 0 && namedAt > 0);
      assert.ok(failedAt - namedAt >= 20, `named at ${namedAt}, failed at ${failedAt}`);
    });

  test('a sound one, with a lost answer on one board in fifty, is not named', () => {
    const random = seededRandom(9);
    const health = new FixtureHealth();
    let names = 0;
    for (let n = 0; n < 2000; n++)
      if (health.note('nest', { start: null, ...(drawn(random) < 0.02 ? { retries: 1 } : {}) }).wear !== null) names++;
    assert.ok(names < 40, `${names} of 2000`);
  });

  test('what the ledger knows of it is taken over, each board once', async () => {
    const plain = recipeNamed('esp32c3-production');
    const rig = new Rig(plain);
    await rig.run(siliconOf(plain));
    const said = rig.book.said().filter((event) => event.type === 'observed' && event.what === 'contact');
    assert.equal(said.length, 1, 'said once a run');
    const health = new FixtureHealth();
    const ledger = {
      runs: async () => [{ id: 'R-1', fixture: 'nest' }] as never,
      events: async () => said.map((event) => ({ event })) as never,
    };
    await health.learn(ledger);
    await health.learn(ledger);
    assert.deepEqual(health.of('nest'), { boards: 1, troubled: 0, counts: {}, wear: null });
  });
});

describe('a supply that breaks down', { concurrency: true, timeout: 120_000 }, () => {
  const plain = recipeNamed('esp32c3-production');

  test('as the board starts: refused before anything is burned, and its fixture is named', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain, { faults: [{ kind: 'brown-out-at-start', after: 2 }] });
    const end = await rig.run(chip);
    assert.deepEqual([end.outcome, end.fault?.code, end.fault?.safety], ['errored', 'supply.brown-out', 'untouched']);
    assert.ok(!rig.book.said().some(({ type }) => ['planned', 'key-made', 'intend'].includes(type)));
    const contact = rig.book.said().find((event) => event.type === 'observed' && event.what === 'contact');
    assert.match(JSON.stringify(contact), /"cause":15,"by":"console".*"brownOuts":1.*supply broke down/);
    assert.match(rig.health.of('nest').wear ?? '', /supply/);
    assert.equal((await rig.run(chip)).outcome, 'passed', 'with its supply in order the board passes');
  });

  test('between two burns: the next one does not take place', async () => {
    for (const after of [125, 150, 175]) {
      const chip = new VirtualChip(
        { kind: 'esp32c3', revision: 4, seed: 7, flashSize: 1 << 20, faults: [{ kind: 'brown-out', after }] },
        () => ({ lines: [], state: 'halted', firmware: null }),
      );
      const met = await openBoard(await connectLoader(openVirtualPort(chip, 'virtual:nest'), { clock: fastClock }), {
        clock: fastClock,
      });
      const plan = planBurn(await met.readEfuses(), production('esp32c3', 4, null), { slots: [] });
      let intends = 0;
      const burning = (async () => {
        for await (const event of met.burn(plan, keyBytes, permitFor(plan), allStages))
          if (event.type === 'intend') intends++;
      })();
      await assert.rejects(
        burning,
        (error) => isFault(error, 'supply.brown-out') || isFault(error, 'burn.lost-contact'),
      );
      assert.ok(intends < plan.burns.length, 'not all was burned');
      assert.equal(met.brownOuts, 1);
      assert.throws(
        () => met.assertSupply(),
        (error) => isFault(error, 'supply.brown-out'),
      );
      await met.close();
    }
  });

  test('while the product’s own MAC address is staged: it is not burned', async () => {
    const burnMac = async (faults: readonly VirtualFault[]) => {
      const chip = new VirtualChip({ kind: 'esp32c3', revision: 4, seed: 7, flashSize: 1 << 20, faults }, () => ({
        lines: [],
        state: 'halted',
        firmware: null,
      }));
      const met = await openBoard(await connectLoader(openVirtualPort(chip, 'virtual:nest'), { clock: fastClock }), {
        clock: fastClock,
      });
      const customMac = 'ba:da:55:00:00:01';
      const plan = planBurn(
        await met.readEfuses(),
        { keys: [], fields: [], writeProtect: [], customMac },
        { slots: [] },
      );
      let asked = 0;
      let fault: unknown = null;
      try {
        for await (const event of met.burn(plan, keyBytes, permitFor(plan), allStages))
          if (event.type === 'intend' && event.what === 'custom-mac') asked = met.counters.commands;
      } catch (error) {
        fault = error;
      }
      const own = customMacIn(await met.readEfuses());
      await met.close();
      return { asked, fault, own };
    };
    const { asked, fault, own } = await burnMac([]);
    assert.deepEqual([fault, own?.mac], [null, 'ba:da:55:00:00:01']);
    for (const after of [1, 2]) {
      const broken = await burnMac([{ kind: 'brown-out', after: asked + after }]);
      assert.ok(isFault(broken.fault, 'supply.brown-out') || isFault(broken.fault, 'burn.lost-contact'), `${after}`);
      assert.equal(broken.own, null, `${after}`);
    }
  });

  test('on a port without reset lines a register of the chip tells', async () => {
    const chip = siliconOf(plain, { faults: [{ kind: 'brown-out-at-start', after: 2 }] });
    chip.powerOn();
    chip.setLines({ dtr: true, rts: false });
    chip.reset();
    const port = Object.defineProperty(openVirtualPort(chip, 'virtual:nest'), 'hasControlLines', { value: false });
    const met = await openBoard(await connectLoader(port, { clock: systemClock }), { clock: systemClock });
    assert.deepEqual(met.start, { cause: 15, by: 'register' });
    assert.equal(met.brownOuts, 1);
    await met.close();
  });
});
