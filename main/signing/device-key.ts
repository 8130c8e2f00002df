import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { p256, p384 } from '@noble/curves/nist.js';
import { SecretBytes } from '../base/secret.ts';
import { ProgramFault } from '../model/fault.ts';
import { type CurveName, coordinateLength } from './spki.ts';

export interface DeviceKey {
  /** The private scalar, 32 or 48 bytes big-endian, 1 to n-1. eFuses want it reversed (FACTS 8). */
  readonly scalar: SecretBytes;
  /** Uncompressed SEC1 point 04 ‖ X ‖ Y, big-endian. */
  readonly publicKey: Uint8Array;
}

const curves = { 'P-256': p256, 'P-384': p384 } as const;

/** Random bytes that `deviceKeyFrom` needs: 64 bits beyond the order make the bias of the reduction negligible (FIPS 186-5, A.2.1). */
export function seedLength(curve: CurveName): number {
  return coordinateLength[curve] + 8;
}

/**
 * The key of a device from random bytes of the token: c mod (n-1) + 1 (FIPS 186-5, A.2.1, "extra random bits"). The random bytes stay the
 * caller's, who destroys them. Copies as bytes are zeroed; BigInts of the reduction and of the curve arithmetic are left to the garbage
 * collector, JavaScript gives no way to clear them. Throws ProgramFault for fewer than `seedLength` bytes.
 */
export function deviceKeyFrom(random: SecretBytes, curve: CurveName = 'P-256'): DeviceKey {
  const leastLength = seedLength(curve);
  if (random.length < leastLength)
    throw new ProgramFault({
      code: 'program.device-key',
      what: `A device key was to be made of ${random.length} random bytes; ${leastLength} are the least.`,
      next: 'Report this with the code.',
    });
  const order = curves[curve].Point.Fn.ORDER;
  let reduced =
    random.use((bytes) => bytes.reduce((value, byte) => ((value << 8n) | BigInt(byte)) % (order - 1n), 0n)) + 1n;
  const bytes = new Uint8Array(coordinateLength[curve]);
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(reduced & 0xffn);
    reduced >>= 8n;
  }
  return { scalar: SecretBytes.adopt(bytes), publicKey: publicPoint(curve, bytes) };
}

/** The uncompressed SEC1 point of a private scalar (big-endian, as long as the curve). */
export function publicPoint(curve: CurveName, scalar: Uint8Array): Uint8Array {
  return curves[curve].getPublicKey(scalar, false);
}

/** A device's ECDSA signature over `message` as a DER Ecdsa-Sig-Value; SHA-256 with P-256, SHA-384 with P-384. */
export function signEcdsa(curve: CurveName, scalar: Uint8Array, message: Uint8Array): Uint8Array {
  return curves[curve].sign(message, scalar, { format: 'der', lowS: false });
}

export interface RsaDeviceKey {
  /** DER RSAPrivateKey (PKCS #1). */
  readonly privateKey: SecretBytes;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

const makeKeyPair = promisify(generateKeyPair);

/**
 * A new RSA key (e = 65537) for the DS peripheral, made on a thread beside the event loop by OpenSSL's generator: a token gives no private
 * RSA key out, and the DS parameters are made of one. The caller destroys it; OpenSSL clears its own copy when the handle is freed.
 */
export async function makeRsaDeviceKey(bits: 2048 | 3072 | 4096): Promise<RsaDeviceKey> {
  const { privateKey, publicKey } = await makeKeyPair('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs1', format: 'der' },
  });
  return { privateKey: SecretBytes.take(privateKey), spki: new Uint8Array(publicKey) };
}
