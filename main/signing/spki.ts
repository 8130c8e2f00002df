import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { sha256Hex } from '../base/digest.ts';

export type CurveName = 'P-256' | 'P-384';

/** Bytes of one coordinate, and of r or s, on the curve. */
export const coordinateLength: Readonly<Record<CurveName, number>> = { 'P-256': 32, 'P-384': 48 };

/** DER SubjectPublicKeyInfo of an uncompressed SEC1 point (04 ‖ X ‖ Y, big-endian). Throws where the point is not on the curve. */
export function spkiOfPoint(curve: CurveName, point: Uint8Array): Uint8Array {
  const half = coordinateLength[curve];
  if (point.length !== 1 + 2 * half || point[0] !== 4) throw new RangeError(`not an uncompressed point of ${curve}`);
  const x = base64url(point.subarray(1, 1 + half));
  const y = base64url(point.subarray(1 + half));
  return derOf({ kty: 'EC', crv: curve, x, y });
}

/** DER SubjectPublicKeyInfo of an Ed25519 public key, 32 bytes. */
export function spkiOfEd25519(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new RangeError('not a public key of Ed25519');
  return derOf({ kty: 'OKP', crv: 'Ed25519', x: base64url(key) });
}

/** The 32 bytes of an Ed25519 key; null for a key of another kind. */
export function ed25519OfSpki(spki: Uint8Array): Uint8Array | null {
  const jwk = createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  return jwk.crv === 'Ed25519' ? new Uint8Array(Buffer.from(jwk.x ?? '', 'base64url')) : null;
}

/** DER SubjectPublicKeyInfo of an RSA key; modulus and exponent big-endian. */
export function spkiOfRsa(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  return derOf({ kty: 'RSA', n: base64url(modulus), e: base64url(exponent) });
}

/** The uncompressed SEC1 point and the curve of a DER SubjectPublicKeyInfo; null for a key of another kind. */
export function pointOfSpki(spki: Uint8Array): { readonly curve: CurveName; readonly point: Uint8Array } | null {
  const key = createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' });
  const jwk = key.export({ format: 'jwk' });
  if (jwk.kty !== 'EC' || (jwk.crv !== 'P-256' && jwk.crv !== 'P-384')) return null;
  const half = coordinateLength[jwk.crv];
  const point = new Uint8Array(1 + 2 * half);
  point[0] = 4;
  point.set(Buffer.from(jwk.x ?? '', 'base64url'), 1);
  point.set(Buffer.from(jwk.y ?? '', 'base64url'), 1 + half);
  return { curve: jwk.crv, point };
}

/** SHA-256 (hex) of the DER: how a KeyRef and the ledger name a public key. */
export function spkiSha256(spki: Uint8Array): string {
  return sha256Hex(spki);
}

function derOf(jwk: JsonWebKey): Uint8Array {
  const der = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der);
}

function base64url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
