import { type Cipheriv, createCipheriv, createDecipheriv, createHmac, type Decipheriv } from 'node:crypto';
import { equalBytes, isFilledWith, viewOf } from '../base/bytes.ts';
import { SecretBytes } from '../base/secret.ts';
import { formatFault } from '../formats/format-fault.ts';
import { bitmapOffset, entriesPerPage, entrySize, firstEntryOffset, nvsCrc, pageSize } from './nvs-format.ts';

// Encrypted NVS (FACTS 9.3, 9.4; nvs_encrypted_partition.cpp): XTS-AES-256 over each written entry alone, 32 bytes as one data unit
// whose tweak is the entry's byte offset within the partition. Page headers and bitmaps stay in clear, empty entries stay erased.

const keySize = 64;
const blockSize = 16;

/**
 * The encrypted form of a partition from `buildNvs`. `keys` are 64 bytes, data key before tweak key; the answer is as long as
 * `plain`. Throws RangeError for a key of another length or with equal halves, which XTS forbids.
 */
export function encryptNvs(plain: Uint8Array, keys: SecretBytes): Uint8Array {
  return keys.use((lent) => transform(plain, lent, true));
}

/** The inverse of `encryptNvs`. A wrong key gives noise, which the CRCs of `readNvs` tell. */
export function decryptNvs(cipher: Uint8Array, keys: SecretBytes): Uint8Array {
  return keys.use((lent) => transform(cipher, lent, false));
}

/**
 * Data key and tweak key (64 bytes) as a device with the HMAC scheme derives them from the 32 bytes of its HMAC_UP key block
 * (nvs_sec_provider.c: HMAC-SHA-256 over two constants). Throws RangeError for another length.
 */
export function nvsKeysFromHmac(hmacKey: SecretBytes): SecretBytes {
  if (hmacKey.length !== 32) throw new RangeError(`an HMAC key block has 32 bytes, not ${hmacKey.length}`);
  return hmacKey.use((key) => {
    const derive = (seed: readonly number[]) =>
      createHmac('sha256', key)
        .update(Uint8Array.from({ length: 32 }, (_, i) => seed[i % 4]!))
        .digest();
    const [data, tweak] = [derive([0x5a, 0x5a, 0xbe, 0xae]), derive([0xa5, 0xa5, 0xde, 0xce])];
    const both = new Uint8Array(keySize);
    both.set(data);
    both.set(tweak, keySize / 2);
    data.fill(0);
    tweak.fill(0);
    return SecretBytes.adopt(both);
  });
}

/**
 * The nvs_keys partition of the flash-encryption scheme, `size` bytes (a multiple of 4096): the 64 bytes of the keys, their CRC,
 * erased flash. It holds the keys in clear and is a secret until flash encryption has gone over it.
 */
export function buildNvsKeys(keys: SecretBytes, size: number = pageSize): SecretBytes {
  if (!Number.isInteger(size) || size < pageSize || size % pageSize !== 0)
    throw new RangeError(`an nvs_keys partition of ${size} bytes is no whole number of sectors`);
  return keys.use((lent) => {
    checkKeys(lent);
    const partition = new Uint8Array(size).fill(0xff);
    partition.set(lent);
    viewOf(partition).setUint32(keySize, nvsCrc(lent), true);
    return SecretBytes.adopt(partition);
  });
}

/**
 * The keys of an nvs_keys partition in clear; null where it is erased, which the device answers by making keys of its own. Throws
 * RecipeFault `image.nvs-keys` where its CRC does not fit or its halves are equal, `image.nvs-keys-short` for fewer than 68 bytes.
 */
