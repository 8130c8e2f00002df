// Lines that lose, garble or cut; flash that does not take; boards that say nothing. One fixture's trouble is its own.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block0Bits } from '../stories/judge.ts';
import { noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { bringToEnd, factoryBits, insert, upTo } from './boards.ts';

const p4 = (name: string, fault = '') =>
  `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}&seed=${seedOf(name)}${fault}`;
const seedOf = (name: string) => [...name].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 100_003, 7);
const loaded = recipeNamed('esp32p4-production');

describe('trouble on the line and in flash', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  it('answers lost or garbled and requests cut short, early and late: every board ends sealed', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const occasions = [1, 3, 8, 20, 45, 70, 100, 130];
    const addresses = ['lost-answer', 'garbled-answer', 'lost-request-byte'].flatMap((fault) =>
      occasions.map((n) => p4(`${fault}-${n}`, `&fault=${fault}:${n}`)),
    );
    const ends = await bringToEnd(stage, loaded, addresses);
    for (const { address, verdicts, end } of ends) {
      const story = verdicts.map(({ fault }) => (fault ? `${fault.code}: ${fault.what}` : 'passed')).join(' | ');
      assert.equal(end, 'sealed', `${address}: ${story}`);
      if (verdicts.length > 1) t.diagnostic(`${address.split('fault=')[1]}: ${story}`);
    }
    const atOnce = ends.filter(({ verdicts }) => verdicts.length === 1).length;
    assert.ok(atOnce > ends.length / 2, `${atOnce} of ${ends.length} passed at once`);
  });

  it('unplugged, mute, or with flash that does not take: the other fixtures go on and pass', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const unplugged = [500, 20_000, 60_000].map((bytes) => p4(`unplug-${bytes}`, `&fault=unplug:${bytes}`));
    const mute = p4('mute', '&fault=mute');
    // (a dead byte reads 0xff, which one byte of encrypted flash in 256 is meant to be)
    const dead = (at: number) => upTo(4).map((n) => `&fault=bad-flash:${at + n}`);
    const badFlash = [0x2000, 0x10010, 0x20400].map((at) => p4(`flash-${at}`, dead(at).join('')));
    const well = upTo(2).map((n) => p4(`well-${n}`));
    const verdicts = await insert(stage, loaded, [...unplugged, mute, ...badFlash, ...well]);
    const code = (address: string) => verdicts.get(address)!.fault?.code ?? verdicts.get(address)!.outcome;
    assert.deepEqual(well.map(code), ['passed', 'passed']);
    assert.equal(code(mute), 'protocol.no-answer');
    assert.match(verdicts.get(mute)!.fault!.what, /^No board answers on virtual:/);
    for (const address of badFlash) {
      assert.equal(code(address), 'chip.flash-differs');
      assert.equal(verdicts.get(address)!.outcome, 'failed');
      assert.deepEqual(block0Bits(stage.chip(address)), factoryBits(stage.chip(address)), 'nothing was burned');
    }
    for (const address of unplugged) {
      assert.notEqual(code(address), 'passed');
      assert.match(verdicts.get(address)!.fault!.what, /went away|lost/);
    }
    assert.equal((await stage.station.parts.ledger.verify()).broken, null);
  });

  it('a line that does not carry the rate of the recipe: a slower one, and passed', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const addresses = [1_500_000, 500_000, 115_200].map((rate) => p4(`rate-${rate}`, `&baud=${rate}`));
    const ends = await bringToEnd(stage, loaded, addresses);
    for (const [at, rate] of [1_500_000, 500_000, 115_200].entries()) {
      assert.equal(ends[at]!.end, 'sealed');
      assert.equal(ends[at]!.verdicts.length, 1, ends[at]!.verdicts[0]!.fault?.what);
      const { runs } = await stage.station.parts.ledger.history(ends[at]!.chip.identity.mac);
      const rates = runs[0]!.events.flatMap(({ event }) =>
        event.type === 'observed' && event.what === 'flash' ? [event.value.baudRate] : [],
      );
      const [baudRate = Number.NaN] = rates;
      assert.ok(baudRate <= rate, `${baudRate} on a line that carries ${rate}`);
    }
  });
});
