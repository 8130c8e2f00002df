import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, reversed, toHex, u32le } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { decryptFlash, encryptFlash, encryptFlashAsync } from '../../../main/image/flash-encryption.ts';
import { vectorFile } from '../../vectors.ts';

const key64 = Uint8Array.from({ length: 64 }, (_, i) => i);
const key32 = key64.slice(0, 32);
const plain = (length: number) => Uint8Array.from({ length }, (_, i) => (7 * i + 3) & 0xff);

/** The rule of FACTS 3.2 word for word, one unit at a time with OpenSSL's own XTS: slow, and independent of the product's way. */
function literally(bytes: Uint8Array, address: number, key: Uint8Array): Uint8Array {
  const start = address - (address % 128);
  const end = Math.ceil((address + bytes.length) / 128) * 128;
  const padded = new Uint8Array(end - start);
  padded.set(bytes, address - start);
  const units: Uint8Array[] = [];
  for (let at = start; at < end; at += 128) {
    const cipher = createCipheriv(
      key.length === 32 ? 'aes-128-xts' : 'aes-256-xts',
      key,
      concat(u32le(at), new Uint8Array(12)),
    );
    units.push(reversed(new Uint8Array(cipher.update(reversed(padded.subarray(at - start, at - start + 128))))));
  }
  return concat(...units).slice(address - start, address - start + bytes.length);
}

test('first bytes as espsecure 5.3.1 encrypts them (FACTS 3.2)', () => {
  const at = (address: number, key: Uint8Array) => toHex(encryptFlash(plain(256), address, key).subarray(0, 16));
  assert.equal(at(0x10000, key32), '00074d144449de0002776b2cc0026e7b');
  assert.equal(at(0x10000, key64), 'e1b7ce701c9cbcffcd14c30c22f1c848');
  assert.equal(toHex(encryptFlash(plain(16), 0x10010, key32)), '4bd7b39650b43cf0314c05eb6e524480');
});

test('every XTS vector, both ways', () => {
  const file = vectorFile<{
    vectors: { scheme: string; key: string; address: number; plaintext: string; ciphertext: string }[];
  }>('flash_encryption.json');
  const xts = file.vectors.filter(({ scheme }) => scheme === 'xts');
  assert.equal(xts.length, 8);
  for (const vector of xts) {
    const key = fromHex(vector.key);
    assert.equal(toHex(encryptFlash(fromHex(vector.plaintext), vector.address, key)), vector.ciphertext);
    assert.equal(toHex(decryptFlash(fromHex(vector.ciphertext), vector.address, key)), vector.plaintext);
  }
});

test('any start and length equals the rule taken word for word', () => {
  const random = seededRandom(7);
  const starts = [0, 0x10, 0x70, 0x2000, 0x2010, 0x7ff0, 0xfffff80, 0xfff0_0070];
  const lengths = [16, 32, 112, 128, 144, 256, 0x7ff0, 0x8000, 0x8010, 0x10020];
  for (const start of starts)
    for (const length of lengths) {
      const bytes = random(length);
      const key = random(length % 32 === 0 ? 64 : 32);
      const cipher = encryptFlash(bytes, start, key);
      assert.deepEqual(cipher, literally(bytes, start, key), `start ${start}, length ${length}`);
      assert.deepEqual(decryptFlash(cipher, start, key), bytes);
    }
});

test('a piece encrypted alone equals the same piece of the whole', () => {
  const whole = encryptFlash(plain(0x400), 0x20000, key64);
  for (let from = 0; from < 0x400; from += 0x30)
    assert.deepEqual(
      encryptFlash(plain(0x400).subarray(from, from + 0x30), 0x20000 + from, key64),
      whole.subarray(from, from + 0x30),
    );
});

test('the form that lets the event loop run gives the same bytes, and lets it run', async () => {
  const bytes = seededRandom(1)(0xa0050);
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const cipher = await encryptFlashAsync(bytes, 0x10030, key64);
  done = true;
  assert.deepEqual(cipher, encryptFlash(bytes, 0x10030, key64));
  assert.ok(turns >= 2, `${turns} turns`);
});

test('the key may be zeroed once the asynchronous form has returned its promise', async () => {
  const bytes = plain(0x80000);
  const lent = key64.slice();
  const promise = encryptFlashAsync(bytes, 0, lent);
  lent.fill(0);
  assert.deepEqual(await promise, encryptFlash(bytes, 0, key64));
});

test('key and input are left as they were, and the answer holds nothing but itself', () => {
  const key = key64.slice();
  const bytes = plain(0x100);
  const cipher = encryptFlash(bytes, 0x1000, key);
  assert.deepEqual(key, key64);
  assert.deepEqual(bytes, plain(0x100));
  assert.equal(cipher.buffer.byteLength, cipher.length);
});

test('the address matters, and so does each half of the key', () => {
  const base = toHex(encryptFlash(plain(128), 0x1000, key32));
  assert.notEqual(toHex(encryptFlash(plain(128), 0x1080, key32)), base);
  for (const byte of [0, 31]) {
    const other = key32.slice();
    other[byte] = (other[byte] as number) ^ 1;
    assert.notEqual(toHex(encryptFlash(plain(128), 0x1000, other)), base);
  }
});

test('nothing at all is nothing', async () => {
  assert.equal(encryptFlash(new Uint8Array(0), 0x1000, key32).length, 0);
  assert.equal((await encryptFlashAsync(new Uint8Array(0), 0x1000, key32)).length, 0);
});

test('wrong lengths and addresses are refused', async () => {
  assert.throws(() => encryptFlash(plain(16), 8, key32), RangeError);
  assert.throws(() => encryptFlash(plain(15), 0, key32), RangeError);
  assert.throws(() => encryptFlash(plain(32), 0xfffffff0, key32), RangeError);
  assert.throws(() => encryptFlash(plain(16), 0, plain(48)), RangeError);
  await assert.rejects(encryptFlashAsync(plain(15), 0, key32), RangeError);
});
