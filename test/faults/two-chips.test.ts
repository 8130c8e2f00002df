// Two chips that say the same MAC: whichever comes second is told apart by its eFuses, and nothing is burned into it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { proveSealedBoard } from '../../main/station/verify-device.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { bringToEnd, insert, provisionAt, type Verdict } from './boards.ts';

const mac = '34:85:18:00:00:44';
const c3 = (name: string, more = '', seed = 9) =>
  `virtual:esp32c3?pacing=none&mac=${mac}&seed=${seed}&name=${name}${more}`;
const burned = (chip: VirtualChip) => Buffer.concat(chip.efuse.burned()).toString('hex');

describe('two chips with one MAC', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  const loaded = recipeNamed('esp32c3-production');

  function isOther({ outcome, fault }: Verdict, where: string): void {
    assert.deepEqual(
      [outcome, fault?.code, fault?.safety],
      ['refused', 'admission.other-chip', 'untouched'],
      fault?.what,
    );
    assert.ok(fault!.what.includes(mac));
    assert.ok(fault!.what.includes(where), 'the one of the book is named');
  }

  it('a blank one, while the first is half done and when it is sealed; the first goes on', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger, clock, random } = stage.station.parts;
    const [first, blank] = [c3('first', '&fault=power-cut-in-burn:5'), c3('blank')];
    await insert(stage, loaded, [first]);
    const told = (await insert(stage, loaded, [blank])).get(blank)!;
    isOther(told, first);
    assert.ok(told.fault!.what.includes(`fixture ${blank}`));
    const before = burned(stage.chip(blank));
    assert.equal(stage.chip(blank).efuse.field('WR_DIS'), 0);
    stage.chip(first).powerOn();
    assert.equal((await bringToEnd(stage, loaded, [first]))[0]!.end, 'sealed');
    isOther((await insert(stage, loaded, [blank])).get(blank)!, first);
    assert.equal(burned(stage.chip(blank)), before);
    const report = await proveSealedBoard(() => stage.bench.open(blank, { baudRate: 115200 }), {
      ...{ clock, random, record: null },
      find: (id) => ledger.sealedDevice(id),
      ruleOf: async () => null,
    });
    const other = report.checks.find(({ what }) => what === 'chip');
    assert.equal(other?.ok, false);
    assert.match(other!.evidence, /another chip than the one of the record \(run R-/);
  });

  it('one with keys of another station, in the same place', async (t) => {
    const [stage, elsewhere] = [await setStage(), await setStage(undefined, undefined, { token: 'new' })];
    t.after(() => Promise.all([stage.close(), elsewhere.close()]));
    const [mine, theirs] = [c3('mine', '&fault=power-cut-in-burn:5'), c3('theirs', '&fault=power-cut-in-burn:5')];
    await insert(stage, loaded, [mine]);
    await insert(elsewhere, loaded, [theirs]);
    elsewhere.chip(theirs).powerOn();
    const before = burned(elsewhere.chip(theirs));
    const { verdicts } = await provisionAt({ ...stage.station.parts, openPort: elsewhere.bench.open }, loaded, [
      theirs,
    ]);
    isOther(verdicts[0]!, mine);
    assert.match(verdicts[0]!.fault!.what, /holds another/);
    assert.equal(burned(elsewhere.chip(theirs)), before);
    stage.chip(mine).powerOn();
    assert.equal((await bringToEnd(stage, loaded, [mine]))[0]!.end, 'sealed');
  });

  it('one of which nothing but its unique id differs, before anything was burned', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const first = c3('first', '&fault=power-cut-in-flash:0');
    await insert(stage, loaded, [first]);
    const other = c3('other', '', 10);
    const verdict = (await insert(stage, loaded, [other])).get(other)!;
    isOther(verdict, first);
    assert.match(verdict.fault!.what, /OPTIONAL_UNIQUE_ID/);
  });
});
