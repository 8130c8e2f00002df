import { createPublicKey } from 'node:crypto';
import { concat, fromHex, reversed } from '../base/bytes.ts';
import { formatFault } from './format-fault.ts';

/** The curves of Secure Boot V2; P-192 is read, never written (FACTS 4.1). */
export type EcdsaScheme = 'ecdsa-p192' | 'ecdsa-p256' | 'ecdsa-p384';
/** The schemes a signature block can be of. */
export type BlockScheme = 'rsa3072' | EcdsaScheme;

export const rsaBytes = 384;

interface Curve {
  /** Curve number of the block and of the key digest. */
  readonly id: number;
  /** Bytes of a coordinate. */
  readonly size: number;
  /** DER of SubjectPublicKeyInfo up to and with the 04 of an uncompressed point (RFC 5480). */
  readonly spkiHead: Uint8Array;
}

export const curves: Readonly<Record<EcdsaScheme, Curve>> = {
  'ecdsa-p192': { id: 1, size: 24, spkiHead: fromHex('3049301306072a8648ce3d020106082a8648ce3d03010103320004') },
  'ecdsa-p256': { id: 2, size: 32, spkiHead: fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004') },
  'ecdsa-p384': { id: 3, size: 48, spkiHead: fromHex('3076301006072a8648ce3d020106052b8104002203620004') },
};

/** The point X‖Y (big-endian) of an EC key. Throws RecipeFault `image.key` for a key of another kind. */
export function pointOf(scheme: EcdsaScheme, spki: Uint8Array): Uint8Array {
  const { size, spkiHead } = curves[scheme];
  if (spki.length !== spkiHead.length + 2 * size || !spkiHead.every((byte, i) => spki[i] === byte))
    throw wrongKey(scheme);
  return spki.slice(spkiHead.length);
}

/** SubjectPublicKeyInfo of the point X‖Y (big-endian). */
export function spkiOfPoint(scheme: EcdsaScheme, point: Uint8Array): Uint8Array {
  return concat(curves[scheme].spkiHead, point);
}

export interface RsaKey {
  /** Big-endian, 384 bytes. */
  readonly modulus: Uint8Array;
  readonly exponent: number;
}

/** Modulus and exponent of an RSA-3072 key. Throws RecipeFault `image.key` for any other key. */
export function rsaKeyOf(spki: Uint8Array): RsaKey {
  let jwk: { kty?: string; n?: string; e?: string };
  try {
    jwk = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  } catch {
    throw wrongKey('rsa3072');
  }
  const modulus = new Uint8Array(Buffer.from(jwk.n ?? '', 'base64url'));
  const exponent = Buffer.from(jwk.e ?? '', 'base64url');
  // The top bit decides: 384 bytes whose first is below 0x80 are no 3072-bit modulus.
  if (jwk.kty !== 'RSA' || modulus.length !== rsaBytes || (modulus[0] as number) < 0x80 || exponent.length > 4)
    throw wrongKey('rsa3072');
  return { modulus, exponent: exponent.readUIntBE(0, exponent.length) };
}

/** SubjectPublicKeyInfo of an RSA key. */
export function spkiOfRsa({ modulus, exponent }: RsaKey): Uint8Array {
  const hex = exponent.toString(16);
  const e = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const jwk = { kty: 'RSA', n: Buffer.from(modulus).toString('base64url'), e: e.toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}

/** R = 2^6144 mod n (big-endian, 384 bytes) and M' = -n^-1 mod 2^32: what the ROM's Montgomery multiplier wants beside n. */
export function montgomeryOf(modulus: Uint8Array): { readonly r: Uint8Array; readonly mPrime: number } {
  const n = BigInt(`0x${Buffer.from(modulus).toString('hex')}`);
  const r = (1n << BigInt(2 * 8 * rsaBytes)) % n;
  // Newton: each step doubles the number of right bits of the inverse; an odd number is its own inverse modulo 8.
  const word = BigInt.asUintN(32, n);
  let inverse = word;
  for (let bits = 3; bits < 32; bits *= 2) inverse = BigInt.asUintN(32, inverse * (2n - word * inverse));
  return {
    r: fromHex(r.toString(16).padStart(2 * rsaBytes, '0')),
    mPrime: Number(BigInt.asUintN(32, -inverse)),
  };
}

/** Two numbers of equal size, one behind the other, each reversed in place: X‖Y and r‖s between big and little-endian. */
export function reversedHalves(pair: Uint8Array): Uint8Array {
  const half = pair.length / 2;
  return concat(reversed(pair.subarray(0, half)), reversed(pair.subarray(half)));
}

function wrongKey(scheme: BlockScheme) {
  return formatFault(
    'key',
    `The public key is no key for ${scheme}.`,
    'Name a signing key of the kind that the recipe asks for.',
    { scheme },
  );
}
