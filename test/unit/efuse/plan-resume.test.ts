// Power may go between two burns and in the middle of one. From wherever the board is left, planning again must lead to the same end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfWords, concat, fromHex, toHex, wordsOf } from '../../../main/base/bytes.ts';
import { type RandomSource, seededRandom } from '../../../main/base/random.ts';
import { readDisableBitsOf } from '../../../main/efuse/parts.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { Burn, EfusePast, PastSlot, WantedEfuses, WantedKey } from '../../../main/efuse/plan-types.ts';
import { rsDecode, rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { bitOf } from '../../../main/efuse/snapshot.ts';
import {
  efuseTableFor,
  efuseTables,
  fieldOf,
  purposeRule,
  readDisablePlace,
  widthOf,
} from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot, EfuseTable } from '../../../main/efuse/types.ts';

/** Silicon as far as a plan sees it: BLOCK0 words, 44 bytes a key block, read protection on the way out. */
class Silicon {
  readonly table: EfuseTable;
  readonly block0: number[];
  readonly blocks = new Map<number, Uint8Array>();

  constructor(table: EfuseTable) {
    this.table = table;
    this.block0 = Array<number>(table.blocks[0]!.words).fill(0);
  }

  program(block: number, bytes: Uint8Array): void {
    const frozen = this.table.blocks[block]!.writeDisableBit;
    if (block === 0) {
      wordsOf(bytes).forEach((word, i) => {
        this.block0[i] = (this.block0[i]! | word) >>> 0;
      });
    } else if (((this.block0[0]! >>> frozen!) & 1) === 0) {
      const stored = this.blocks.get(block) ?? new Uint8Array(44);
      this.blocks.set(
        block,
        stored.map((byte, i) => byte | bytes[i]!),
      );
    }
  }

  read(): EfuseSnapshot {
    const rsErrors: [number, number] = [0, 0];
    const hides = (bit: number) => bitOf(this.block0, readDisablePlace(this.table, bit)) === 1;
    const blocks = this.table.blocks.map((block) => {
      const { number, words } = block;
      if (number === 0) return [...this.block0];
      const stored = this.blocks.get(number) ?? new Uint8Array(44);
      const { data, corrected, failed } =
        block.coding === 'bits' ? { data: stored, corrected: 0, failed: false } : rsDecode(stored);
      const at = number - 1;
      rsErrors[at >>> 3]! |= corrected << (4 * (at & 7));
      const failAt = at + this.table.rsFailBitShift;
      if (failed) rsErrors[failAt >>> 3]! |= 8 << (4 * (failAt & 7));
      return wordsOf(data.subarray(0, 4 * words)).map((word, i) =>
        readDisableBitsOf(block, { bit: 32 * i, length: 32 }).some(hides) ? 0 : word,
      );
    });
    return {
      table: this.table,
      blocks,
      repeatErrors: this.table.registers.repeatErrors.map(() => 0),
      rsErrors: [rsErrors[0] >>> 0, rsErrors[1] >>> 0],
    };
  }
}

const digest = toHex(seededRandom(99)(32));
const secretOf = (role: string, part: string) => seededRandom(role.length * 7 + part.length)(32);

/** Flash key, HMAC key and digest with everything a production recipe of this chip burns. */
function production(table: EfuseTable): WantedEfuses {
  const has = (name: string) => table.fields.some(({ name: own, pieces }) => own === name && pieces[0]!.block === 0);
  const knows = (name: string) => table.purposes.some(({ purpose }) => purpose === name);
  const double = knows('XTS_AES_256_KEY_1');
  const derived = 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS';
  const flash = (part: 'whole' | 'low' | 'high', purpose: WantedKey['purpose']) =>
    ({ material: { kind: 'secret', role: 'flash-encryption', part }, purpose, slot: null }) as const;
  return {
    keys: [
      ...(double
        ? [flash('low', 'XTS_AES_256_KEY_1'), flash('high', 'XTS_AES_256_KEY_2')]
        : [
            flash(
              'whole',
              knows(derived) ? derived : knows('FLASH_ENCRYPTION') ? 'FLASH_ENCRYPTION' : 'XTS_AES_128_KEY',
            ),
          ]),
      ...(knows('HMAC_UP')
        ? [{ material: { kind: 'secret', role: 'hmac-up', part: 'whole' }, purpose: 'HMAC_UP', slot: null } as const]
        : []),
      { material: { kind: 'digest', index: 0, sha256: digest }, purpose: 'SECURE_BOOT_DIGEST0', slot: null },
    ],
    fields: (
      [
        ['SECURE_BOOT_KEY_REVOKE1', 1, 'protection'],
        ['SECURE_BOOT_KEY_REVOKE2', 1, 'protection'],
        ['DIS_PAD_JTAG', 1, 'protection'],
        ['DIS_USB_JTAG', 1, 'protection'],
        ['HARD_DIS_JTAG', 1, 'protection'],
        ['SOFT_DIS_JTAG', table.chip === 'esp32s2' ? 1 : 7, 'protection'],
        ['DIS_LEGACY_SPI_BOOT', 1, 'protection'],
        ['DIS_DIRECT_BOOT', 1, 'protection'],
        ['DIS_DOWNLOAD_MANUAL_ENCRYPT', 1, 'protection'],
        ['SPI_DOWNLOAD_MSPI_DIS', 1, 'protection'],
        ['XTS_DPA_PSEUDO_LEVEL', 1, 'protection'],
        ['SECURE_VERSION', 3, 'protection'],
        ['FLASH_CRYPT_CONFIG', 15, 'protection'],
        ['JTAG_DISABLE', 1, 'protection'],
        ['DISABLE_DL_ENCRYPT', 1, 'protection'],
        ['FLASH_CRYPT_CNT', 127, 'enable'],
        ['ABS_DONE_1', 1, 'enable'],
        ['UART_DOWNLOAD_DIS', 1, 'door'],
        ['SPI_BOOT_CRYPT_CNT', 7, 'enable'],
        ['SECURE_BOOT_EN', 1, 'enable'],
        ['ENABLE_SECURITY_DOWNLOAD', 1, 'door'],
      ] as const
    )
      .filter(([name]) => has(name))
      .map(([field, value, stage]) => ({ field, value, stage, reason: 'production' })),
    writeProtect: [{ field: 'RD_DIS', reason: 'digests stay readable' }],
  };
}

