import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../main/base/bytes.ts';
import { canonicalJson } from '../../../main/base/json.ts';
import { fieldsFrozenBy } from '../../../main/efuse/bits.ts';
import { shutsDownload } from '../../../main/efuse/door-fields.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { EfusePast, WantedEfuses, WantedField, WantedKey } from '../../../main/efuse/plan-types.ts';
import { assignSlots } from '../../../main/efuse/slots.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor, efuseTables, fieldOf } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import { withFields, withWords } from './snapshots.ts';

const v1 = efuseTableFor('esp32p4', 103);
const v3 = efuseTableFor('esp32p4', 301);
const nothingBefore: EfusePast = { slots: [] };
const sha256 = toHex(new Uint8Array(32).fill(0x5a));

const flashKey: WantedKey = {
  material: { kind: 'secret', role: 'flash-encryption', part: 'whole' },
  purpose: 'XTS_AES_128_KEY',
  slot: null,
};
const hmac: WantedKey = {
  material: { kind: 'secret', role: 'hmac-up', part: 'whole' },
  purpose: 'HMAC_UP',
  slot: null,
};
const digest0: WantedKey = {
  material: { kind: 'digest', index: 0, sha256 },
  purpose: 'SECURE_BOOT_DIGEST0',
  slot: null,
};
const field = (name: string, value: number, stage: WantedField['stage'] = 'protection'): WantedField => ({
  field: name,
  value,
  stage,
  reason: 'test',
});
const wanted = (parts: Partial<WantedEfuses>): WantedEfuses => ({ keys: [], fields: [], writeProtect: [], ...parts });
const codes = (snapshot: EfuseSnapshot, wish: Partial<WantedEfuses>, past = nothingBefore) =>
  planBurn(snapshot, wanted(wish), past).refusals.map(({ code }) => code);

test('one flash key on a blank P4: content, purpose, then protection, as espefuse burns it', () => {
  // Origin: data/vectors/efuse_p4_burns.json, "esp32p4 v1.x burn-key XTS_AES_128".
  const plan = planBurn(blankSnapshot(v1), wanted({ keys: [flashKey] }), nothingBefore);
  assert.deepEqual(plan.refusals, []);
  assert.deepEqual(
    plan.burns.map((burn) => (burn.kind === 'bits' ? [burn.stage, ...burn.words] : [burn.stage, burn.block])),
    [
      ['keys', 4],
      ['keys', 0, 0, 0x04000000, 0, 0, 0],
      ['read-protect', 0x00800100, 1, 0, 0, 0, 0],
    ],
  );
  assert.deepEqual(plan.slots[0]!.todo, { content: true, purpose: true, readProtect: true, writeProtect: true });
  assert.deepEqual(
    plan.bits.map(({ bit, field: name }) => [bit, name]),
    [
      [8, 'WR_DIS.KEY_PURPOSE_0'],
      [23, 'WR_DIS.BLOCK_KEY0'],
      [32, 'RD_DIS.BLOCK_KEY0'],
      [90, 'KEY_PURPOSE_0'],
    ],
  );
  assert.ok(canonicalJson(plan).length > 0, 'a plan prints as JSON');
});

test('the fifth purpose bit of P4 v3 goes where it lies (golden: ECDSA_KEY_P192 capture)', () => {
  const key: WantedKey = {
    material: { kind: 'secret', role: 'ecdsa-identity', part: 'whole' },
    purpose: 'ECDSA_KEY_P192',
    slot: 1,
  };
  const [content, purpose, hide] = planBurn(blankSnapshot(v3), wanted({ keys: [key] }), nothingBefore).burns;
  assert.equal(content!.block, 5);
  assert.deepEqual(purpose!.kind === 'bits' && purpose!.words, [0, 0, 0, 0, 0x10000000, 0]);
  assert.deepEqual(hide!.kind === 'bits' && hide!.words, [0x01000200, 2, 0, 0, 0, 0]);
});

