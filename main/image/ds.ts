import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { concat, equalBytes, fromHex, isFilledWith, reversed, toHex, u32le, viewOf } from '../base/bytes.ts';
import { SecretBytes } from '../base/secret.ts';
import { formatFault } from '../formats/format-fault.ts';
import type { ChipKind } from '../model/chip.ts';

// Parameters of the RSA Digital Signature peripheral (FACTS 7; esp_ds.h, rom/digital_signature.h). Numbers are little-endian and
// filled with zeros to L, the bytes of the longest key that the chip takes:
//
//   P = Y (d) | M (n) | Rb (2^2bits mod n) | MD | M' (-1/n mod 2^32, u32) | length (bits/32 - 1, u32) | eight bytes 08
//   MD = SHA-256( Y | M | Rb | M' | length | IV )          mind the order: in P the digest stands before M'
//   C = AES-256-CBC( HMAC-SHA-256(key block, 32 x FF), IV, P )
//   esp_ds_data_t = length u32 | IV | C

/**
 * Bits of the longest RSA key that the peripheral takes (ESP-IDF, rom/digital_signature.h: ETS_DS_MAX_BITS; SOC_DS_SIGNATURE_MAX_BIT_LEN);
 * null where the chip has none, as far as ESP-IDF knows (SOC_DIG_SIGN_SUPPORTED).
 */
export const dsLongestKey: Readonly<Record<ChipKind, number | null>> = {
  esp32p4: 4096,
  esp32s2: 4096,
  esp32s3: 4096,
  esp32c3: 3072,
  esp32c5: 3072,
  esp32c6: 3072,
  esp32h2: 3072,
  esp32c61: null,
  esp32c2: null,
  esp32: null,
  esp32s31: 4096,
  esp32h21: 3072,
  esp32h4: null,
};

/** Lengths that the station makes; the peripheral's 1024 is too short to be worth a key. */
export const dsKeySizes: readonly number[] = [2048, 3072, 4096];

export interface RsaKey {
  /** Big-endian, without leading zeros. */
  readonly modulus: Uint8Array;
  /** Private exponent d, big-endian. */
  readonly exponent: SecretBytes;
}

/** What the peripheral finds when it decrypts its parameters: all big-endian. */
export interface DsParameters extends RsaKey {
  readonly bits: number;
  /** 2^(2 bits) mod n. */
  readonly rb: Uint8Array;
  /** -1/n mod 2^32. */
  readonly mPrime: number;
}

const ivSize = 16;
const tailSize = 48;

/**
 * esp_ds_data_t for `chip`: what is stored as DS_DATA, 1604 bytes (4096-bit chips) or 1220. `hmacKey` are the 32 bytes of the key
 * block with purpose HMAC_DOWN_DIGITAL_SIGNATURE, `iv` 16 random bytes that are used once.
 *
 * Throws RecipeFault `image.ds-key` for a key that the chip's peripheral does not take, RangeError for other lengths.
 */
export function buildDsData(key: RsaKey, hmacKey: SecretBytes, iv: Uint8Array, chip: ChipKind): Uint8Array {
  if (iv.length !== ivSize) throw new RangeError(`the IV of DS parameters has 16 bytes, not ${iv.length}`);
  const longest = longestKeyOf(chip);
  const bits = 8 * key.modulus.length;
  if (!dsKeySizes.includes(bits) || bits > longest || (key.modulus[0]! & 0x80) === 0)
    throw formatFault(
      'ds-key',
      `An RSA key of ${bits} bits is not one that the DS peripheral of the ${chip} takes.`,
      `Use ${dsKeySizes.filter((size) => size <= longest).join(' or ')} bits.`,
      { bits, longest },
    );
  const width = longest / 8;
  const { rb, mPrime } = montgomeryOf(key.modulus);
  const length = bits / 32 - 1;
  return key.exponent.use((exponent) => {
    const secret = littleEndian(exponent, width);
    const numbers = concat(secret, littleEndian(key.modulus, width), littleEndian(rb, width));
    const ends = concat(u32le(mPrime), u32le(length));
    const digest = createHash('sha256').update(numbers).update(ends).update(iv).digest();
    const plain = concat(numbers, digest, ends, new Uint8Array(8).fill(8));
    try {
      using aes = aesKey(hmacKey);
      const cipher = aes.use((bytes) => createCipheriv('aes-256-cbc', bytes, iv));
      cipher.setAutoPadding(false);
      return concat(u32le(length), iv, cipher.update(plain), cipher.final());
    } finally {
      for (const bytes of [secret, numbers, plain]) bytes.fill(0);
    }
  });
}

/** DS_CONTEXT: says in which key block (`keyId`, 0 to 5) the HMAC key is, and how long the RSA key is. */
export function buildDsContext(keyId: number, bits: number): Uint8Array {
  if (!Number.isInteger(keyId) || keyId < 0 || keyId > 5) throw new RangeError(`there is no key block ${keyId}`);
  if (!dsKeySizes.includes(bits)) throw new RangeError(`${bits} bits are no length of a DS key`);
  return Uint8Array.of(0, 0, 0, 0, keyId, 0, bits & 0xff, bits >> 8);
}

/**
 * Decrypts esp_ds_data_t as the peripheral does, and checks all that it checks and that software on the chip relies on: padding,
 * digest, length, and that Rb and M' belong to the modulus. The caller destroys `exponent`.
 *
 * Throws RecipeFault `image.ds-size` for another length, `image.ds-parameters` where they do not fit: a wrong HMAC key, or damage.
 */
