import {
  constants,
  createCipheriv,
  createDecipheriv,
  createECDH,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { concat, fromHex, u32le, utf8, viewOf } from '../base/bytes.ts';
import type { RandomSource } from '../base/random.ts';
import { SecretBytes } from '../base/secret.ts';
import { formatFault } from '../formats/format-fault.ts';

// The pre-encrypted OTA image of the component esp_encrypted_img (FACTS 12; its README and esp_enc_img_gen.py):
//
//   0 magic u32 · 4 key field, 384 bytes · 388 IV, 16 · 404 size of the plain image u32 · 408 GCM tag, 16 · 424 zeros · 512 ciphertext
//
// AES-256-GCM without additional data. Key field: RSA-3072, the GCM key encrypted by PKCS #1 v1.5; ECIES-P256, the sender's public
// key (X | Y, big-endian) | HKDF salt, 32 | zeros, and the GCM key is HKDF-SHA-256 of the ECDH secret.

const magic = 0x0788b6cf;
const headerSize = 512;
const keyFieldSize = 384;
const curve = 'prime256v1';
const hkdfInfo = utf8('_esp_enc_img_ecc');
/** Salt of the component, from which a device derives its ECIES key with the HMAC peripheral. */
const deviceKeySalt = fromHex('0e2160642dae76d33448e43d7720123d9f3b1eceb88e573a4e8f7fb94ff0c869');
const deviceKeyIterations = 2048;

/**
 * `image` (a signed application) for devices that hold the RSA-3072 private key to `spki` (DER SubjectPublicKeyInfo). `random` makes
 * GCM key and IV of this one file. Throws RecipeFault `image.ota-key` for another key.
 */
export function encryptOtaForRsa(image: Uint8Array, spki: Uint8Array, random: RandomSource): Uint8Array {
  const key = publicKeyForOta('rsa3072', spki);
  const gcmKey = random(32);
  try {
    const field = publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, gcmKey);
    return seal(image, gcmKey, field, random);
  } finally {
    gcmKey.fill(0);
  }
}

/**
 * `image` for devices that hold the P-256 private key to `spki` (DER SubjectPublicKeyInfo). `random` makes the sender's key, which
 * nobody keeps, HKDF salt and IV. Throws RecipeFault `image.ota-key` for another key.
 */
export function encryptOtaForP256(image: Uint8Array, spki: Uint8Array, random: RandomSource): Uint8Array {
  const key = publicKeyForOta('ecies-p256', spki);
  const sender = createECDH(curve);
  setPrivateKey(sender, random);
  // The point stands at the end of the structure, uncompressed.
  const shared = sender.computeSecret(new Uint8Array(key.export({ format: 'der', type: 'spki' })).subarray(-65));
  const salt = random(32);
  const gcmKey = new Uint8Array(hkdfSync('sha256', shared, salt, hkdfInfo, 32));
  shared.fill(0);
  try {
    return seal(image, gcmKey, concat(sender.getPublicKey().subarray(1), salt), random);
  } finally {
    gcmKey.fill(0);
  }
}

/** The key that images are encrypted under; RecipeFault `image.ota-key` where it is not of the scheme's kind. `spki` as above. */
export function publicKeyForOta(scheme: OtaDeviceKey['scheme'], spki: Uint8Array): KeyObject {
  const key = publicKeyOf(spki);
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (scheme === 'rsa3072' && !(key.asymmetricKeyType === 'rsa' && modulusLength === 8 * keyFieldSize))
    throw wrongKey('an RSA key of 3072 bits');
  if (scheme === 'ecies-p256' && namedCurve !== curve) throw wrongKey('a P-256 key');
  return key;
}

/** Which scheme a key is for: RSA-3072 or P-256. RecipeFault `image.ota-key` for any other. */
export function otaSchemeOf(spki: Uint8Array): OtaDeviceKey['scheme'] {
  const scheme = publicKeyOf(spki).asymmetricKeyType === 'rsa' ? 'rsa3072' : 'ecies-p256';
  publicKeyForOta(scheme, spki);
  return scheme;
}

/** `image` pre-encrypted under the public key of a scheme: see `encryptOtaForRsa`, `encryptOtaForP256`. */
export function encryptOta(
  scheme: OtaDeviceKey['scheme'],
  image: Uint8Array,
  spki: Uint8Array,
  random: RandomSource,
): Uint8Array {
  return scheme === 'rsa3072' ? encryptOtaForRsa(image, spki, random) : encryptOtaForP256(image, spki, random);
}

/** Whose private key opens a file. */
export type OtaDeviceKey =
  | { readonly scheme: 'rsa3072'; readonly privateKey: KeyObject }
  /** P-256 scalar, 32 bytes big-endian, as `otaDeviceScalar` derives it. */
  | { readonly scheme: 'ecies-p256'; readonly scalar: SecretBytes };

/**
 * The image within a pre-encrypted file, as the device opens it. Throws RecipeFault `image.ota-format` for anything else than such a
 * file, `image.ota-sealed` where key or bytes do not fit.
 */
