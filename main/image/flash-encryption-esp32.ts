import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

// Flash encryption of the classic ESP32 (FACTS 3.3): AES-256 the wrong way round (to encrypt flash is to *decrypt* with AES), 16-byte blocks
// without any chaining, each block byte-reversed before and after. Every 32 bytes of flash have a key of their own: the key of BLOCK1 with
// some of its bits flipped by bits of the address.
//
//     key bit n (0 = most significant bit of file byte 0)   ^=   bit tweakBits[n] of the address, where FLASH_CRYPT_CONFIG has n's group
//
// XOR is its own sum: for each address bit the flips are one fixed mask of 32 bytes, so the key of a place is the file's key XOR the masks of
// the bits that are 1 in its address.

const blockSize = 16;
const pairSize = 32;
const keySize = 32;
/** How much is done before the event loop gets its turn: some milliseconds, as each 32 bytes take a key schedule of their own. */
const turnSize = 0x2000;

/** FLASH_CRYPT_CONFIG of every product: all four groups of key bits are tweaked (FACTS 3.3). */
export const fullCryptConfig = 0xf;

/** Address bits from `high` down to 5. */
const run = (high: number) => Array.from({ length: high - 4 }, (_, i) => high - i);

/** Four groups of key bits, each three whole runs of address bits and a shorter one: 67, 65, 63 and 61 bits. */
const groups: readonly (readonly number[])[] = [14, 12, 10, 8].map((last) => [
  ...run(23),
  ...run(23),
  ...run(23),
  ...run(last),
]);

/**
 * What the flash of an ESP32 must hold at `address` so that the chip reads `plain` there.
 *
 * `address` (absolute, bytes) and the length must be multiples of 16. `key` is in file order: 32 bytes, or 24 where BLOCK1 carries the 3/4
 * coding; it is only read. `config` is FLASH_CRYPT_CONFIG, 0..15. RangeError for a wrong length, address or configuration.
 */
export function encryptFlashEsp32(
  plain: Uint8Array,
  address: number,
  key: Uint8Array,
  config = fullCryptConfig,
): Uint8Array {
  return transform(plain, address, key, config, 'encrypt');
}

/** The inverse of `encryptFlashEsp32`, with the same rules. */
export function decryptFlashEsp32(
  cipher: Uint8Array,
  address: number,
  key: Uint8Array,
  config = fullCryptConfig,
): Uint8Array {
  return transform(cipher, address, key, config, 'decrypt');
}

/**
 * `encryptFlashEsp32` that lets the event loop run every 8 KiB. The key is read before this returns, so it may be lent for the time of the
 * call only; `plain` must not change until the promise resolves.
 */
export async function encryptFlashEsp32Async(
  plain: Uint8Array,
  address: number,
  key: Uint8Array,
  config = fullCryptConfig,
): Promise<Uint8Array> {
  checkRange(plain, address, config);
  const own = wholeKey(key);
  const result = new Uint8Array(plain.length);
  try {
    for (let at = 0; at < plain.length; at += turnSize) {
      if (at > 0) await setImmediate();
      result.set(transform(plain.subarray(at, at + turnSize), address + at, own, config, 'encrypt'), at);
    }
  } finally {
    own.fill(0);
  }
  return result;
}

/** The 32 bytes that AES works with; of a 24-byte key its middle third counts twice (FACTS 3.1). The caller zeroes them. */
function wholeKey(key: Uint8Array): Uint8Array {
  if (key.length !== keySize && key.length !== 24)
    throw new RangeError(`an ESP32's flash encryption key has 32 or 24 bytes, not ${key.length}`);
  const whole = new Uint8Array(keySize);
  whole.set(key);
  if (key.length === 24) whole.set(key.subarray(8, 16), 24);
  return whole;
}

function checkRange(bytes: Uint8Array, address: number, config: number): void {
  if (!Number.isInteger(address) || address < 0 || address % blockSize !== 0 || address + bytes.length > 0x100000000)
    throw new RangeError(`flash address ${address} is no multiple of 16 within 32 bits`);
  if (bytes.length % blockSize !== 0) throw new RangeError(`${bytes.length} bytes are no multiple of 16`);
  if (!Number.isInteger(config) || config < 0 || config > 15) throw new RangeError(`no FLASH_CRYPT_CONFIG ${config}`);
}

function transform(
  bytes: Uint8Array,
  address: number,
  key: Uint8Array,
  config: number,
  way: 'encrypt' | 'decrypt',
): Uint8Array {
  checkRange(bytes, address, config);
  const own = wholeKey(key);
  const masks = masksOf(config);
  const tweaked = new Uint8Array(keySize);
  const pair = Buffer.alloc(pairSize);
  const result = new Uint8Array(bytes.length);
  try {
    for (let at = -(address % pairSize); at < bytes.length; at += pairSize) {
      const from = Math.max(at, 0);
      const to = Math.min(at + pairSize, bytes.length);
      tweakedKey(tweaked, own, masks, address + at);
      const work = pair.subarray(0, to - from);
      work.set(bytes.subarray(from, to));
      reverseBlocks(work);
      // A key object costs a fifth of what bytes cost here, where every 32 bytes take a new one; OpenSSL cleanses it as it does a schedule.
      const pairKey = createSecretKey(tweaked);
      // Inverted on purpose: the chip encrypts flash with the decryption half of AES.
      const cipher =
        way === 'encrypt'
          ? createDecipheriv('aes-256-ecb', pairKey, null)
          : createCipheriv('aes-256-ecb', pairKey, null);
      cipher.setAutoPadding(false);
      const output = cipher.update(work);
      reverseBlocks(output);
      result.set(output, from);
    }
  } finally {
    own.fill(0);
    tweaked.fill(0);
    pair.fill(0);
  }
  return result;
}

/** Reverses each 16-byte block in itself. */
function reverseBlocks(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += blockSize) bytes.subarray(at, at + blockSize).reverse();
}

function tweakedKey(tweaked: Uint8Array, key: Uint8Array, masks: readonly Uint8Array[], address: number): void {
  tweaked.set(key);
  for (const [i, mask] of masks.entries())
    if ((Math.floor(address / 2 ** (firstBit + i)) & 1) === 1)
      for (let at = 0; at < keySize; at++) tweaked[at]! ^= mask[at]!;
}

const firstBit = 5;
const lastBit = 23;
const masksByConfig = new Map<number, readonly Uint8Array[]>();

/** For address bits 5 to 23 the key bits that each flips. */
function masksOf(config: number): readonly Uint8Array[] {
  const known = masksByConfig.get(config);
  if (known !== undefined) return known;
  const masks = Array.from({ length: lastBit - firstBit + 1 }, () => new Uint8Array(keySize));
  let n = 0;
  for (const [group, bits] of groups.entries())
    for (const bit of bits) {
      if (((config >>> group) & 1) === 1) masks[bit - firstBit]![n >>> 3]! ^= 0x80 >>> (n & 7);
      n++;
    }
  masksByConfig.set(config, masks);
  return masks;
}
