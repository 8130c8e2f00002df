// Espressif's NVS partition generator builds the same bytes from the same CSV, and decrypts what we encrypted.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { buildNvs } from '../../main/image/nvs.ts';
import { parseNvsCsv } from '../../main/image/nvs-csv.ts';
import { buildNvsKeys, encryptNvs, nvsKeysFromHmac } from '../../main/image/nvs-encryption.ts';
import { readNvs } from '../../main/image/nvs-read.ts';
import { judging } from './espressif-tools.ts';

const { skip, judges, file, newPath, contentOf } = await judging();

const hex = (bytes: number) => toHex(randomBytes(bytes));
/** The generator takes only files that end in .bin. */
const newBin = () => `${newPath()}.bin`;
const imageOf = (csv: string, size: number) => {
  const { namespaces, mistakes } = parseNvsCsv(csv, contentOf);
  assert.deepEqual(mistakes, []);
  return { namespaces, image: buildNvs(namespaces, size) };
};

async function theirs(csv: string, size: number, ...more: string[]): Promise<Uint8Array> {
  const path = newBin();
  const verb = more.length > 0 ? 'encrypt' : 'generate';
  await judges.pass('nvs_partition_gen', verb, file(csv), path, `0x${size.toString(16)}`, ...more);
  return contentOf(path);
}

const device = () =>
  [
    'key,type,encoding,value',
    '# one device',
    'factory,namespace,,',
    `serial,data,string,SN-${hex(6)}`,
    'hwrev,data,u8,255',
    'offset,data,i8,-128',
    'lot,data,u16,65535',
    'gain,data,i16,-32768',
    'batch,data,u32,4294967295',
    'trim,data,i32,-2147483648',
    'id,data,u64,18446744073709551615',
    'time,data,i64,-9223372036854775808',
    'note,data,string,"commas, ""quotes"" and Grüße"',
    'none,data,string,',
    'wifi,namespace,,',
    'ssid,data,string,factory-floor',
    `psk,data,base64,${randomBytes(63).toString('base64')}`,
    'pad,data,blob_fill(40;0x5a),some text',
    'sized,data,blob_sz_fill(40;0x00),some text',
    'sec2,namespace,,',
    `salt,data,hex2bin,${hex(16)}`,
    `verifier,data,hex2bin,${hex(384)}`,
    '',
  ].join('\n');

/** `before` entries on the first page, then blobs and strings that meet its end. */
const atPageEnd = (before: number) =>
  [
    'key,type,encoding,value',
    'n,namespace,,',
    ...Array.from({ length: before - 1 }, (_, i) => `k${i},data,u8,${i}`),
    `b,data,hex2bin,${hex(before % 5 === 0 ? 0 : before % 3 === 0 ? 32 : 5000)}`,
    `s,data,string,${'s'.repeat(200)}`,
    `c,data,hex2bin,${hex(9000 + before)}`,
    ...Array.from({ length: 130 }, (_, i) => `t${i},data,string,${'t'.repeat(i)}`),
    '',
  ].join('\n');

test('the same bytes for the values of a device', { skip }, async () => {
  const csv = device();
  for (const size of [0x3000, 0x6000, 0x1000])
    assert.equal(toHex(imageOf(csv, size).image), toHex(await theirs(csv, size)));
});

test('the same bytes wherever a page ends', { skip }, async () => {
  await Promise.all(
    [90, 119, 120, 121, 122, 123, 124, 125, 126, 127].map(async (before) => {
      const csv = atPageEnd(before);
      assert.deepEqual(imageOf(csv, 0x10000).image, await theirs(csv, 0x10000), `${before} entries before`);
    }),
  );
});

test('values from files', { skip }, async () => {
  const csv = [
    'key,type,encoding,value',
    'cal,namespace,,',
    `raw,file,binary,${file(randomBytes(700))}`,
    `hex,file,hex2bin,${file(hex(100))}`,
    `b64,file,base64,${file(randomBytes(100).toString('base64'))}`,
    `text,file,string,${file('a text of a file')}`,
    `n,file,u16,${file('1234')}`,
    '',
  ].join('\n');
  assert.equal(toHex(imageOf(csv, 0x3000).image), toHex(await theirs(csv, 0x3000)));
});

test('encrypted with the keys of an HMAC key: the same keys, the same bytes, and they decrypt ours', {
  skip,
}, async () => {
  const hmacKey = randomBytes(32);
  const keyPath = newBin();
  const words = ['--key_protect_hmac', '--kp_hmac_inputkey', file(hmacKey), '--keyfile', keyPath];
  await judges.pass('nvs_partition_gen', 'generate-key', ...words);
  const keys = nvsKeysFromHmac(SecretBytes.adopt(new Uint8Array(hmacKey)));
  buildNvsKeys(keys).use((partition) => assert.equal(toHex(partition), toHex(contentOf(keyPath))));

  for (const csv of [device(), atPageEnd(125)]) {
    const { image, namespaces } = imageOf(csv, 0x10000);
    const sealed = encryptNvs(image, keys);
    assert.deepEqual(sealed, await theirs(csv, 0x10000, '--inputkey', keyPath));
    const [ours, opened] = [newBin(), newBin()];
    writeFileSync(ours, sealed);
    await judges.pass('nvs_partition_gen', 'decrypt', ours, keyPath, opened);
    assert.deepEqual(contentOf(opened), image);
    assert.deepEqual(readNvs(contentOf(opened)).namespaces, namespaces);
  }
});

test('what they refuse for its size we refuse', { skip }, async () => {
  const csv = `key,type,encoding,value\nn,namespace,,\nb,data,hex2bin,${hex(8100)}\n`;
  await judges.fail('nvs_partition_gen', 'generate', file(csv), newBin(), '0x3000');
  assert.throws(() => imageOf(csv, 0x3000));
});
