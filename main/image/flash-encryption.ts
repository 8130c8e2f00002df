import { type Cipheriv, createCipheriv, createDecipheriv, createHash, type Decipheriv } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

// XTS-AES as Espressif's flash cache does it (FACTS 3.2). Flash is cut into units of 0x80 bytes at absolute addresses; the 128
// bytes of a unit are taken in reverse, run through XTS-AES as one data unit whose tweak is the unit's address, and reversed back.
//
// Reversing all 128 bytes means: the 16-byte blocks change places, and each is reversed in itself. As the blocks do not influence
// each other the places may stay as they are, if block i of the natural order takes tweak number 7 - i. What is left is
//
//     cipher block i = rev16( AES_K1( rev16(plain block i) ^ T[7-i] ) ^ T[7-i] ),   T[0] = AES_K2(address), T[j+1] = T[j] * x
//
// so a whole stretch is one native ECB call between two XOR passes. rev16 = swap64 (native) and the halves exchanged, which the
// XOR passes do on the way. Nothing touches single bytes in JavaScript.

const unitSize = 0x80;
const blockSize = 16;
const wordsPerUnit = unitSize / 4;
/** Work is done in stretches that stay in the cache of a core. */
const stretchSize = 0x8000;
/** How much is done before the event loop gets its turn: about a millisecond. */
const turnSize = 0x40000;

/**
 * What the flash must hold at `address` so that the chip reads `plain` there.
 *
 * `address` (absolute, bytes) and the length must be multiples of 16; units cut at either end come out exactly as the chip makes
 * them. `key` is in file order, 32 bytes for XTS-AES-128 or 64 for XTS-AES-256, data key first, tweak key second; or 16 bytes, whose
 * SHA-256 is the key for XTS-AES-128 (ESP32-C2). It is only read.
 * Throws RangeError for a wrong length or address.
 */
export function encryptFlash(plain: Uint8Array, address: number, key: Uint8Array): Uint8Array {
  return transform(plain, address, openXts(key, true));
}

/** The inverse of `encryptFlash`, with the same rules. */
export function decryptFlash(cipher: Uint8Array, address: number, key: Uint8Array): Uint8Array {
  return transform(cipher, address, openXts(key, false));
}

/**
 * `encryptFlash` that lets the event loop run every 256 KiB. The key is read before this returns, so it may be lent for the
 * time of the call only; `plain` must not change until the promise resolves.
 */
export async function encryptFlashAsync(plain: Uint8Array, address: number, key: Uint8Array): Promise<Uint8Array> {
  const xts = openXts(key, true);
  checkRange(plain, address);
  const result = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at += turnSize) {
    if (at > 0) await setImmediate();
    result.set(transform(plain.subarray(at, at + turnSize), address + at, xts), at);
  }
  return result;
}

interface Xts {
  readonly data: Cipheriv | Decipheriv;
  readonly tweak: Cipheriv;
}

function openXts(key: Uint8Array, encrypt: boolean): Xts {
  if (key.length === 16) {
    const extended = createHash('sha256').update(key).digest();
    try {
      return openXts(extended, encrypt);
    } finally {
      extended.fill(0);
    }
  }
  if (key.length !== 32 && key.length !== 64)
    throw new RangeError(`a flash encryption key has 16, 32 or 64 bytes, not ${key.length}`);
  const half = key.length / 2;
  // Views, not copies: the only copies of the key are the schedules inside OpenSSL, which it cleanses itself.
  const dataKey = key.subarray(0, half);
  const tweakKey = key.subarray(half);
  const name = half === 16 ? 'aes-128-ecb' : 'aes-256-ecb';
  const data = encrypt ? createCipheriv(name, dataKey, null) : createDecipheriv(name, dataKey, null);
  data.setAutoPadding(false);
  const tweak = createCipheriv(name, tweakKey, null);
  tweak.setAutoPadding(false);
  return { data, tweak };
}

