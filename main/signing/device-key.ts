import { p256 } from '@noble/curves/nist.js';
import { SecretBytes } from '../base/secret.ts';
import { ProgramFault } from '../model/fault.ts';

export interface DeviceKey {
  /** The private scalar, 32 bytes big-endian, 1 to n-1. eFuses want it reversed (FACTS 8). */
  readonly scalar: SecretBytes;
  /** Uncompressed SEC1 point 04 ‖ X ‖ Y, 65 bytes, big-endian. */
  readonly publicKey: Uint8Array;
}

/** Random bits beyond the order that make the bias of the reduction negligible (FIPS 186-5, A.2.1): 64. */
const leastLength = 32 + 8;

/**
 * The P-256 key of a device from at least 40 random bytes of the token: c mod (n-1) + 1 (FIPS 186-5, A.2.1, "extra random bits"). The
 * random bytes stay the caller's, who destroys them. Copies as bytes are zeroed; BigInts of the reduction and of the curve arithmetic
 * are left to the garbage collector, JavaScript gives no way to clear them. Throws ProgramFault for fewer bytes.
 */
export function deviceKeyFrom(random: SecretBytes): DeviceKey {
  if (random.length < leastLength)
    throw new ProgramFault({
      code: 'program.device-key',
      what: `A device key was to be made of ${random.length} random bytes; ${leastLength} are the least.`,
      next: 'Report this with the code.',
    });
  const order = p256.Point.Fn.ORDER;
  let reduced =
    random.use((bytes) => bytes.reduce((value, byte) => ((value << 8n) | BigInt(byte)) % (order - 1n), 0n)) + 1n;
  const bytes = new Uint8Array(32);
  for (let i = 31; i >= 0; i--) {
    bytes[i] = Number(reduced & 0xffn);
    reduced >>= 8n;
  }
  const publicKey = p256.getPublicKey(bytes, false);
  return { scalar: SecretBytes.adopt(bytes), publicKey };
}
