// Whether the chip at hand can have become of the one on record: any cut of its own burns, and nothing that lacks what was read back.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bitOf, decodeSnapshot } from '../../../main/efuse/snapshot.ts';
import { contradictions } from '../../../main/efuse/successor.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import type { DeviceHistory } from '../../../main/ledger/ledger.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import { contradictionsOf } from '../../../main/station/known-chip.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { burnedInto, meet, Rig, siliconOf } from './parts.ts';

async function readOut(chip: VirtualChip): Promise<EfuseSnapshot> {
  const board = await meet(chip);
  try {
    return await board.readEfuses();
  } finally {
    await board.close();
  }
}

/** A board of this recipe after a run that met these faults, switched on again; and what the book has of it. */
async function after(loaded: LoadedRecipe, faults: readonly VirtualFault[]) {
  const rig = new Rig(loaded);
  const chip = siliconOf(loaded, { faults });
  await rig.run(chip);
  if (chip.mode === 'off') chip.powerOn();
  const history = await rig.book.history(chip.identity.mac);
  return { rig, chip, history, snapshot: await readOut(chip) };
}

const without = (snapshot: EfuseSnapshot, block: number, word: number, bits: number): EfuseSnapshot => ({
  ...snapshot,
  blocks: snapshot.blocks.map((words, at) =>
    at === block ? words.map((value, i) => (i === word ? (value & ~bits) >>> 0 : value)) : words,
  ),
});

/** Bits of BLOCK0 that the book says were read back, as word and mask. */
function verifiedBits(history: DeviceHistory, { table, blocks }: EfuseSnapshot): [word: number, bits: number][] {
  const places: number[] = [];
  for (const { events } of history.runs)
    for (const { event } of events)
      if (event.type === 'verified' && event.what === 'bits' && event.detail.block === 0)
        for (const { field } of event.detail.fields)
          if (!field.includes('.'))
            for (const { bit, length } of fieldOf(table, field).pieces)
              for (let i = 0; i < length; i++) places.push(bit + i);
  return places.filter((bit) => bitOf(blocks[0]!, bit) === 1).map((bit) => [bit >>> 5, 1 << (bit & 31)]);
}

describe('the chip at hand and the one on record', { concurrency: true }, () => {
  // (the last program before the door is shut)
  for (const [name, last] of [
    ['esp32c3-production', 6],
    ['esp32-production', 5],
  ] as const) {
    const loaded = recipeNamed(name);

    it(`${name}: a cut in or after any burn leaves the chip that it was`, async () => {
      for (let at = 1; at <= last; at++) {
        const kind = at === last ? 'power-cut-after-burn' : 'power-cut-in-burn';
        const { history, snapshot, chip } = await after(loaded, [{ kind, after: at }]);
        assert.deepEqual(contradictionsOf(history, chip.identity.kind, snapshot), [], `${kind} ${at}`);
      }
    });

    it(`${name}: every bit that was read back has to be in`, async () => {
      const { history, snapshot, chip } = await after(loaded, [{ kind: 'power-cut-after-burn', after: last }]);
      const bits = verifiedBits(history, snapshot);
      assert.ok(bits.length > 0);
      for (const [word, mask] of bits)
        assert.notDeepEqual(
          contradictionsOf(history, chip.identity.kind, without(snapshot, 0, word, mask)),
          [],
          `word ${word} bit ${mask}`,
        );
    });

    it(`${name}: a blank one with the same MAC is another, from the first key that was read back`, async () => {
      const { rig, history, chip } = await after(loaded, [{ kind: 'power-cut-in-burn', after: 2 }]);
      const blank = siliconOf(loaded);
      assert.equal(blank.identity.mac, chip.identity.mac);
      assert.match(contradictionsOf(history, blank.identity.kind, await readOut(blank)).join(), /and is blank/);
      const before = burnedInto(blank);
      const end = await rig.run(blank);
      assert.deepEqual(
        [end.outcome, end.fault?.code, end.fault?.safety],
        ['refused', 'admission.other-chip', 'untouched'],
      );
      assert.match(end.fault!.what, /run R-1,.*fixture nest/);
      assert.equal(burnedInto(blank), before);
      assert.ok(!rig.book.said('R-2').some(({ type }) => type === 'intend' || type === 'key-made'));
      assert.equal((await rig.book.history(chip.identity.mac)).runs.length, 1, 'what it showed is not of this MAC');
      assert.equal((await rig.run(chip)).outcome, 'passed', 'the first one goes on');
      assert.equal((await rig.run(siliconOf(loaded))).fault?.code, 'admission.other-chip', 'and once it is sealed');
    });
  }

  it('a blank one before anything was read back gets keys of its own', async () => {
    const loaded = recipeNamed('esp32c3-production');
    const { rig, chip } = await after(loaded, [{ kind: 'power-cut-after-burn', after: 1 }]);
    const end = await rig.run(siliconOf(loaded));
    assert.equal(end.outcome, 'passed');
    assert.ok(!rig.book.said('R-2').some((event) => event.type === 'observed' && event.what === 'key-unwrapped'));
    assert.equal((await rig.run(chip)).fault?.code, 'admission.other-chip', 'and the first one is the other');
  });

  it('another key in a block that can be read, in one block or in two', async () => {
    for (const [name, at, block] of [
      ['esp32c3-production', 3, 5],
      ['esp32p4-production', 4, 4],
      ['esp32p4-production', 4, 5],
    ] as const) {
      const loaded = recipeNamed(name);
      const { history, snapshot, chip } = await after(loaded, [{ kind: 'power-cut-in-burn', after: at }]);
      const { kind } = chip.identity;
      assert.deepEqual(contradictionsOf(history, kind, snapshot), []);
      const other = {
        ...snapshot,
        blocks: snapshot.blocks.map((words, n) => (n === block ? words.map((word) => ~word >>> 0) : words)),
      };
      assert.match(contradictionsOf(history, kind, other).join(), /holds another/, `${name} ${block}`);
    }
  });

  it('another unique id, another kind; a lock that is gone; what is hidden since says nothing', async () => {
    const loaded = recipeNamed('esp32c3-production');
    const { history, snapshot, chip } = await after(loaded, [{ kind: 'power-cut-after-burn', after: 6 }]);
    const { kind } = chip.identity;
    const id = fieldOf(snapshot.table, 'OPTIONAL_UNIQUE_ID').pieces[0]!;
    assert.match(
      contradictionsOf(history, kind, without(snapshot, id.block, id.bit >>> 5, 0xffffffff)).join(),
      /OPTIONAL_UNIQUE_ID was/,
    );
    assert.deepEqual(contradictionsOf(history, 'esp32s3', snapshot), ['it was an esp32c3 and is an esp32s3']);
    const decoded = decodeSnapshot(snapshot);
    const [name, field] = Object.entries(decoded).find(([, { readProtected }]) => readProtected)!;
    const shown = { ...decoded, [name]: { ...field, value: '00', readProtected: false } };
    assert.match(contradictions(decoded, snapshot, shown).join(), /was hidden from reading/);
    assert.deepEqual(contradictions(shown, snapshot, decoded), []);
    const open = { ...decoded, [name]: { ...field, writeProtected: false } };
    assert.match(contradictions(decoded, snapshot, open).join(), /was write-protected/);
    assert.deepEqual(
      contradictions(decoded, snapshot, open, new Set(['WR_DIS'])),
      [],
      'a cut lock may read either way',
    );
  });
});