function codeword(burn: Extract<Burn, { kind: 'key' }>, table: EfuseTable): Uint8Array {
  const block = new Uint8Array(32);
  for (const { material, purpose } of burn.assignments) {
    const { part, reversed } = purposeRule(table, purpose);
    const whole = material.kind === 'digest' ? fromHex(digest) : secretOf(material.role, material.part);
    const data = whole.slice(0, part.length / 8);
    if (reversed) data.reverse();
    block.set(data, part.bit / 8);
  }
  return table.blocks[burn.block]!.coding === 'bits'
    ? concat(block, new Uint8Array(12))
    : concat(block, rsEncode(block));
}

/** Carries a plan out; with `stop`, power goes in the middle of (or right after) that burn, counted from 0. */
function carryOut(
  silicon: Silicon,
  wanted: WantedEfuses,
  past: PastSlot[],
  stop: number | null,
  random: RandomSource,
): boolean {
  const before = silicon.read();
  const plan = planBurn(before, wanted, { slots: past } satisfies EfusePast);
  assert.deepEqual(plan.refusals, []);
  const hiding = (words: readonly number[]) =>
    Array.from({ length: widthOf(fieldOf(silicon.table, 'RD_DIS')) }).some(
      (_, bit) => bitOf(words, readDisablePlace(silicon.table, bit)) === 1,
    );
  for (const [index, burn] of plan.burns.entries()) {
    const cut = index === stop;
    const mask = (bytes: Uint8Array) =>
      cut ? bytes.map((byte) => byte & random(1)[0]! & (random(1)[0]! | 0x55)) : bytes;
    if (burn.kind === 'key') {
      const { slot } = burn.assignments[0]!;
      const entry = past.findIndex((known) => known.slot === slot);
      if (entry >= 0) past.splice(entry, 1);
      for (const { material } of burn.assignments)
        if (material.kind === 'secret')
          past.push({ slot, role: material.role, part: material.part, fingerprint: 'f', proven: false });
      const bytes = codeword(burn, silicon.table);
      const stored = silicon.blocks.get(burn.block) ?? new Uint8Array(44);
      for (const [i, byte] of stored.entries()) assert.equal(byte & ~bytes[i]!, 0, 'no foreign bit under a key');
      silicon.program(burn.block, mask(bytes));
      if (cut) return false;
      assert.deepEqual(silicon.blocks.get(burn.block), bytes);
      const now = past.findIndex((known) => known.slot === slot);
      if (now >= 0) past[now] = { ...past[now]!, proven: true };
    } else if (burn.kind === 'bits') {
      for (const [i, word] of burn.words.entries())
        assert.equal(word & silicon.block0[i]!, 0, 'no bit is burned twice');
      if ((silicon.block0[0]! & 1) === 1) assert.ok(!hiding(burn.words), 'no RD_DIS after its write protection');
      assert.ok((burn.words[0]! & 1) === 0 || !hiding(burn.words), 'nor with it');
      silicon.program(0, mask(bytesOfWords(burn.words)));
      if (cut) return false;
    }
  }
  const again = planBurn(silicon.read(), wanted, { slots: past });
  assert.deepEqual([again.burns, again.refusals], [[], []], 'nothing is left to do');
  return true;
}

for (const table of efuseTables)
  test(`${table.name}: power cuts at any burn, up to four times, end where an undisturbed board ends`, () => {
    const wanted = production(table);
    const straight = new Silicon(table);
    assert.ok(carryOut(straight, wanted, [], null, seededRandom(0)));
    for (let round = 0; round < 60; round++) {
      const random = seededRandom(1000 + round);
      const silicon = new Silicon(table);
      const past: PastSlot[] = [];
      for (let cuts = 0; cuts < round % 5; cuts++)
        if (carryOut(silicon, wanted, past, random(1)[0]! % 9, random)) break;
      assert.ok(carryOut(silicon, wanted, past, null, random));
      assert.deepEqual(silicon.block0, straight.block0);
      assert.deepEqual(silicon.blocks, straight.blocks);
    }
  });

test('the plan of a production P4 has the burns of its stages and no more', () => {
  const silicon = new Silicon(efuseTableFor('esp32p4', 301));
  const plan = planBurn(silicon.read(), production(silicon.table), { slots: [] });
  assert.deepEqual(
    plan.burns.map(({ stage, kind }) => `${stage} ${kind}`),
    [
      'keys key',
      'keys key',
      'keys key',
      'keys key',
      'keys bits',
      'read-protect bits',
      'protection bits',
      'enable bits',
      'door bits',
    ],
  );
});
