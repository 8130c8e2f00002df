// ESP32-C2: one key block, without a purpose field, that two keys can share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, wordsOf } from '../../../main/base/bytes.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { EfusePast, PastSlot, WantedEfuses, WantedKey } from '../../../main/efuse/plan-types.ts';
import { blankSnapshot, decodeSnapshot, withoutSecrets } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import { withFields, withWords } from './snapshots.ts';

const table = efuseTableFor('esp32c2', 102);
const blank = blankSnapshot(table);
const digest = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i);
const secret = Uint8Array.from({ length: 16 }, (_, i) => 0x10 + i);

const whole: WantedKey = {
  material: { kind: 'secret', role: 'flash-encryption', part: 'whole' },
  purpose: 'XTS_AES_128_KEY',
  slot: null,
};
const derived: WantedKey = { ...whole, purpose: 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS' };
const boot: WantedKey = {
  material: { kind: 'digest', index: 0, sha256: toHex(digest) },
  purpose: 'SECURE_BOOT_DIGEST0',
  slot: null,
};
const wanted = (...keys: WantedKey[]): WantedEfuses => ({ keys, fields: [], writeProtect: [] });
const past = (proven: boolean, more: Partial<PastSlot> = {}): EfusePast => ({
  slots: [{ slot: 0, role: 'flash-encryption', part: 'whole', fingerprint: 'f', proven, ...more }],
});
const nothing: EfusePast = { slots: [] };
/** Both halves of the block: the flash key, and the first half of the digest. */
const full = [...wordsOf(secret), ...wordsOf(digest.subarray(0, 16))];
const block = (snapshot: EfuseSnapshot, words: readonly number[]) => withWords(snapshot, { 3: words });
const codes = (snapshot: EfuseSnapshot, wish: WantedEfuses, before = nothing) =>
  planBurn(snapshot, wish, before).refusals.map(({ code }) => code);

test('a derived flash key and a digest are burned in one go, and only the key is hidden', () => {
  const plan = planBurn(blank, wanted(derived, boot), nothing);
  assert.deepEqual(plan.refusals, []);
  assert.deepEqual(
    plan.burns.map((burn) =>
      burn.kind === 'key'
        ? [burn.block, burn.assignments.length]
        : burn.kind === 'bits'
          ? [burn.stage, ...burn.words]
          : [],
    ),
    [
      [3, 2],
      // WR_DIS bit 7 freezes the block, RD_DIS bit 0 hides its low half (esp_efuse_table.csv of ESP-IDF)
      ['read-protect', 0x80, 1],
    ],
  );
  assert.deepEqual(
    plan.bits.map(({ bit, field }) => [bit, field]),
    [
      [7, 'WR_DIS.BLOCK_KEY0'],
      [32, 'RD_DIS.BLOCK_KEY0.LOW'],
    ],
  );
});

test('a flash key of 256 bits is marked before it is hidden', () => {
  const plan = planBurn(blank, wanted(whole), nothing);
  assert.deepEqual(
    plan.burns.map((burn) => (burn.kind === 'bits' ? [burn.stage, ...burn.words] : burn.block)),
    [3, ['keys', 0, 1 << 10], ['read-protect', 0x80, 3]],
  );
});

test('what the one block has no room for is refused', () => {
  const [refusal] = planBurn(blank, wanted(whole, boot), nothing).refusals;
  assert.equal(refusal!.code, 'efuse.no-free-slot');
  assert.match(refusal!.what, /^The one key block of esp32c2 has no room for /);
  assert.equal(refusal!.condemns, false);
  assert.deepEqual(
    codes(blank, wanted({ ...derived, slot: 1 })),
    ['efuse.no-such-slot', 'efuse.no-free-slot'].slice(0, 1),
  );
  assert.ok(codes(blank, wanted(derived, whole)).includes('efuse.two-flash-keys'));
});

test('a block that was begun is finished, a proven one is left alone', () => {
  const begun = block(blank, [full[0]! & 0x0f0f0f0f, 0, full[2]!, 0, 0, full[5]!]);
  const again = planBurn(begun, wanted(derived, boot), past(false));
  assert.deepEqual(again.refusals, []);
  assert.equal(again.burns.filter(({ kind }) => kind === 'key').length, 1);

  const hidden = withFields(block(blank, [0, 0, 0, 0, ...full.slice(4)]), { RD_DIS: 1, WR_DIS: 0x80 });
  const done = planBurn(hidden, wanted(derived, boot), past(true));
  assert.deepEqual([done.refusals, done.burns], [[], []]);
});

test('a key that nobody can prove any more condemns: there is no other block', () => {
  const hidden = withFields(block(blank, [0, 0, 0, 0, ...full.slice(4)]), { RD_DIS: 1 });
  for (const before of [past(false), past(false, { keyAtHand: false })]) {
    const [refusal] = planBurn(hidden, wanted(derived, boot), before).refusals;
    assert.equal(refusal!.code, 'efuse.unproven-key');
    assert.equal(refusal!.condemns, true);
  }
  assert.ok(
    codes(block(blank, full), wanted(derived, boot), { slots: [], givenUp: [0] }).includes('efuse.unproven-key'),
  );
});

test('strange contents are somebody else’s', () => {
  assert.ok(
    codes(block(blank, full), wanted(derived, boot)).includes('efuse.foreign-key'),
    'a key that no ledger knows',
  );
  assert.ok(codes(block(blank, full), wanted(derived), past(true)).includes('efuse.foreign-key'), 'a digest too many');
  const other = [...full.slice(0, 4), 1, 2, 3, 4];
  assert.ok(codes(block(blank, other), wanted(derived, boot), past(true)).includes('efuse.foreign-key'));
  assert.deepEqual(codes(withFields(blank, { XTS_KEY_LENGTH_256: 1 }), wanted(derived)), ['efuse.foreign-bits']);
});

test('a digest that the block lacks cannot be added beside a proven key', () => {
  const alone = withFields(blank, { RD_DIS: 1, WR_DIS: 0x80 });
  assert.ok(codes(alone, wanted(derived, boot), past(true)).includes('efuse.block-burned-once'));
});

test('without flash encryption the digest stands alone, and nothing is hidden', () => {
  const plan = planBurn(blank, wanted(boot), nothing);
  assert.deepEqual(plan.refusals, []);
  assert.deepEqual(
    plan.bits.map(({ field }) => field),
    ['WR_DIS.BLOCK_KEY0'],
  );
  const there = withFields(block(blank, [0, 0, 0, 0, ...full.slice(4)]), { WR_DIS: 0x80 });
  assert.deepEqual(planBurn(there, wanted(boot), nothing).burns, []);
});

test('no half of the block is shown before it is known not to be a key', () => {
  const burned = block(blank, full);
  assert.deepEqual(withoutSecrets(burned).blocks[3], Array(8).fill(0));
  assert.equal(decodeSnapshot(burned)['KEY0.SB_128BIT']!.value, null);
  // A flash key of 256 bits, burned and not yet marked, looks the same: only a chip that boots by the digest settles it.
  const settled = withFields(burned, { SECURE_BOOT_EN: 1 });
  assert.deepEqual(withoutSecrets(settled).blocks[3], [0, 0, 0, 0, ...full.slice(4)]);
  assert.equal(decodeSnapshot(settled)['KEY0.SB_128BIT']!.value, toHex(digest.subarray(0, 16)));
  assert.equal(decodeSnapshot(settled).KEY0!.value, null);
  const long = withFields(settled, { XTS_KEY_LENGTH_256: 1 });
  assert.deepEqual(withoutSecrets(long).blocks[3], Array(8).fill(0));
});
