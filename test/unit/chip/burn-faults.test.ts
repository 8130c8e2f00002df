// Silicon, supply and line fail while a board is burned; the same board is then inserted again until it is done.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WantedEfuses } from '../../../main/efuse/plan-types.ts';
import { type Fault, isFault } from '../../../main/model/fault.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { soakFuses } from '../../soak/fuses.ts';
import { Tally } from '../../soak/tally.ts';
import { Book, meet, production, virtualChip } from './rig.ts';

const wanted = production('esp32p4', 301);
/** Three key blocks and five programs of BLOCK0. */
const programs = 8;

/** What an undisturbed board holds at the end. */
async function straight(wish: WantedEfuses): Promise<(readonly number[])[]> {
  const chip = virtualChip('esp32p4', 301);
  const board = await meet(chip);
  await new Book().run(board, wish);
  await board.close();
  return hardware(chip);
}

/** All blocks as the hardware sees them. (Single copies of WR_DIS may differ after a power cut: no register of the chip tells that.) */
function hardware(chip: VirtualChip): (readonly number[])[] {
  return chip.efuse.table.blocks.map(({ number }) => chip.efuse.hardwareBlock(number));
}
const perfect = await straight(wanted);

/** Inserts the board until its burning ends well or is condemned; gives the faults on the way. */
async function insertUntilDone(chip: VirtualChip, book = new Book(), visits = 4): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (let visit = 0; visit < visits; visit++) {
    chip.powerOn();
    const board = await meet(chip);
    try {
      // With the door shut there is nothing left to plan: its effect is all there is to see.
      if (board.identity.security.secureDownload) return faults;
      await book.run(board, wanted);
      return faults;
    } catch (error) {
      if (!isFault(error)) throw error;
      faults.push(error);
      if (error.safety === 'condemned') return faults;
    } finally {
      await board.close();
    }
  }
  return faults;
}

for (const kind of ['power-cut-in-burn', 'power-cut-after-burn'] as const)
  test(`${kind}: at every burn the board is told resumable, and ends like any other`, async () => {
    for (let after = 1; after <= programs; after++) {
      const chip = virtualChip('esp32p4', 301, [{ kind, after }]);
      const faults = await insertUntilDone(chip);
      assert.deepEqual(
        faults.map(({ code, safety }) => [code, safety]),
        [['burn.lost-contact', 'resumable']],
        `burn ${after}`,
      );
      assert.deepEqual(hardware(chip), perfect, `burn ${after}`);
    }
  });

test('a power cut at every burn of a board, one after the other', async () => {
  // Each visit begins with what the last one left, so the numbers of the programs run on.
  const cuts = [2, 3, 5, 6, 8, 10, 12].map((after): VirtualFault => ({ kind: 'power-cut-in-burn', after }));
  const chip = virtualChip('esp32p4', 301, cuts);
  const faults = await insertUntilDone(chip, new Book(), 12);
  assert.deepEqual(
    faults.map(({ code }) => code),
    cuts.map(() => 'burn.lost-contact'),
  );
  assert.deepEqual(hardware(chip), perfect);
});

test('weak-burn: a bit that did not take is burned again in the same visit', async () => {
  for (let after = 1; after <= programs; after++) {
    const chip = virtualChip('esp32p4', 301, [{ kind: 'weak-burn', after }]);
    assert.deepEqual(await insertUntilDone(chip), [], `burn ${after}`);
    assert.deepEqual(hardware(chip), perfect, `burn ${after}`);
  }
});

test('dead-bit in a key block: the block is given up, hidden and frozen, and the key takes the next one', async () => {
  const chip = virtualChip('esp32p4', 301, [{ kind: 'dead-bit', after: 1 }]);
  const book = new Book();
  const faults = await insertUntilDone(chip, book);
  assert.deepEqual(
    faults.map(({ code, safety }) => [code, safety]),
    [['burn.coding-error', 'resumable']],
  );
  assert.deepEqual(book.past.givenUp, [0]);
  assert.equal(chip.efuse.field('KEY_PURPOSE_0'), 0, 'no purpose for the spoiled block');
  assert.equal(chip.efuse.field('RD_DIS') & 1, 1);
  assert.equal((chip.efuse.field('WR_DIS') >>> 23) & 1, 1);
  const purposes = [1, 2, 3].map((slot) => chip.efuse.field(`KEY_PURPOSE_${slot}`));
  assert.deepEqual(
    purposes.sort((a, b) => a - b),
    [2, 3, 9],
  );
  assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1);
});

test('dead-bit in a digest block: the digest moves on, too', async () => {
  const chip = virtualChip('esp32p4', 301, [{ kind: 'dead-bit', after: 3 }]);
  const faults = await insertUntilDone(chip);
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['burn.coding-error'],
  );
  assert.equal(chip.efuse.field('KEY_PURPOSE_3'), 9);
});

test('dead-bit in BLOCK0: the board is condemned, and the door stays as it is', async () => {
  for (let after = 4; after <= programs; after++) {
    const chip = virtualChip('esp32p4', 301, [{ kind: 'dead-bit', after }]);
    const faults = await insertUntilDone(chip);
    assert.deepEqual(
      faults.map(({ code, safety }) => [code, safety]),
      [['burn.readback-differs', 'condemned']],
      `burn ${after}`,
    );
    assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 0);
  }
});

for (const kind of ['lost-answer', 'garbled-answer', 'lost-request-byte'] as const)
  test(`${kind}: wherever the line fails, what is burned in the end is what was planned`, async () => {
    for (let after = 108; after <= 260; after += 11) {
      const chip = virtualChip('esp32p4', 301, [{ kind, after }]);
      const faults = await insertUntilDone(chip);
      assert.ok(
        faults.every(({ safety }) => safety === 'resumable'),
        faults.map(({ code, what }) => `${code} ${what}`).join(),
      );
      assert.deepEqual(hardware(chip), perfect, `${kind} at ${after}`);
    }
  });

test('thirty chips of all kinds, cut and killed inside a burn and at any register, by seed (the soak has the many)', async () => {
  const tally = new Tally();
  for (let seed = 1; seed <= 30; seed++) await soakFuses(seed, tally);
  assert.deepEqual(tally.lines(), []);
  assert.ok(tally.instants > 60, `${tally.instants} instants`);
});