export function openDsData(data: Uint8Array, hmacKey: SecretBytes, chip: ChipKind): DsParameters {
  using key = aesKey(hmacKey);
  return openDsDataUnder(data, key, chip);
}

/** The same under the AES key that the HMAC peripheral hands over: HMAC-SHA-256 of `dsKeyMessage`. */
export function openDsDataUnder(data: Uint8Array, aes: SecretBytes, chip: ChipKind): DsParameters {
  const width = longestKeyOf(chip) / 8;
  if (data.length !== 4 + ivSize + 3 * width + tailSize)
    throw formatFault(
      'ds-size',
      `DS parameters of the ${chip} have ${4 + ivSize + 3 * width + tailSize} bytes, these ${data.length}.`,
      'Give the parameters that were made for this chip.',
    );
  const iv = data.subarray(4, 4 + ivSize);
  const decipher = aes.use((key) => createDecipheriv('aes-256-cbc', key, iv));
  decipher.setAutoPadding(false);
  const plain = decipher.update(data.subarray(4 + ivSize));
  try {
    const numbers = plain.subarray(0, 3 * width);
    const ends = plain.subarray(3 * width + 32, 3 * width + 40);
    const digest = createHash('sha256').update(numbers).update(ends).update(iv).digest();
    const [mPrime, length] = [viewOf(ends).getUint32(0, true), viewOf(ends).getUint32(4, true)];
    const size = 4 * (length + 1);
    const number = (at: number) => reversed(numbers.subarray(at * width, at * width + size));
    const fits =
      equalBytes(plain.subarray(3 * width, 3 * width + 32), digest) &&
      isFilledWith(plain.subarray(3 * width + 40), 8) &&
      length === viewOf(data).getUint32(0, true) &&
      size <= width;
    const [modulus, rb] = fits ? [number(1), number(2)] : [new Uint8Array(), new Uint8Array()];
    const expected = fits && (modulus.at(-1)! & 1) === 1 ? montgomeryOf(modulus) : null;
    if (expected === null || expected.mPrime !== mPrime || !equalBytes(expected.rb, rb))
      throw formatFault(
        'ds-parameters',
        'The DS parameters do not decrypt to an RSA key: they belong to another HMAC key, or are damaged.',
        'Make them anew for the key block of this device.',
      );
    return { modulus, exponent: SecretBytes.adopt(number(0)), bits: 8 * size, rb, mPrime };
  } finally {
    plain.fill(0);
  }
}

/**
 * Modulus and private exponent of a DER RSAPrivateKey (PKCS #1: a sequence of integers: version, n, e, d ...). The bytes are only
 * read. Throws RecipeFault `image.ds-key` for anything else.
 */
export function readRsaKey(pkcs1: Uint8Array): RsaKey {
  let at = 0;
  const value = (tag: number): Uint8Array => {
    let length = pkcs1[at + 1] ?? 0x80;
    let start = at + 2;
    if (length > 0x80) {
      const bytes = length & 0x7f;
      length = pkcs1.subarray(start, start + bytes).reduce((sum, byte) => 256 * sum + byte, 0);
      start += bytes;
    }
    if (pkcs1[at] !== tag || length === 0x80 || start + length > pkcs1.length)
      throw formatFault(
        'ds-key',
        'The key is no RSA private key in PKCS #1 form.',
        'Give the DER of an RSAPrivateKey.',
      );
    at = tag === 0x30 ? start : start + length;
    const first = pkcs1[start] === 0 ? start + 1 : start;
    return pkcs1.subarray(first, start + length);
  };
  value(0x30);
  value(0x02);
  const modulus = new Uint8Array(value(0x02));
  value(0x02);
  return { modulus, exponent: SecretBytes.adopt(new Uint8Array(value(0x02))) };
}

/** What the HMAC peripheral is asked for the AES key of the DS peripheral (FACTS 6). */
export const dsKeyMessage: Uint8Array = new Uint8Array(32).fill(0xff);

/** The AES key of the peripheral, with the key block as the key of the HMAC. */
function aesKey(hmacKey: SecretBytes): SecretBytes {
  if (hmacKey.length !== 32) throw new RangeError(`an HMAC key block has 32 bytes, not ${hmacKey.length}`);
  return hmacKey.use((key) => SecretBytes.take(createHmac('sha256', key).update(dsKeyMessage).digest()));
}

function longestKeyOf(chip: ChipKind): number {
  const longest = dsLongestKey[chip];
  if (longest === null)
    throw formatFault(
      'ds-chip',
      `The ${chip} has no Digital Signature peripheral.`,
      'Use an ECDSA key, or another chip.',
    );
  return longest;
}

/** What Montgomery multiplication needs beside the modulus. All of it follows from the public key. */
function montgomeryOf(modulus: Uint8Array): { readonly rb: Uint8Array; readonly mPrime: number } {
  const n = BigInt(`0x${toHex(modulus)}`);
  const rb = (1n << BigInt(16 * modulus.length)) % n;
  // Newton's iteration for 1/n mod 2^32: each turn doubles the bits that are right, and n is its own inverse mod 8.
  let inverse = n & 0xffffffffn;
  for (let bits = 3; bits < 32; bits *= 2) inverse = (inverse * (2n - n * inverse)) & 0xffffffffn;
  const digits = rb.toString(16).padStart(2 * modulus.length, '0');
  return { rb: fromHex(digits), mPrime: Number(-inverse & 0xffffffffn) };
}

function littleEndian(number: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(width);
  result.set(number);
  result.subarray(0, number.length).reverse();
  return result;
}
