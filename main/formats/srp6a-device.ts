import { createHash, timingSafeEqual } from 'node:crypto';
import { fromHex, toHex, utf8 } from '../base/bytes.ts';
import { generator, groupPrime, power } from './srp6a.ts';

// The device's side of Security 2 (FACTS 11; esp_srp.c): it holds salt and verifier v, and proves the password without knowing it.
//
//   client -> A            B = k v + g^b, u = H(A | B), S = (A v^u)^b, K = H(S)
//   device -> salt, B
//   client -> M1 = H( H(N) xor H(g) | H(username) | salt | A | B | K )
//   device -> M2 = H( A | M1 | K )

const prime = BigInt(`0x${groupPrime}`);
const width = groupPrime.length / 2;

/** A session that the device has begun. */
export interface SrpSession {
  /** What the device answers to A: its public number, big-endian, without leading zeros. */
  readonly publicKey: Uint8Array;
  /** M2 and the session key K (64 bytes) where the client's proof M1 is right; null where it is not. */
  prove(clientProof: Uint8Array): { readonly proof: Uint8Array; readonly key: Uint8Array } | null;
}

/**
 * Begins a session: `salt` and `verifier` (big-endian) as stored, `clientKey` A (big-endian), `secret` b of 32 random bytes. Null for
 * an A that is a multiple of N, by which a client could fix the key.
 */
export function beginSrpSession(
  username: string,
  salt: Uint8Array,
  verifier: Uint8Array,
  clientKey: Uint8Array,
  secret: Uint8Array,
): SrpSession | null {
  const [a, v, b] = [numberOf(clientKey), numberOf(verifier), numberOf(secret)];
  if (a % prime === 0n) return null;
  const k = numberOf(hash(bytesOf(prime), padded(bytesOf(generator))));
  const publicKey = bytesOf((k * v + power(generator, b)) % prime);
  const u = numberOf(hash(padded(clientKey), padded(publicKey)));
  const key = hash(bytesOf(power((a * power(v, u)) % prime, b)));
  const ofGenerator = hash(padded(bytesOf(generator)));
  const group = hash(bytesOf(prime)).map((byte, at) => byte ^ ofGenerator[at]!);
  const expected = hash(group, hash(utf8(username)), salt, clientKey, publicKey, key);
  return {
    publicKey,
    prove(clientProof) {
      if (clientProof.length !== expected.length || !timingSafeEqual(clientProof, expected)) return null;
      return { proof: hash(clientKey, clientProof, key), key };
    },
  };
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** Big-endian, as few bytes as hold it. */
function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return fromHex(digits.padStart(digits.length + (digits.length % 2), '0'));
}

function padded(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(width);
  all.set(bytes, width - bytes.length);
  return all;
}

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const sha = createHash('sha512');
  for (const part of parts) sha.update(part);
  return new Uint8Array(sha.digest());
}