test('stages keep their order; WR_DIS of RD_DIS comes after every RD_DIS, the door last of all', () => {
  const plan = planBurn(
    blankSnapshot(v3),
    wanted({
      keys: [digest0, flashKey],
      fields: [
        field('ENABLE_SECURITY_DOWNLOAD', 1, 'door'),
        field('SECURE_BOOT_EN', 1, 'enable'),
        field('SPI_BOOT_CRYPT_CNT', 7, 'enable'),
        field('DIS_PAD_JTAG', 1),
      ],
      writeProtect: [{ field: 'RD_DIS', reason: 'test' }],
    }),
    nothingBefore,
  );
  assert.deepEqual(plan.refusals, []);
  assert.deepEqual(
    plan.burns.map(({ stage, block }) => `${stage} ${block}`),
    ['keys 5', 'keys 4', 'keys 0', 'read-protect 0', 'protection 0', 'enable 0', 'door 0'],
  );
  const fields = plan.burns.map((burn) => (burn.kind === 'bits' ? burn.fields.map((row) => row.field) : []));
  // Its group is in since the program before: it needs none of its own.
  assert.deepEqual(fields[4], ['WR_DIS.RD_DIS', 'DIS_PAD_JTAG']);
  assert.deepEqual(fields[5], ['SPI_BOOT_CRYPT_CNT', 'SECURE_BOOT_EN']);
  assert.deepEqual(fields[6], ['ENABLE_SECURITY_DOWNLOAD']);
  assert.ok(!fields[3]!.includes('RD_DIS.BLOCK_KEY0'), 'a digest is never hidden');
  assert.deepEqual(plan.burns[5], {
    kind: 'bits',
    stage: 'enable',
    block: 0,
    words: [0, 0, 0x1c0000, 0x100000, 0, 0],
    fields: [
      { field: 'SPI_BOOT_CRYPT_CNT', from: 0, to: 7, reason: 'test' },
      { field: 'SECURE_BOOT_EN', from: 0, to: 1, reason: 'test' },
    ],
  });
});

test('slots: going back finds an assignment where taking the first free one does not', () => {
  const c3 = blankSnapshot(efuseTableFor('esp32c3', 4));
  // Slots 0 to 4 are taken or fixed but one; the flash key cannot go into slot 5, so the HMAC key must.
  const locked = withFields(c3, { WR_DIS: 0b1111 << 23 });
  const plan = planBurn(locked, wanted({ keys: [hmac, flashKey] }), nothingBefore);
  assert.deepEqual(plan.refusals, []);
  assert.deepEqual(
    plan.slots.map(({ slot, purpose }) => [slot, purpose]),
    [
      [4, 'XTS_AES_128_KEY'],
      [5, 'HMAC_UP'],
    ],
  );
});

test('slots: what collides is named, and only that', () => {
  assert.deepEqual(assignSlots([[0, 1], [2], [1], [0, 1], [3, 4]]), { colliding: [0, 2, 3], tooMany: 1 });
  const plan = planBurn(
    blankSnapshot(v3),
    wanted({ keys: [{ ...flashKey, slot: 2 }, digest0, { ...hmac, slot: 2 }] }),
    nothingBefore,
  );
  const [refusal] = plan.refusals;
  assert.equal(refusal!.code, 'efuse.no-free-slot');
  assert.match(refusal!.what, /flash-encryption key and the hmac-up key together/);
  assert.doesNotMatch(refusal!.what, /digest/);
  assert.equal(refusal!.condemns, false, 'a virgin chip cannot have it either: the recipe is wrong');
});