export function readNvsKeys(partition: Uint8Array): SecretBytes | null {
  if (partition.length < keySize + 4)
    throw formatFault(
      'nvs-keys-short',
      `An nvs_keys partition holds 68 bytes at least; this has ${partition.length}.`,
      'Give the whole partition.',
    );
  if (isFilledWith(partition.subarray(0, keySize + 4), 0xff)) return null;
  const keys = partition.subarray(0, keySize);
  if (viewOf(partition).getUint32(keySize, true) !== nvsCrc(keys) || haveEqualHalves(keys))
    throw formatFault(
      'nvs-keys',
      'The keys of the nvs_keys partition do not fit their CRC, or are no pair of keys.',
      'Make the partition anew; read from an encrypted flash it must be decrypted first.',
    );
  return SecretBytes.adopt(new Uint8Array(keys));
}

/**
 * XTS (IEEE 1619) from AES blocks: the cipher of that name is OpenSSL's, and the desktop program runs on BoringSSL, which has none. All entries
 * go in one call of each of both ciphers.
 */
function transform(image: Uint8Array, keys: Uint8Array, encrypt: boolean): Uint8Array {
  checkKeys(keys);
  if (image.length % pageSize !== 0) throw new RangeError(`${image.length} bytes are no whole number of NVS pages`);
  const places = writtenEntries(image);
  const numbers = new Uint8Array(places.length * blockSize);
  for (const [n, at] of places.entries()) viewOf(numbers).setUint32(n * blockSize, at, true);
  const data = keys.subarray(0, keySize / 2);
  const tweaks = tweaksOf(ecb(createCipheriv('aes-256-ecb', keys.subarray(keySize / 2), null), numbers));
  const work = new Uint8Array(tweaks);
  for (const [n, at] of places.entries())
    mask(work.subarray(n * entrySize, (n + 1) * entrySize), image.subarray(at, at + entrySize));
  const make = encrypt ? createCipheriv : createDecipheriv;
  const masked = ecb(make('aes-256-ecb', data, null), work);
  mask(masked, tweaks);
  const result = new Uint8Array(image);
  for (const [n, at] of places.entries()) result.set(masked.subarray(n * entrySize, (n + 1) * entrySize), at);
  for (const bytes of [tweaks, work, masked]) bytes.fill(0);
  return result;
}

/** Where entries lie. One that was erased later keeps its ciphertext: only an empty one has bit 0 of its pair set. */
function writtenEntries(image: Uint8Array): number[] {
  const places: number[] = [];
  for (let page = 0; page < image.length; page += pageSize)
    for (let entry = 0; entry < entriesPerPage; entry++)
      if (((image[page + bitmapOffset + (entry >> 2)]! >> (2 * (entry & 3))) & 1) === 0)
        places.push(page + firstEntryOffset + entry * entrySize);
  return places;
}

/** The tweaks of both blocks of each entry, from the first one's: times x in GF(2^128), what falls out comes back as 0x87. */
function tweaksOf(first: Uint8Array): Uint8Array {
  const tweaks = new Uint8Array(2 * first.length);
  for (let at = 0; at < first.length; at += blockSize) {
    const [own, next] = [first.subarray(at, at + blockSize), tweaks.subarray(2 * at + blockSize)];
    tweaks.set(own, 2 * at);
    let carry = 0;
    for (const [i, byte] of own.entries()) {
      next[i] = ((byte << 1) | carry) & 0xff;
      carry = byte >> 7;
    }
    if (carry === 1) next[0]! ^= 0x87;
  }
  return tweaks;
}

function mask(bytes: Uint8Array, by: Uint8Array): void {
  for (let at = 0; at < by.length; at++) bytes[at]! ^= by[at]!;
}

function ecb(cipher: Cipheriv | Decipheriv, blocks: Uint8Array): Uint8Array {
  cipher.setAutoPadding(false);
  return cipher.update(blocks);
}

function checkKeys(keys: Uint8Array): void {
  if (keys.length !== keySize) throw new RangeError(`the keys of NVS have ${keySize} bytes, not ${keys.length}`);
  if (haveEqualHalves(keys)) throw new RangeError('the data key and the tweak key of NVS must differ');
}

function haveEqualHalves(keys: Uint8Array): boolean {
  return equalBytes(keys.subarray(0, keySize / 2), keys.subarray(keySize / 2));
}
