// A MAC address of the product's own: its bits, what is left of them to burn, and what it may not be burned over. The same bits come of
// Espressif's tool in test/interop/custom-mac.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customMacIn, macDigits, planCustomMac, unfitMac } from '../../../main/efuse/custom-mac.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';

const mac = '02:ab:cd:12:34:56';
const boards = [
  ['esp32c3', 4, 3],
  ['esp32p4', 301, 3],
  ['esp32c2', 102, 1],
  ['esp32', 300, 3],
  ['esp32s31', 0, 3],
] as const;

/** A board in whose block these bytes stand. */
function holding([kind, revision, block]: (typeof boards)[number], bytes: readonly number[]): EfuseSnapshot {
  const blank = blankSnapshot(efuseTableFor(kind, revision));
  const view = new DataView(Uint8Array.from(bytes).buffer);
  const words = blank.blocks[block]!.map((_, at) => view.getUint32(4 * at, true));
  return { ...blank, blocks: blank.blocks.map((old, at) => (at === block ? words : old)) };
}

test('its bits are the bytes in their order; of ESP32 with version and check byte', () => {
  const bytesOf = (board: (typeof boards)[number]) => {
    const { burns, refusals } = planCustomMac(blankSnapshot(efuseTableFor(board[0], board[1])), mac);
    assert.deepEqual(refusals, []);
    assert.deepEqual([burns.length, burns[0]?.block], [1, board[2]]);
    return Buffer.from(burns[0]!.bytes).toString('hex');
  };
  const zeros = (count: number) => '00'.repeat(count);
  for (const board of [boards[0], boards[1], boards[4]])
    assert.equal(bytesOf(board), `${zeros(25)}02abcd123456${zeros(1)}`);
  assert.equal(bytesOf(boards[2]), `02abcd123456${zeros(26)}`);
  // The check byte as espefuse computes it (burn-custom-mac).
  assert.match(bytesOf(boards[3]), new RegExp(`^[0-9a-f]{2}02abcd123456${zeros(16)}01${zeros(8)}$`));
});

test('every bit of it is told before it is burned', () => {
  for (const board of boards) {
    const { burns, bits } = planCustomMac(blankSnapshot(efuseTableFor(board[0], board[1])), mac);
    const ones = burns[0]!.bytes.flatMap((byte, at) =>
      Array.from({ length: 8 }, (_, bit) => bit).flatMap((bit) => ((byte >>> bit) & 1 ? [8 * at + bit] : [])),
    );
    assert.deepEqual(
      bits.map(({ bit }) => bit).toSorted((one, other) => one - other),
      ones,
      board[0],
    );
    assert.ok(bits.every(({ block }) => block === board[2]));
  }
});

test('is burned once: not again where it is in, and never over another that shares bits with it', () => {
  for (const board of boards) {
    const { bytes } = planCustomMac(blankSnapshot(efuseTableFor(board[0], board[1])), mac).burns[0]!;
    const whole = holding(board, bytes);
    assert.deepEqual(planCustomMac(whole, mac), { burns: [], bits: [], refusals: [] });
    assert.deepEqual(customMacIn(whole), { mac, trouble: null });
    // 0x56 lies within 0x57.
    for (const other of ['02:ab:cd:12:34:57', '06:00:00:00:00:00']) {
      const { burns, refusals } = planCustomMac(whole, other);
      assert.deepEqual(burns, [], `${board[0]} ${other}`);
      assert.deepEqual([refusals[0]?.code, refusals[0]?.condemns], ['efuse.custom-mac-foreign', true], board[0]);
    }
    assert.equal(customMacIn(blankSnapshot(whole.table)), null);
  }
});

test('of ESP32, firmware would not take it without version or with another check byte', () => {
  const board = boards[3];
  const { bytes } = planCustomMac(blankSnapshot(efuseTableFor('esp32', 300)), mac).burns[0]!;
  const without = (at: number) =>
    holding(
      board,
      bytes.map((byte, nth) => (nth === at ? byte ^ 1 : byte)),
    );
  assert.match(customMacIn(without(23))?.trouble ?? '', /MAC_VERSION is 0/);
  assert.match(customMacIn(without(0))?.trouble ?? '', /check byte does not fit/);
});

test('no device may have a group, the broadcast or no address', () => {
  assert.deepEqual(
    ['01005e000001', 'ffffffffffff', '000000000000', '020000000001', '600000000000']
      .map(unfitMac)
      .map((why) => why?.split(' ')[1] ?? null),
    ['a', 'the', 'all', null, null],
  );
  assert.deepEqual(['02:AB:cd:12-34-56', '02abcd12345', 'x'].map(macDigits), ['02abcd123456', null, null]);
});