test('refusals of the recipe', () => {
  const p4 = blankSnapshot(v3);
  const s3 = blankSnapshot(efuseTableFor('esp32s3', 2));
  const half: WantedKey = {
    ...flashKey,
    purpose: 'XTS_AES_256_KEY_1',
    material: { kind: 'secret', role: 'flash-encryption', part: 'low' },
  };
  const cases: [string, EfuseSnapshot, Partial<WantedEfuses>][] = [
    ['efuse.forbidden-slot', s3, { keys: [{ ...flashKey, slot: 5 }] }],
    ['efuse.no-such-slot', p4, { keys: [{ ...hmac, slot: 6 }] }],
    ['efuse.half-flash-key', p4, { keys: [half] }],
    [
      'efuse.half-ecdsa-key',
      p4,
      {
        keys: [
          {
            material: { kind: 'secret', role: 'ecdsa-identity', part: 'low' },
            purpose: 'ECDSA_KEY_P384_L',
            slot: null,
          },
        ],
      },
    ],
    [
      'efuse.purpose-twice',
      p4,
      { keys: [hmac, { ...hmac, material: { kind: 'secret', role: 'hmac-down-ds', part: 'whole' } }] },
    ],
    ['efuse.purpose-unsupported', blankSnapshot(v1), { keys: [{ ...hmac, purpose: 'ECDSA_KEY' }] }],
    ['efuse.purpose-unsupported', s3, { keys: [{ ...hmac, purpose: 'ECDSA_KEY' }] }],
    ['efuse.purpose-unsupported', p4, { keys: [{ ...hmac, purpose: 'KM_INIT_KEY' }] }],
    ['efuse.s3-usb', s3, { fields: [field('DIS_USB_JTAG', 1), field('DIS_USB_SERIAL_JTAG', 1)] }],
    ['efuse.thermometer', p4, { fields: [field('SECURE_VERSION', 5)] }],
    ['efuse.value-too-wide', p4, { fields: [field('SOFT_DIS_JTAG', 8)] }],
    ['efuse.not-by-bits', p4, { fields: [field('USER_DATA', 1)] }],
    ['efuse.not-by-bits', blankSnapshot(efuseTableFor('esp32', 300)), { fields: [field('MAC_CUSTOM', 1)] }],
    ['efuse.key-manager', p4, { fields: [field('FORCE_USE_KEY_MANAGER_KEY', 2)] }],
    ['efuse.not-by-name', p4, { fields: [field('RD_DIS', 1)] }],
    ['efuse.not-by-name', p4, { fields: [field('KEY0_PURPOSE', 4)] }],
    ['efuse.unknown-field', p4, { fields: [field('ABS_DONE_1', 1)] }],
    ['efuse.unknown-field', p4, { writeProtect: [{ field: 'ABS_DONE_1', reason: '' }] }],
    ['efuse.no-write-protection', p4, { writeProtect: [{ field: 'USB_PHY_SEL', reason: '' }] }],
    ['efuse.secure-boot-without-key', p4, { fields: [field('SECURE_BOOT_EN', 1, 'enable')] }],
    ['efuse.encryption-without-key', p4, { fields: [field('SPI_BOOT_CRYPT_CNT', 7, 'enable')] }],
    ['efuse.revokes-wanted-key', p4, { keys: [digest0], fields: [field('SECURE_BOOT_KEY_REVOKE0', 1)] }],
    ['efuse.wish-twice', p4, { fields: [field('SOFT_DIS_JTAG', 7), field('SOFT_DIS_JTAG', 1)] }],
    ['efuse.door-too-early', p4, { fields: [field('DIS_DOWNLOAD_MODE', 1)] }],
    ['efuse.door-too-early', p4, { fields: [field('ENABLE_SECURITY_DOWNLOAD', 1, 'enable')] }],
    ['efuse.door-too-early', p4, { fields: [field('DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE', 1)] }],
    ['efuse.door-too-early', blankSnapshot(efuseTableFor('esp32', 301)), { fields: [field('UART_DOWNLOAD_DIS', 1)] }],
    [
      'efuse.freezes-device',
      p4,
      {
        deviceKeys: ['XTS_AES_128_KEY'],
        fields: [{ ...field('SPI_BOOT_CRYPT_CNT', 7, 'enable'), by: 'device' }],
        writeProtect: [{ field: 'SPI_BOOT_CRYPT_CNT', reason: '' }],
      },
    ],
    [
      'efuse.freezes-device',
      p4,
      {
        fields: [{ ...field('SPI_BOOT_CRYPT_CNT', 7, 'enable'), by: 'device' }],
        deviceKeys: ['XTS_AES_128_KEY'],
        writeProtect: [{ field: 'SPI_BOOT_CRYPT_CNT', reason: '' }],
      },
    ],
    [
      'efuse.freezes-anti-rollback',
      p4,
      { fields: [field('SECURE_VERSION', 1)], writeProtect: [{ field: 'DIS_DIRECT_BOOT', reason: '' }] },
    ],
    [
      'efuse.freezes-door',
      p4,
      {
        fields: [field('ENABLE_SECURITY_DOWNLOAD', 1, 'door')],
        writeProtect: [{ field: 'UART_PRINT_CONTROL', reason: '' }],
      },
    ],
  ];
  for (const name of [
    'FLASH_TPUW',
    'DIS_WDT',
    'DIS_SWD',
    'DIS_TWAI',
    'HP_PWR_SRC_SEL',
    'FORCE_SEND_RESUME',
    'FLASH_ECC_EN',
    'WAFER_VERSION_MINOR',
    'DISABLE_WAFER_VERSION_MAJOR',
  ])
    cases.push(['efuse.board-property', p4, { fields: [field(name, 1)] }]);
  for (const [code, snapshot, wish] of cases) {
    const plan = planBurn(snapshot, wanted(wish), nothingBefore);
    assert.deepEqual([code, plan.refusals.map((refusal) => refusal.code)], [code, [code]]);
    assert.equal(plan.refusals[0]!.condemns, false, code);
  }
});