function checkRange(bytes: Uint8Array, address: number): void {
  if (!Number.isInteger(address) || address < 0 || address % blockSize !== 0 || address + bytes.length > 0x100000000)
    throw new RangeError(`flash address ${address} is no multiple of 16 within 32 bits`);
  if (bytes.length % blockSize !== 0) throw new RangeError(`${bytes.length} bytes are no multiple of 16`);
}

function transform(bytes: Uint8Array, address: number, xts: Xts): Uint8Array {
  checkRange(bytes, address);
  const result = Buffer.allocUnsafeSlow(bytes.length);
  const work = Buffer.allocUnsafeSlow(stretchSize);
  const tweaks = new Uint32Array(stretchSize / 4);
  // Whatever bytes fill up the cut units at both ends: no block looks at another, and theirs are not used.
  const skew = address % unitSize;
  for (let at = -skew; at < bytes.length; at += stretchSize) {
    const end = Math.min(at + stretchSize, bytes.length);
    const from = Math.max(at, 0);
    const units = Math.ceil((end - at) / unitSize);
    const stretch = work.subarray(0, units * unitSize);
    stretch.set(bytes.subarray(from, end), from - at);
    transformUnits(stretch, address + at, units, xts, tweaks);
    result.set(stretch.subarray(from - at, end - at), from);
  }
  tweaks.fill(0);
  work.fill(0);
  return new Uint8Array(result.buffer, result.byteOffset, result.length);
}

function transformUnits(stretch: Buffer, address: number, units: number, xts: Xts, tweaks: Uint32Array): void {
  const words = new Uint32Array(stretch.buffer, stretch.byteOffset, units * wordsPerUnit);
  fillTweaks(tweaks, address, units, xts.tweak);
  stretch.swap64();
  for (let i = 0; i < words.length; i += 4) {
    const low0 = words[i]!;
    const low1 = words[i + 1]!;
    words[i] = words[i + 2]! ^ tweaks[i]!;
    words[i + 1] = words[i + 3]! ^ tweaks[i + 1]!;
    words[i + 2] = low0 ^ tweaks[i + 2]!;
    words[i + 3] = low1 ^ tweaks[i + 3]!;
  }
  const output = wordsOver(xts.data.update(stretch));
  for (let i = 0; i < words.length; i += 4) {
    words[i] = output[i + 2]! ^ tweaks[i + 2]!;
    words[i + 1] = output[i + 3]! ^ tweaks[i + 3]!;
    words[i + 2] = output[i]! ^ tweaks[i]!;
    words[i + 3] = output[i + 1]! ^ tweaks[i + 1]!;
  }
  stretch.swap64();
}

/** The tweaks of `units` units from `address` on, lying where the block lies that they belong to: T[7] first, T[0] last. */
function fillTweaks(tweaks: Uint32Array, address: number, units: number, cipher: Cipheriv): void {
  const numbers = new Uint32Array(units * 4);
  for (let unit = 0; unit < units; unit++) numbers[4 * unit] = address + unit * unitSize;
  const first = wordsOver(cipher.update(new Uint8Array(numbers.buffer)));
  for (let unit = 0; unit < units; unit++) {
    let t0 = first[4 * unit]!;
    let t1 = first[4 * unit + 1]!;
    let t2 = first[4 * unit + 2]!;
    let t3 = first[4 * unit + 3]!;
    for (let at = unit * wordsPerUnit + wordsPerUnit - 4; ; at -= 4) {
      tweaks[at] = t0;
      tweaks[at + 1] = t1;
      tweaks[at + 2] = t2;
      tweaks[at + 3] = t3;
      if (at === unit * wordsPerUnit) break;
      // Times x in GF(2^128), least significant byte first (IEEE 1619): the bit that falls out comes back as 0x87.
      const carry = t3 >>> 31;
      t3 = (t3 << 1) | (t2 >>> 31);
      t2 = (t2 << 1) | (t1 >>> 31);
      t1 = (t1 << 1) | (t0 >>> 31);
      t0 = (t0 << 1) ^ (-carry & 0x87);
    }
  }
}

/** Words over native output, which may lie at an odd place in a shared buffer. */
function wordsOver(bytes: Buffer): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
