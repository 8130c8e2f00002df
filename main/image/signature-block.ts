import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { concat, equalBytes, reversed, u32le, viewOf } from '../base/bytes.ts';
import { formatFault } from '../formats/format-fault.ts';
import {
  type BlockScheme,
  curves,
  type EcdsaScheme,
  montgomeryOf,
  pointOf,
  reversedHalves,
  rsaBytes,
  rsaKeyOf,
  spkiOfPoint,
  spkiOfRsa,
} from '../formats/public-key.ts';
import type { SecureBootScheme, SignatureBlock } from './types.ts';

export const blockSize = 1216;

const magic = 0xe7;
const versionRsa = 2;
const versionEcdsa = 3;
const crcOffset = 1196;
const digestOffset = 4;
/** n‖e‖R‖M' of an RSA block. */
const rsaKeyPart = { offset: 36, length: 776 };
const rsaSignatureOffset = 812;
/** What a P-192 or P-256 point, or its signature, takes in the block; P-192 leaves the rest zero. */
const shortField = 64;

/** Digest of the bytes before the signature sector: SHA-384 for P-384, SHA-256 for all others. */
export function imageDigest(padded: Uint8Array, scheme: BlockScheme): Uint8Array {
  return new Uint8Array(createHash(hashName(scheme)).update(padded).digest());
}

/**
 * One block of a signature sector (FACTS 4.3, 4.4) around a signature that was made elsewhere. `spki` is DER, `imageDigest` as
 * `imageDigest()` gives it, `signature` big-endian: 384 bytes of PSS (SHA-256, MGF1 SHA-256, salt 32), or r‖s.
 *
 * Throws RecipeFault `image.key` where key and scheme do not fit, `image.signature-size` for a digest or signature of a wrong
 * length. Whether the signature is good only `verifySignatureBlock` tells.
 */
export function buildSignatureBlock(content: {
  readonly scheme: SecureBootScheme;
  readonly spki: Uint8Array;
  readonly imageDigest: Uint8Array;
  readonly signature: Uint8Array;
}): Uint8Array {
  const { scheme, spki, imageDigest: digest, signature } = content;
  const digestSize = digestSizeOf(scheme);
  const signatureSize = scheme === 'rsa3072' ? rsaBytes : 2 * curves[scheme].size;
  if (digest.length !== digestSize || signature.length !== signatureSize)
    throw formatFault(
      'signature-size',
      `A ${scheme} signature has ${signatureSize} bytes over a digest of ${digestSize}; given were ${signature.length} and ${digest.length}.`,
      'Check that the signing key is of the kind that the recipe names.',
      { scheme, signature: signature.length, digest: digest.length },
    );
  const block = new Uint8Array(blockSize);
  const keyPart = keyPartOf(scheme, spki);
  block.set(digest, digestOffset);
  block.set(keyPart, digestOffset + digestSize);
  const signatureAt = digestOffset + digestSize + keyPart.length;
  if (scheme === 'rsa3072') {
    block.set([magic, versionRsa]);
    block.set(reversed(signature), signatureAt);
  } else {
    block.set([magic, versionEcdsa, scheme === 'ecdsa-p384' ? 1 : 0]);
    block.set(reversedHalves(signature), signatureAt);
  }
  block.set(u32le(crc32(block.subarray(0, crcOffset))), crcOffset);
  return block;
}

/** A block as read; null where magic, version, curve or CRC do not fit, as the ROM skips it (FACTS 4.7). */
export function parseSignatureBlock(bytes: Uint8Array): SignatureBlock | null {
  if (bytes.length !== blockSize || bytes[0] !== magic) return null;
  if (viewOf(bytes).getUint32(crcOffset, true) !== crc32(bytes.subarray(0, crcOffset))) return null;
  const raw = bytes.slice();
  if (raw[1] === versionRsa) return parseRsa(raw);
  if (raw[1] === versionEcdsa) return parseEcdsa(raw);
  return null;
}

