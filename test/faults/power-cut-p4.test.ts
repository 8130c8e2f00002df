// The supply goes in and right after every single program command of a P4's eFuses: no board is left of which nobody knows what it is.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block0Bits } from '../stories/judge.ts';
import { noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { type BoardEnd, bringToEnd, factoryBits, faultWords, insert, keysTakenUp, upTo } from './boards.ts';

const board = (name: string, seed: number, fault: string) =>
  `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}&seed=${seed}&fault=${fault}`;

/** Program commands of a run that meets no trouble: five key blocks and five programs of BLOCK0. */
const programs = 10;

describe('power cuts of a P4', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  for (const fault of ['power-cut-in-burn', 'power-cut-after-burn']) {
    it(`${fault}: 1 to ${programs} and one more`, async (t) => {
      const stage = await setStage();
      t.after(() => stage.close());
      const loaded = recipeNamed('esp32p4-production');
      const addresses = upTo(programs + 1).map((n) => board(`${fault}-${n}`, 100 + n, `${fault}:${n}`));
      const ends = await bringToEnd(stage, loaded, addresses);
      assert.equal(ends.at(-1)!.verdicts.length, 1, `a run has ${programs} program commands: the next one never comes`);
      for (const [at, end] of ends.slice(0, -1).entries()) {
        assert.equal(end.verdicts[0]!.fault?.safety, 'resumable', `the cut at program ${at + 1} was felt`);
        // the first key block is begun by the first program: from then on its key is that of the first run
        if (at + 1 < programs) assert.ok((await keysTakenUp(stage, end.chip)).includes('flash-encryption'));
        t.diagnostic(`${end.address.split('fault=')[1]}: ${storyOf(end)}`);
      }
    });
  }

  it('cuts that follow one another', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const pairs = [
      [1, 2],
      [2, 5],
      [5, 6],
      [6, 7],
      [7, 8],
      [8, 10],
      [10, 11],
    ];
    const addresses = pairs.map(([first, second], at) =>
      board(`pair-${at}`, 300 + at, `power-cut-in-burn:${first}&fault=power-cut-in-burn:${second}`),
    );
    const ends = await bringToEnd(stage, recipeNamed('esp32p4-production'), addresses);
    for (const end of ends) {
      assert.equal(end.verdicts.length, 3, storyOf(end));
      t.diagnostic(`${end.address.slice(end.address.indexOf('fault='))}: ${storyOf(end)}`);
    }
  });

  it('a cut while flash is written: nothing is burned yet, and the board begins anew', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const afterBytes = [0, 1, 4096, 16384, 20000, 30000, 100000, 160000];
    const addresses = afterBytes.map((bytes) => board(`flash-${bytes}`, 400 + bytes, `power-cut-in-flash:${bytes}`));
    const loaded = recipeNamed('esp32p4-production');
    const first = await insert(stage, loaded, addresses);
    for (const address of addresses) {
      const verdict = first.get(address)!;
      const chip = stage.chip(address);
      assert.equal(chip.mode, 'off');
      assert.notEqual(verdict.outcome, 'passed');
      assert.deepEqual(block0Bits(chip), factoryBits(chip), 'nothing was burned');
      t.diagnostic(`${address.split('fault=')[1]}: ${faultWords(verdict.fault!)}`);
      chip.powerOn();
    }
    const ends = await bringToEnd(stage, loaded, addresses);
    assert.ok(ends.every(({ end, verdicts }) => end === 'sealed' && verdicts.length === 1));
  });
});

function storyOf({ verdicts, end }: BoardEnd): string {
  return [...verdicts.flatMap(({ fault }) => (fault ? [fault.code] : [])), end].join(', then ');
}
