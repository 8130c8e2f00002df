import { constants, createHash, createPublicKey, publicDecrypt, verify } from 'node:crypto';
import { p256, p384 } from '@noble/curves/nist.js';
import { concat, equalBytes, isFilledWith } from '../base/bytes.ts';
import type { SignScheme } from './signer.ts';
import { pointOfSpki } from './spki.ts';

/**
 * Whether `signature` (the form Signer.sign gives) over the hash `digest` (of Ed25519: the message) fits the public key. node:crypto hashes whatever it is given,
 * so the padding is checked here over its raw RSA operation, and ECDSA with the curve arithmetic itself.
 */
export function verifyDigest(spki: Uint8Array, scheme: SignScheme, digest: Uint8Array, signature: Uint8Array): boolean {
  if (scheme === 'rsa-pss-sha256') return verifyPss(spki, digest, signature);
  if (scheme === 'ed25519') return verifyEd25519(spki, digest, signature);
  const key = pointOfSpki(spki);
  if (key === null) return false;
  const curve = key.curve === 'P-256' ? p256 : p384;
  try {
    return curve.verify(signature, digest, key.point, { prehash: false, lowS: false });
  } catch {
    return false;
  }
}

/** Whether the key is one of Ed25519, and the signature over the message holds. */
export function verifyEd25519(spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' && verify(null, message, key, signature);
  } catch {
    return false;
  }
}

const saltLength = 32;
const hashLength = 32;

/** EMSA-PSS-VERIFY of RFC 8017, 9.1.2, for SHA-256, MGF1-SHA-256, salt 32, and a modulus of whole bytes. */
function verifyPss(spki: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  let encoded: Uint8Array;
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    encoded = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return false;
  }
  const maskedLength = encoded.length - hashLength - 1;
  const zeros = maskedLength - saltLength - 1;
  if (zeros < 0 || encoded[encoded.length - 1] !== 0xbc || encoded[0]! >= 0x80) return false;
  const hash = encoded.subarray(maskedLength, maskedLength + hashLength);
  const block = xor(encoded.subarray(0, maskedLength), mgf1(hash, maskedLength));
  block[0]! &= 0x7f;
  if (!isFilledWith(block.subarray(0, zeros), 0) || block[zeros] !== 1) return false;
  return equalBytes(hash, sha256(new Uint8Array(8), digest, block.subarray(zeros + 1)));
}

/** RFC 8017, B.2.1, with SHA-256. */
function mgf1(seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let counter = 0; counter * hashLength < length; counter++)
    blocks.push(sha256(seed, Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter)));
  return concat(...blocks).subarray(0, length);
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(a, (byte, i) => byte ^ b[i]!);
}