/**
 * Whether the block is a good signature over `signedBytes` (everything before the sector, padding included) by the key it
 * carries. Whose key that is the caller decides, by `keyDigest`. R and M' must fit n as well: the ROM calculates with them.
 */
export function verifySignatureBlock(block: SignatureBlock, signedBytes: Uint8Array): boolean {
  if (!equalBytes(imageDigest(signedBytes, block.scheme), block.imageDigest)) return false;
  try {
    if (!equalBytes(keyDigestOf(block.scheme, block.spki), block.keyDigest)) return false;
    const key = createPublicKey({ key: Buffer.from(block.spki), format: 'der', type: 'spki' });
    const how =
      block.scheme === 'rsa3072'
        ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
        : ({ key, dsaEncoding: 'ieee-p1363' } as const);
    return verify(hashName(block.scheme), signedBytes, how, block.signature);
  } catch {
    // A point off its curve, or a modulus of another size, is no key: no signature by it is good.
    return false;
  }
}

/** SHA-256 of the key part: the 32 bytes that are burned, in this order (FACTS 4.5). Throws RecipeFault `image.key`. */
export function keyDigestOf(scheme: BlockScheme, spki: Uint8Array): Uint8Array {
  return sha256(keyPartOf(scheme, spki));
}

/** RSA: n‖e‖R‖M'. ECDSA: curve number and point field. All little-endian, as they stand in the block. */
function keyPartOf(scheme: BlockScheme, spki: Uint8Array): Uint8Array {
  if (scheme === 'rsa3072') {
    const { modulus, exponent } = rsaKeyOf(spki);
    const { r, mPrime } = montgomeryOf(modulus);
    return concat(reversed(modulus), u32le(exponent), reversed(r), u32le(mPrime));
  }
  const part = new Uint8Array(1 + fieldSizeOf(scheme));
  part[0] = curves[scheme].id;
  part.set(reversedHalves(pointOf(scheme, spki)), 1);
  return part;
}

function parseRsa(raw: Uint8Array): SignatureBlock | null {
  const keyPart = raw.subarray(rsaKeyPart.offset, rsaKeyPart.offset + rsaKeyPart.length);
  const modulus = reversed(keyPart.subarray(0, rsaBytes));
  const exponent = viewOf(keyPart).getUint32(rsaBytes, true);
  if ((modulus[0] as number) < 0x80 || exponent === 0) return null;
  return {
    scheme: 'rsa3072',
    imageDigest: raw.slice(digestOffset, digestOffset + 32),
    keyDigest: sha256(keyPart),
    spki: spkiOfRsa({ modulus, exponent }),
    signature: reversed(raw.subarray(rsaSignatureOffset, rsaSignatureOffset + rsaBytes)),
    raw,
  };
}

function parseEcdsa(raw: Uint8Array): SignatureBlock | null {
  const digestSize = raw[2] === 1 ? 48 : 32;
  const keyAt = digestOffset + digestSize;
  const scheme = (Object.keys(curves) as EcdsaScheme[]).find((name) => curves[name].id === raw[keyAt]);
  if (scheme === undefined || (raw[2] as number) > 1 || digestSizeOf(scheme) !== digestSize) return null;
  const field = fieldSizeOf(scheme);
  const used = 2 * curves[scheme].size;
  const pointAt = keyAt + 1;
  return {
    scheme,
    imageDigest: raw.slice(digestOffset, keyAt),
    keyDigest: sha256(raw.subarray(keyAt, pointAt + field)),
    spki: spkiOfPoint(scheme, reversedHalves(raw.subarray(pointAt, pointAt + used))),
    signature: reversedHalves(raw.subarray(pointAt + field, pointAt + field + used)),
    raw,
  };
}

function fieldSizeOf(scheme: EcdsaScheme): number {
  return scheme === 'ecdsa-p384' ? 2 * curves[scheme].size : shortField;
}

function digestSizeOf(scheme: BlockScheme): number {
  return scheme === 'ecdsa-p384' ? 48 : 32;
}

function hashName(scheme: BlockScheme): 'sha256' | 'sha384' {
  return scheme === 'ecdsa-p384' ? 'sha384' : 'sha256';
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