test('a door that is asked for by name as well is shut once, behind everything else', () => {
  const plan = planBurn(
    blankSnapshot(v3),
    wanted({
      fields: [field('DIS_DOWNLOAD_MODE', 1), field('DIS_PAD_JTAG', 1), field('DIS_DOWNLOAD_MODE', 1, 'door')],
    }),
    nothingBefore,
  );
  assert.deepEqual(plan.refusals, []);
  assert.deepEqual(
    plan.burns.map((burn) => (burn.kind === 'bits' ? [burn.stage, ...burn.fields.map((row) => row.field)] : [])),
    [
      ['protection', 'DIS_PAD_JTAG'],
      ['door', 'DIS_DOWNLOAD_MODE'],
    ],
  );
});

test('refusals of the board', () => {
  const p4 = blankSnapshot(v3);
  const foreign = withFields(withWords(p4, { 6: [1, 2, 3] }), { KEY_PURPOSE_2: 8 });
  const digestWords = { 4: Array.from({ length: 8 }, () => 0x5a5a5a5a) };
  const cases: [string, EfuseSnapshot, Partial<WantedEfuses>][] = [
    ['efuse.foreign-key', foreign, {}],
    ['efuse.foreign-key', withFields(p4, { KEY_PURPOSE_5: 4 }), {}],
    ['efuse.foreign-key', withFields(p4, { RD_DIS: 2 }), {}],
    ['efuse.rd-dis-locked', withFields(p4, { WR_DIS: 1 }), { keys: [hmac] }],
    ['efuse.foreign-bits', withFields(p4, { SECURE_VERSION: 7 }), { fields: [field('SECURE_VERSION', 3)] }],
    ['efuse.foreign-bits', withFields(p4, { SPI_BOOT_CRYPT_CNT: 1 }), {}],
    ['efuse.foreign-bits', withFields(p4, { DIS_DOWNLOAD_MODE: 1 }), {}],
    ['efuse.write-protected', withFields(p4, { WR_DIS: 4 }), { fields: [field('DIS_PAD_JTAG', 1)] }],
    ['efuse.digest-revoked', withFields(p4, { SECURE_BOOT_KEY_REVOKE0: 1 }), { keys: [digest0] }],
    [
      'efuse.digest-hidden',
      withFields(withWords(p4, digestWords), { KEY_PURPOSE_0: 9, RD_DIS: 1 }),
      { keys: [digest0] },
    ],
    ['efuse.purpose-locked', withFields(withWords(p4, digestWords), { WR_DIS: 1 << 8 }), { keys: [digest0] }],
    [
      'efuse.block-locked',
      withFields(withWords(p4, { 4: [0x5a5a5a5a] }), { KEY_PURPOSE_0: 9, WR_DIS: 1 << 23 }),
      { keys: [digest0] },
    ],
    ['efuse.block-unreadable', { ...p4, rsErrors: [0x8, 0] }, {}],
    ['efuse.block0-errors', { ...p4, repeatErrors: [1 << 20, 0, 0, 0, 0] }, {}],
    ['efuse.no-free-slot', withFields(p4, { WR_DIS: 0b111111 * 2 ** 23 }), { keys: [hmac] }],
  ];
  for (const [code, snapshot, wish] of cases) {
    const plan = planBurn(snapshot, wanted(wish), nothingBefore);
    assert.deepEqual([code, plan.refusals.map((refusal) => refusal.code)], [code, [code]]);
    assert.equal(plan.refusals[0]!.condemns, true, code);
    assert.match(plan.refusals[0]!.what, /^[A-Z].*\.$/);
  }
});

test('write protection of a group comes after its last field, with those of "enable" too', () => {
  const plan = planBurn(
    blankSnapshot(v3),
    wanted({
      keys: [flashKey],
      fields: [field('SPI_BOOT_CRYPT_CNT', 1, 'enable'), field('DIS_PAD_JTAG', 1)],
      writeProtect: [
        { field: 'SPI_BOOT_CRYPT_CNT', reason: 'one bit must be final' },
        { field: 'DIS_PAD_JTAG', reason: 'keeps brick bits at 0' },
      ],
    }),
    nothingBefore,
  );
  const order = plan.burns.flatMap((burn) => (burn.kind === 'bits' ? burn.fields.map((row) => row.field) : []));
  assert.ok(order.indexOf('DIS_PAD_JTAG') < order.findIndex((name) => name.startsWith('WR_DIS.DIS_USB_JTAG')));
  assert.equal(order.at(-1), 'WR_DIS.SPI_BOOT_CRYPT_CNT');
});

