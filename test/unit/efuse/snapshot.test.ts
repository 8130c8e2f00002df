import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../../main/base/json.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { identityFromSnapshot } from '../../../main/efuse/identity.ts';
import {
  blankSnapshot,
  blockHealth,
  decodeSnapshot,
  diffSnapshots,
  readValue,
  withoutSecrets,
} from '../../../main/efuse/snapshot.ts';
import { efuseTableFor, efuseTables, fieldOf } from '../../../main/efuse/tables.ts';
import { efuseToken, parseEfuseToken } from '../../../main/efuse/token.ts';
import type { EfuseSnapshot, EfuseTable } from '../../../main/efuse/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { withFields, withWords } from './snapshots.ts';

const p4v3 = efuseTableFor('esp32p4', 301);

/** P4 v3.1 with MAC 30:ed:a0:11:22:33, words of BLOCK1 by FACTS 1.5. */
const board = withWords(blankSnapshot(p4v3), { 1: [0xa0112233, 0x30ed, 0x31] });

test('identity of a P4: revision from BLOCK1 word 2, MAC as on the label', () => {
  assert.deepEqual(identityFromSnapshot(board), { mac: '30:ed:a0:11:22:33', revision: 301, packageVersion: 0 });
  const v1 = withWords(blankSnapshot(efuseTableFor('esp32p4', 103)), { 1: [1, 0, 0x13 | (2 << 20)] });
  assert.deepEqual(identityFromSnapshot(v1), { mac: '00:00:00:00:00:01', revision: 103, packageVersion: 2 });
});

test('the revision reads the same through either P4 table, so that it can choose the table', () => {
  const words = [0xa0112233, 0x30ed, 0x31 | (1 << 23)];
  for (const table of efuseTables.filter(({ chip }) => chip === 'esp32p4'))
    assert.equal(identityFromSnapshot(withWords(blankSnapshot(table), { 1: words })).revision, 701);
});

test('S3 and C3 have a high bit of the minor revision; S3 v0.0 with block version 1.1 is known', () => {
  const s3 = blankSnapshot(efuseTableFor('esp32s3', 1));
  assert.equal(
    identityFromSnapshot(withFields(s3, { WAFER_VERSION_MINOR_LO: 2, WAFER_VERSION_MINOR_HI: 1 })).revision,
    10,
  );
  const first = withFields(s3, { WAFER_VERSION_MAJOR: 2, BLK_VERSION_MAJOR: 1, BLK_VERSION_MINOR: 1 });
  assert.equal(identityFromSnapshot(first).revision, 0);
});

test('a field of two pieces is put together low piece first', () => {
  const snapshot = withWords(blankSnapshot(p4v3), { 0: [0, 0, 0x1000000, 0, 1 << 27] });
  assert.equal(readValue(snapshot, 'KEY_PURPOSE_0'), 17);
  assert.equal(
    readValue(
      withFields(blankSnapshot(p4v3), { RECOVERY_BOOTLOADER_FLASH_SECTOR: 0xabc }),
      'RECOVERY_BOOTLOADER_FLASH_SECTOR',
    ),
    0xabc,
  );
});

test('long fields are hex, first byte of the block first', () => {
  const snapshot = withWords(blankSnapshot(p4v3), { 2: [0x03020100, 0, 0, 0x0f000000] });
  assert.equal(readValue(snapshot, 'OPTIONAL_UNIQUE_ID'), '0001020300000000000000000000000f');
});

test('error nibbles: count and fail bit, on ESP32-C3 the fail bit one nibble later', () => {
  const state = (snapshot: EfuseSnapshot, block: number) =>
    blockHealth(snapshot).find((entry) => entry.block === block);
  const p4: EfuseSnapshot = { ...blankSnapshot(p4v3), rsErrors: [0x0000b000, 0x10] };
  assert.deepEqual(state(p4, 4), { block: 4, correctedBytes: 3, failed: true });
  assert.deepEqual(state(p4, 10), { block: 10, correctedBytes: 1, failed: false });
  assert.deepEqual(state(p4, 5), { block: 5, correctedBytes: 0, failed: false });
  const c3: EfuseSnapshot = { ...blankSnapshot(efuseTableFor('esp32c3', 3)), rsErrors: [0x80000000, 0x08] };
  assert.equal(state(c3, 7)!.failed, true);
  assert.equal(state(c3, 8)!.failed, true);
  assert.equal(state(c3, 9)!.failed, false);
});

