// Silicon that does not take a bit: at the first try, or ever.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { bringToEnd, insert, keysTakenUp, provisionAt, upTo, withPart } from './boards.ts';

const board = (name: string, fault: string) =>
  `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}&seed=${name.length}${name.at(-1)!.charCodeAt(0)}${fault}`;

/** Key blocks of the recipe, which are the first programs of a run; programs of BLOCK0 follow. */
const keyBlocks = 5;
const programs = 10;

describe('silicon that takes bits badly', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  it('weak at the first try: burned again, identically, and passed at the first insertion', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const addresses = upTo(programs).map((n) => board(`weak-${n}`, `&fault=weak-burn:${n}`));
    const ends = await bringToEnd(stage, recipeNamed('esp32p4-production'), addresses);
    for (const { address, verdicts, end } of ends) {
      assert.equal(end, 'sealed', address);
      assert.equal(verdicts.length, 1, `${address}: ${verdicts[0]!.fault?.what}`);
    }
  });

  it('a dead bit in a key block: the key goes into a free block, the spoiled one stays behind hidden', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const addresses = upTo(keyBlocks).map((n) => board(`dead-${n}`, `&fault=dead-bit:${n}`));
    const ends = await bringToEnd(stage, recipeNamed('esp32p4-production'), addresses);
    for (const [at, { address, verdicts, end, chip }] of ends.entries()) {
      assert.equal(verdicts[0]!.fault?.code, 'burn.coding-error', address);
      assert.equal(end, 'sealed', `${address}: ${verdicts.at(-1)!.fault?.what}`);
      assert.equal(verdicts.length, 2);
      const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
      const used = record!.keys.flatMap(({ blocks }) => blocks).sort();
      assert.deepEqual(
        used,
        [4, 5, 6, 7, 8, 9].filter((block) => block !== 4 + at),
      );
      if (at > 0) assert.ok((await keysTakenUp(stage, chip)).includes('flash-encryption'));
    }
  });

  it('more dead blocks than there are spare ones, or a dead bit in BLOCK0: condemned, with the reason', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const two = board('two', '&fault=dead-bit:1&fault=dead-bit:4');
    const block0 = upTo(programs - keyBlocks).map((n) => board(`zero-${n}`, `&fault=dead-bit:${keyBlocks + n}`));
    const loaded = recipeNamed('esp32p4-production');
    const ends = await bringToEnd(stage, loaded, [two, ...block0]);
    for (const { address, verdicts, end, chip } of ends) {
      const { fault } = verdicts.at(-1)!;
      assert.equal(end, 'condemned', address);
      assert.equal(fault!.code, address === two ? 'efuse.no-free-slot' : 'burn.readback-differs', fault!.what);
      const history = await stage.station.parts.ledger.history(chip.identity.mac);
      assert.match(history.condemned!.reason, /^(efuse|burn)\.[a-z-]+: /);
    }
    const again = await stage.provision(loaded, [two]);
    assert.equal(again.counts.refused + again.counts.failed, 1);
    const last = stage.events.findLast((event) => event.type === 'verdict');
    assert.equal(last?.type === 'verdict' && last.fault?.code, 'admission.condemned');
  });

  it('a key that is burned and whose wrapped form is gone: refused before flash is written under another', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeNamed('esp32p4-production');
    const address = board('gone', `&fault=power-cut-after-burn:${keyBlocks + 1}`);
    await insert(stage, loaded, [address]);
    stage.chip(address).powerOn();
    const { parts } = stage.station;
    const forgetful = withPart(parts.ledger, 'history', async (mac) => ({
      ...(await parts.ledger.history(mac)),
      openKeys: [],
    }));
    const { verdicts } = await provisionAt({ ...parts, ledger: forgetful }, loaded, [address]);
    const [verdict] = verdicts;
    assert.equal(verdict?.fault?.code, 'plan.key-lost');
    assert.deepEqual([verdict.outcome, verdict.fault.safety], ['refused', 'resumable']);
    assert.equal((await parts.ledger.history(verdict.mac!)).condemned, null);
  });
});
