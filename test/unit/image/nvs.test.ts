import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, toHex } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { buildNvs } from '../../../main/image/nvs.ts';
import { parseNvsCsv } from '../../../main/image/nvs-csv.ts';
import {
  buildNvsKeys,
  decryptNvs,
  encryptNvs,
  nvsKeysFromHmac,
  readNvsKeys,
} from '../../../main/image/nvs-encryption.ts';
import {
  type NvsEntry,
  type NvsNamespace,
  type NvsValue,
  pageStates,
  writePageHeader,
} from '../../../main/image/nvs-format.ts';
import { readNvs } from '../../../main/image/nvs-read.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const refused = (code: string) => (error: unknown) => isFault(error, code);
const noFiles = () => {
  throw new Error('there are no files');
};
const hmacKey = () => SecretBytes.adopt(Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i));
const blob = (length: number, seed = 5): NvsValue => ({
  type: 'blob',
  value: Uint8Array.from({ length }, (_, i) => (i * seed + 9) & 0xff),
});
const one = (name: string, ...entries: NvsEntry[]): NvsNamespace[] => [{ name, entries }];

interface Vectors {
  csv: string;
  size: number;
  plain: { sha256: string };
  encrypted: { sha256: string };
  keys_partition: { hmac_key: string; first_80_bytes: string; len: number };
  multipage_blob: { size: number; sha256: string };
}

test("the values of a CSV give the bytes of Espressif's generator, in clear and encrypted", () => {
  const { csv, size, plain, encrypted, keys_partition: keys } = vectorFile<Vectors>('nvs.json');
  const { namespaces, mistakes } = parseNvsCsv(csv, noFiles);
  assert.deepEqual(mistakes, []);
  const image = buildNvs(namespaces, size);
  assert.equal(sha256(image), plain.sha256);

  const derived = nvsKeysFromHmac(SecretBytes.adopt(fromHex(keys.hmac_key)));
  const sealed = encryptNvs(image, derived);
  assert.equal(sha256(sealed), encrypted.sha256);
  assert.deepEqual(decryptNvs(sealed, derived), image);
  assert.deepEqual(readNvs(decryptNvs(sealed, derived)).namespaces, namespaces);

  buildNvsKeys(derived, keys.len).use((partition) => {
    assert.equal(toHex(partition.subarray(0, 80)), keys.first_80_bytes);
    assert.equal(partition.length, keys.len);
    assert.equal(readNvsKeys(partition)?.fingerprint(), derived.fingerprint());
  });
});

test('a blob over two pages', () => {
  const { size, sha256: digest } = vectorFile<Vectors>('nvs.json').multipage_blob;
  const content = one('big', { key: 'b', value: blob(5000) });
  const image = buildNvs(content, size);
  assert.equal(sha256(image), digest);
  const { namespaces, pages, problems } = readNvs(image);
  assert.deepEqual(namespaces, content);
  assert.deepEqual(
    pages.map(({ state, written }) => [state, written]),
    [
      ['full', 126],
      ['active', 35],
      ['empty', 0],
      ['empty', 0],
    ],
  );
  assert.deepEqual(problems, []);
});

test('keys of the HMAC scheme', () => {
  const expected = vectorFile<{ nvs_eky: string; nvs_tky: string }>('hmac.json');
  nvsKeysFromHmac(hmacKey()).use((keys) => assert.equal(toHex(keys), expected.nvs_eky + expected.nvs_tky));
});

// First entry of namespace "factory" at offset 0x40 under the keys of HMAC key 40..5F (FACTS 9.3).
test('one entry is one data unit whose tweak is its offset', () => {
  const sealed = encryptNvs(buildNvs(one('factory'), 0x3000), nvsKeysFromHmac(hmacKey()));
  assert.equal(toHex(sealed.subarray(0x40, 0x60)), 'e73ce8b077f2f9a7d8572035a5089fd9d8556bfcdec0fe7af983c8351ba60a70');
  assert.ok(sealed.subarray(0x60).every((byte) => byte === 0xff));
});

test('every type comes back, at both ends of its range', () => {
  const content = one(
    'types',
    { key: 'u8', value: { type: 'u8', value: 255n } },
    { key: 'i8', value: { type: 'i8', value: -128n } },
    { key: 'u16', value: { type: 'u16', value: 65535n } },
    { key: 'i16', value: { type: 'i16', value: -32768n } },
    { key: 'u32', value: { type: 'u32', value: 4294967295n } },
    { key: 'i32', value: { type: 'i32', value: -2147483648n } },
    { key: 'u64', value: { type: 'u64', value: 18446744073709551615n } },
    { key: 'i64', value: { type: 'i64', value: -9223372036854775808n } },
    { key: 'text', value: { type: 'string', value: 'Grüße, 東京' } },
    { key: 'empty', value: { type: 'string', value: '' } },
    { key: 'none', value: blob(0) },
    { key: 'exact', value: blob(64) },
    { key: '123456789012345', value: { type: 'u8', value: 0n } },
  );
  assert.deepEqual(readNvs(buildNvs(content, 0x3000)).namespaces, content);
});

test('blobs and strings at every place of a page come back', () => {
  for (let before = 121; before < 127; before++)
    for (const length of [0, 31, 32, 33, 96, 300, 9000]) {
      const fill: NvsEntry[] = Array.from({ length: before - 1 }, (_, i) => ({
        key: `k${i}`,
        value: { type: 'u8', value: 1n },
      }));
      const text: NvsValue = { type: 'string', value: 'x'.repeat(Math.min(length, 3000)) };
      const content = one('n', ...fill, { key: 'b', value: blob(length) }, { key: 's', value: text });
      const { namespaces, problems } = readNvs(buildNvs(content, 0x6000));
      assert.deepEqual(problems, []);
      assert.deepEqual(namespaces, content, `${before} entries, then ${length} bytes`);
    }
});