export function decryptOta(file: Uint8Array, key: OtaDeviceKey): Uint8Array {
  const { keyField, iv, size, tag } = readHeader(file);
  const sealed = formatFault(
    'ota-sealed',
    'The pre-encrypted image does not open: it was made for another device key, or its bytes were changed.',
    'Make it anew for the key of these devices.',
  );
  let gcmKey: Uint8Array;
  try {
    gcmKey = key.scheme === 'rsa3072' ? rsaKeyOf(keyField, key.privateKey) : eciesKeyOf(keyField, key.scalar);
  } catch {
    throw sealed;
  }
  // A key of another length is what PKCS #1 v1.5 gives for a foreign file (implicit rejection).
  if (gcmKey.length !== 32) throw sealed;
  const decipher = createDecipheriv('aes-256-gcm', gcmKey, iv);
  gcmKey.fill(0);
  decipher.setAuthTag(tag);
  const plain = decipher.update(file.subarray(headerSize, headerSize + size));
  try {
    decipher.final();
  } catch {
    throw sealed;
  }
  return new Uint8Array(plain);
}

/**
 * Private scalar of the ECIES scheme (32 bytes, big-endian), as a device derives it from the HMAC_UP key block: PBKDF2-HMAC-SHA-256
 * with 2048 rounds. Throws RecipeFault `image.ota-scalar` where it is none (one of 2^32 keys): draw another HMAC key then.
 */
export function otaDeviceScalar(hmacKey: SecretBytes): SecretBytes {
  if (hmacKey.length !== 32) throw new RangeError(`an HMAC key block has 32 bytes, not ${hmacKey.length}`);
  const scalar = hmacKey.use((key) =>
    SecretBytes.take(pbkdf2Sync(key, deviceKeySalt, deviceKeyIterations, 32, 'sha256')),
  );
  otaDevicePoint(scalar);
  return scalar;
}

/** The public point of a scalar: X | Y, big-endian, 64 bytes. Throws RecipeFault `image.ota-scalar`. */
export function otaDevicePoint(scalar: SecretBytes): Uint8Array {
  const device = createECDH(curve);
  try {
    scalar.use((bytes) => device.setPrivateKey(bytes));
  } catch {
    throw formatFault('ota-scalar', 'The HMAC key gives no P-256 scalar.', 'Draw another HMAC key for this device.');
  }
  return new Uint8Array(device.getPublicKey().subarray(1));
}

/** DER SubjectPublicKeyInfo of a P-256 point X | Y. */
export function p256Spki(point: Uint8Array): Uint8Array {
  if (point.length !== 64) throw new RangeError(`a P-256 point has 64 bytes, not ${point.length}`);
  // SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING 04 X Y } (RFC 5480)
  return concat(fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200 04'), point);
}

/** Whether a file begins as a pre-encrypted image does. */
export function isEncryptedOta(file: Uint8Array): boolean {
  return file.length >= headerSize && viewOf(file).getUint32(0, true) === magic;
}

function seal(image: Uint8Array, gcmKey: Uint8Array, keyField: Uint8Array, random: RandomSource): Uint8Array {
  const iv = random(16);
  const cipher = createCipheriv('aes-256-gcm', gcmKey, iv);
  const file = new Uint8Array(headerSize + image.length);
  file.set(cipher.update(image), headerSize);
  cipher.final();
  file.set(u32le(magic));
  file.set(keyField, 4);
  file.set(iv, 388);
  file.set(u32le(image.length), 404);
  file.set(cipher.getAuthTag(), 408);
  return file;
}

function readHeader(file: Uint8Array) {
  const size = isEncryptedOta(file) ? viewOf(file).getUint32(404, true) : -1;
  if (size !== file.length - headerSize)
    throw formatFault(
      'ota-format',
      size < 0
        ? 'This is no pre-encrypted OTA image.'
        : `The header tells of ${size} bytes, but ${file.length - headerSize} follow.`,
      'Give the whole file that was made for the OTA server.',
    );
  return { keyField: file.subarray(4, 388), iv: file.subarray(388, 404), size, tag: file.subarray(408, 424) };
}

function rsaKeyOf(field: Uint8Array, key: KeyObject): Uint8Array {
  return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, field);
}

function eciesKeyOf(field: Uint8Array, scalar: SecretBytes): Uint8Array {
  const device = createECDH(curve);
  scalar.use((bytes) => device.setPrivateKey(bytes));
  const shared = device.computeSecret(concat(Uint8Array.of(4), field.subarray(0, 64)));
  const key = new Uint8Array(hkdfSync('sha256', shared, field.subarray(64, 96), hkdfInfo, 32));
  shared.fill(0);
  return key;
}

function setPrivateKey(sender: ReturnType<typeof createECDH>, random: RandomSource): void {
  for (;;) {
    const scalar = random(32);
    try {
      sender.setPrivateKey(scalar);
      return;
    } catch {
      // Zero or beyond the order of the curve, one of 2^32: the next draw is as good.
    } finally {
      scalar.fill(0);
    }
  }
}

function publicKeyOf(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw wrongKey('a public key');
  }
}

function wrongKey(wanted: string) {
  return formatFault(
    'ota-key',
    `The key for pre-encrypted OTA images is not ${wanted}.`,
    'Give the public key of the devices as DER SubjectPublicKeyInfo: RSA-3072, or P-256.',
  );
}