test('on every chip a lock stands behind the programs of its whole group, since a supply can fail inside each', () => {
  for (const table of efuseTables) {
    const lockable = table.fields.filter(
      ({ name, writeDisableBit, pieces }) =>
        writeDisableBit !== null && pieces[0]!.block === 0 && name !== 'RD_DIS' && !shutsDownload(name),
    );
    for (const name of new Set(['RD_DIS', ...lockable.map((each) => each.name)]))
      for (const stage of ['protection', 'enable'] as const) {
        const group = fieldsFrozenBy(table, fieldOf(table, name).writeDisableBit!).map((each) => each.name);
        // Its group in this stage, all others in the other one.
        const fields = lockable.map((each) =>
          field(each.name, 1, group.includes(each.name) === (stage === 'enable') ? 'enable' : 'protection'),
        );
        const wish = { fields, writeProtect: [{ field: name, reason: 'test' }] };
        const programs = planBurn(blankSnapshot(table), wanted(wish), nothingBefore).burns.map((burn) =>
          burn.kind === 'bits' ? burn.fields.map((row) => row.field) : [],
        );
        const lock = programs.findIndex((program) => program.some((each) => each.startsWith('WR_DIS.')));
        const last = programs.findLastIndex((program) => program.some((each) => group.includes(each)));
        assert.ok(lock < 0 || lock > last, `${table.name}: ${name} in ${stage}, lock ${lock}, group ${last}`);
      }
  }
});

test('a half-burned digest is ours by its bits and is burned again; a whole one is only protected', () => {
  const half = withWords(blankSnapshot(v3), { 6: [0x5a5a5a5a, 0x10101010] });
  const begun = planBurn({ ...half, rsErrors: [0x00800000, 0] }, wanted({ keys: [digest0] }), nothingBefore);
  assert.deepEqual(begun.refusals, []);
  assert.deepEqual([begun.slots[0]!.slot, begun.slots[0]!.todo.content], [2, true]);
  const whole = withWords(blankSnapshot(v3), { 6: Array.from({ length: 8 }, () => 0x5a5a5a5a) });
  assert.equal(planBurn(whole, wanted({ keys: [digest0] }), nothingBefore).slots[0]!.todo.content, false);
  assert.deepEqual(codes(withWords(blankSnapshot(v3), { 6: [0x5a5a5a5b] }), { keys: [digest0] }), [
    'efuse.foreign-key',
  ]);
});

test('a key block of an earlier run: compared, left behind, or condemned', () => {
  const past = (entry: Partial<EfusePast['slots'][number]>): EfusePast => ({
    slots: [{ slot: 1, role: 'hmac-up', part: 'whole', fingerprint: 'f', proven: false, ...entry }],
  });
  const begun = withWords(blankSnapshot(v3), { 5: [1, 2, 3] });
  const slotOf = (snapshot: EfuseSnapshot, before: EfusePast) =>
    planBurn(snapshot, wanted({ keys: [hmac] }), before).slots[0]!;

  assert.deepEqual([slotOf(begun, past({})).slot, slotOf(begun, past({})).todo.content], [1, true], 'to be compared');
  assert.equal(slotOf(begun, past({ proven: true })).todo.content, false, 'proven and on disk');
  assert.equal(slotOf(begun, past({ keyAtHand: false })).slot, 0, 'key gone: another block');
  assert.equal(slotOf(begun, { ...past({}), givenUp: [1] }).slot, 0, 'block spoiled: another block');

  const moved = planBurn(begun, wanted({ keys: [hmac] }), past({ keyAtHand: false }));
  assert.deepEqual(moved.refusals, []);
  const hide = moved.burns.find(({ stage }) => stage === 'read-protect');
  assert.ok(
    hide?.kind === 'bits' && hide.fields.some((row) => row.field === 'RD_DIS.BLOCK_KEY1'),
    'the old block is hidden',
  );

  const hidden = withFields(blankSnapshot(v3), { RD_DIS: 2, KEY_PURPOSE_1: 8 });
  assert.deepEqual(slotOf(hidden, past({ proven: true })).todo, {
    content: false,
    purpose: false,
    readProtect: false,
    writeProtect: true,
  });
  assert.deepEqual(codes(hidden, { keys: [hmac] }, past({})), ['efuse.unproven-key']);
  assert.deepEqual(codes(hidden, { keys: [hmac] }), ['efuse.foreign-key']);
  // hidden, proven, and since then more bytes of it went wrong than its code can set right
  assert.deepEqual(codes({ ...hidden, rsErrors: [0x00080000, 0] }, { keys: [hmac] }, past({ proven: true })), [
    'efuse.key-unreadable',
  ]);
});