test('the longest string fills a page of its own', () => {
  const text = (length: number) =>
    one('n', { key: 's', value: { type: 'string', value: 'y'.repeat(length) } as const });
  const { pages, namespaces } = readNvs(buildNvs(text(3999), 0x3000));
  assert.deepEqual(namespaces, text(3999));
  assert.deepEqual(
    pages.map(({ written }) => written),
    [1, 126, 0],
  );
  assert.throws(() => buildNvs(text(4000), 0x3000), refused('image.nvs-string'));
});

test('one page stays free, unless the partition can only be read', () => {
  const content = one('n', { key: 'b', value: blob(7000) });
  assert.throws(() => buildNvs(one('n', { key: 'b', value: blob(8000) }), 0x3000), refused('image.nvs-room'));
  assert.equal(readNvs(buildNvs(content, 0x3000)).pages[2]?.state, 'empty');
  assert.deepEqual(readNvs(buildNvs(content, 0x2000)).namespaces, content);
});

test('what NVS cannot hold is refused', () => {
  const u8 = (value: bigint): NvsValue => ({ type: 'u8', value });
  const wrong: [string, NvsNamespace[], number][] = [
    ['image.nvs-size', [], 0x3001],
    ['image.nvs-size', [], 0],
    ['image.nvs-key', one('a name too long!'), 0x3000],
    ['image.nvs-key', one(''), 0x3000],
    ['image.nvs-key', one('n', { key: 'ümlaute in keys', value: u8(1n) }), 0x3000],
    ['image.nvs-twice', [...one('n'), ...one('n')], 0x3000],
    ['image.nvs-twice', one('n', { key: 'k', value: u8(1n) }, { key: 'k', value: u8(2n) }), 0x3000],
    ['image.nvs-range', one('n', { key: 'k', value: u8(256n) }), 0x3000],
    ['image.nvs-range', one('n', { key: 'k', value: { type: 'i64', value: 1n << 63n } }), 0x3000],
    ['image.nvs-string', one('n', { key: 'k', value: { type: 'string', value: 'a\0b' } }), 0x3000],
    ['image.nvs-blob', one('n', { key: 'k', value: blob(130 * 4000) }), 0x100000],
    ['image.nvs-namespaces', Array.from({ length: 255 }, (_, i) => ({ name: `n${i}`, entries: [] })), 0x8000],
  ];
  for (const [code, content, size] of wrong) assert.throws(() => buildNvs(content, size), refused(code), code);
});

test('damage is told where it is, and the rest is read', () => {
  const content = one(
    'n',
    { key: 'a', value: { type: 'u8', value: 1n } },
    { key: 's', value: { type: 'string', value: 'hello' } },
    { key: 'b', value: blob(40) },
    { key: 'z', value: { type: 'u8', value: 2n } },
  );
  const good = buildNvs(content, 0x3000);
  // entry: 0 namespace, 1 a, 2 s, 3 its data, 4 chunk, 5 6 its data, 7 index, 8 z
  const lost: [number, string][] = [
    [1, 'a'],
    [3, 's'],
    [5, 'b'],
    [7, 'b'],
    [8, 'z'],
  ];
  for (const [entry, key] of lost) {
    const bad = good.slice();
    bad[64 + 32 * entry + 1]! ^= 0x10;
    const { namespaces, problems } = readNvs(bad);
    assert.ok(problems.length > 0, `entry ${entry}`);
    assert.deepEqual(
      namespaces[0]?.entries.map((item) => item.key),
      ['a', 's', 'b', 'z'].filter((name) => name !== key),
    );
  }
  const header = good.slice();
  header[4]! ^= 1;
  assert.match(readNvs(header).problems[0]?.what ?? '', /CRC/);
  assert.throws(() => readNvs(good.subarray(0, 4000)), refused('image.nvs-size'));
  assert.throws(() => readNvs(encryptNvs(good, nvsKeysFromHmac(hmacKey()))), refused('image.nvs-unreadable'));
});

test('of a key that was written again the page with the later number counts, wherever it lies', () => {
  const image = (value: bigint) => buildNvs(one('n', { key: 'k', value: { type: 'u8', value } }), 0x1000);
  for (const sequences of [
    [0, 9],
    [9, 0],
  ] as const) {
    const pages = [image(1n), image(2n)];
    for (const [at, page] of pages.entries()) writePageHeader(page, pageStates.full, sequences[at]!);
    const { namespaces, problems } = readNvs(concat(...pages));
    assert.deepEqual(problems, []);
    assert.deepEqual(namespaces[0]?.entries[0]?.value, { type: 'u8', value: sequences[0] === 9 ? 1n : 2n });
  }
});

test('keys that are none', () => {
  const equal = SecretBytes.adopt(new Uint8Array(64).fill(7));
  assert.throws(() => encryptNvs(new Uint8Array(4096), equal), RangeError);
  assert.throws(() => buildNvsKeys(equal), RangeError);
  assert.throws(() => nvsKeysFromHmac(equal), RangeError);
  assert.equal(readNvsKeys(new Uint8Array(4096).fill(0xff)), null);
  assert.throws(() => readNvsKeys(new Uint8Array(64)), refused('image.nvs-keys-short'));
  const damaged = buildNvsKeys(nvsKeysFromHmac(hmacKey())).use((bytes) => bytes.slice());
  damaged[3]! ^= 1;
  assert.throws(() => readNvsKeys(damaged), refused('image.nvs-keys'));
});
