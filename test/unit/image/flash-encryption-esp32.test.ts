import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import {
  decryptFlashEsp32,
  encryptFlashEsp32,
  encryptFlashEsp32Async,
} from '../../../main/image/flash-encryption-esp32.ts';
import { vectorFile } from '../../vectors.ts';

const key32 = Uint8Array.from({ length: 32 }, (_, i) => i);
const plain = (length: number) => Uint8Array.from({ length }, (_, i) => (7 * i + 3) & 0xff);

test('32 bytes at 0x1000 as espsecure 5.3.1 encrypts them (FACTS 3.3)', () => {
  assert.equal(
    toHex(encryptFlashEsp32(plain(32), 0x1000, key32)),
    'bec9ba38f42cb1146617670cc5962e8b2067a4725dc4db7906747b88a4bbb277',
  );
});

test('every ESP32 vector, both ways: other places, other groups, the 24-byte key', () => {
  const file = vectorFile<{
    vectors: {
      scheme: string;
      key: string;
      address: number;
      flash_crypt_conf?: string;
      plaintext: string;
      ciphertext: string;
    }[];
  }>('flash_encryption.json');
  const classic = file.vectors.filter(({ scheme }) => scheme === 'esp32-classic');
  assert.equal(classic.length, 4);
  for (const { key, address, flash_crypt_conf, plaintext, ciphertext } of classic) {
    const config = Number(flash_crypt_conf);
    assert.equal(toHex(encryptFlashEsp32(fromHex(plaintext), address, fromHex(key), config)), ciphertext);
    assert.equal(toHex(decryptFlashEsp32(fromHex(ciphertext), address, fromHex(key), config)), plaintext);
  }
});

test('a piece cut anywhere is the same piece of the whole, and comes back', async () => {
  const random = seededRandom(5);
  const [key, bytes] = [random(32), random(0x10020)];
  const whole = encryptFlashEsp32(bytes, 0x7fff00, key);
  assert.deepEqual(await encryptFlashEsp32Async(bytes, 0x7fff00, key), whole);
  assert.deepEqual(encryptFlashEsp32(bytes.subarray(0x10, 0x50), 0x7fff10, key), whole.subarray(0x10, 0x50));
  assert.deepEqual(decryptFlashEsp32(whole.subarray(0x110), 0x800010, key), bytes.subarray(0x110));
});

test('the lent key may be zeroed as soon as the call is back', async () => {
  const bytes = plain(0x10000);
  const key = key32.slice();
  const result = encryptFlashEsp32Async(bytes, 0x10000, key);
  key.fill(0);
  assert.deepEqual(await result, encryptFlashEsp32(bytes, 0x10000, key32));
});

test('wrong lengths, places and configurations are refused', () => {
  assert.throws(() => encryptFlashEsp32(plain(16), 0x1008, key32), RangeError);
  assert.throws(() => encryptFlashEsp32(plain(15), 0x1000, key32), RangeError);
  assert.throws(() => encryptFlashEsp32(plain(16), 0x1000, key32.subarray(0, 16)), RangeError);
  assert.throws(() => encryptFlashEsp32(plain(16), 0x1000, key32, 16), RangeError);
});