test('decoding shows protections and words, and never what may be a secret', () => {
  const secret = [0xdeadbeef, 1, 2, 3, 4, 5, 6, 7];
  const snapshot = withFields(withWords(board, { 4: secret, 5: secret, 6: secret }), {
    KEY_PURPOSE_0: 4,
    KEY_PURPOSE_1: 9,
    SPI_BOOT_CRYPT_CNT: 1,
    RD_DIS: 1,
    WR_DIS: (1 << 23) | (1 << 8),
  });
  const decoded = decodeSnapshot(snapshot);
  assert.deepEqual(decoded.KEY0, { value: null, writeProtected: true, readProtected: true });
  assert.equal(decoded.KEY1!.value, 'efbeadde01000000020000000300000004000000050000000600000007000000');
  assert.deepEqual(
    decoded.KEY2,
    { value: null, writeProtected: false, readProtected: false },
    'content without purpose',
  );
  assert.deepEqual(decoded.KEY_PURPOSE_0, {
    value: 4,
    text: 'XTS_AES_128_KEY',
    writeProtected: true,
    readProtected: false,
  });
  assert.equal(decoded.SPI_BOOT_CRYPT_CNT!.text, 'Enable');
  assert.equal(decoded.MAC!.text, '30:ed:a0:11:22:33');
  assert.equal(canonicalJson(decoded).match(/efbeadde/g)!.length, 1, 'the digest alone');
});

test('a token keeps a whole state but for secrets, and notices every changed character', () => {
  const random = seededRandom(5);
  for (const table of efuseTables) {
    const blank = blankSnapshot(table);
    const [factory] = fieldOf(table, 'MAC').pieces;
    const snapshot = withFields(
      {
        ...blank,
        // what the factory burns says which silicon it is
        blocks: blank.blocks.map((words, block) =>
          block === factory!.block
            ? words
            : words.map(() => new DataView(random(4).buffer).getUint32(0) >>> (random(1)[0]! % 32)),
        ),
        repeatErrors: blank.repeatErrors.map((_, i) => (i === blank.repeatErrors.length - 1 ? 5 : 0)),
        rsErrors: [0x10, 0],
      },
      revisionFields(table),
    );
    const token = efuseToken(snapshot);
    assert.deepEqual(parseEfuseToken(token), withoutSecrets(snapshot), table.name);
    const at = 5 + (random(1)[0]! % (token.length - 5));
    const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    assert.throws(
      () => parseEfuseToken(changed),
      (error) => isFault(error, 'efuse.bad-token'),
    );
  }
});

/** The fields that tell the first revision of a table. */
function revisionFields({ revisions: { min }, name, fields }: EfuseTable): Record<string, number> {
  if (name === 'esp32') return {};
  const has = (field: string) => fields.some((each) => each.name === field);
  const major = Math.trunc(min / 100);
  return {
    [has('WAFER_VERSION_MAJOR') ? 'WAFER_VERSION_MAJOR' : 'WAFER_VERSION_MAJOR_LO']: major,
    [has('WAFER_VERSION_MINOR') ? 'WAFER_VERSION_MINOR' : 'WAFER_VERSION_MINOR_LO']: min % 100,
  };
}

test('tokens that are none', () => {
  const good = efuseToken(blankSnapshot(efuseTableFor('esp32c3', 0)));
  assert.equal(good, `EFSR:esp32c3:000::::::::::::${good.slice(-7)}`);
  for (const [text, why] of [
    ['', /does not begin/],
    [good.replace('EFSR', 'EFSW'), /what was to be burned/],
    [good.slice(0, -1), /checksum/],
    [good.replace('c3', 'c4'), /checksum/],
  ] as const)
    assert.throws(
      () => parseEfuseToken(text),
      (error) => isFault(error, 'efuse.bad-token') && why.test(error.what),
      text,
    );
});

test('a difference names fields, and leaves the bits of a secret out', () => {
  const after = withFields(withWords(board, { 4: [1, 2, 3] }), { DIS_PAD_JTAG: 1, KEY_PURPOSE_0: 8 });
  assert.deepEqual(diffSnapshots(board, after), [
    { field: 'DIS_PAD_JTAG', raised: ['0.51'], lowered: [] },
    { field: 'KEY_PURPOSE_0', raised: ['0.91'], lowered: [] },
  ]);
  assert.deepEqual(diffSnapshots(after, board)[0], { field: 'DIS_PAD_JTAG', raised: [], lowered: ['0.51'] });
});
