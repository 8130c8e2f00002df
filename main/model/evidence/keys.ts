import { z } from 'zod';
import { shortDigest } from '../../base/digest.ts';
import { secondsText } from '../../base/number-text.ts';
import { define, type FactOf } from './define.ts';

/** What a per-device key is for. */
export const keyRole = z.enum([
  'flash-encryption',
  'ecdsa-identity',
  'hmac-up',
  'hmac-down-ds',
  'hmac-down-jtag',
  // One block for both of the two before it.
  'hmac-down-all',
]);
export type KeyRole = FactOf<typeof keyRole>;

/** What lies in a key block: a key of the device, or one of the digests of the product's Secure Boot keys. */
export const keyMaterial = z.union([keyRole, z.templateLiteral(['secure-boot-digest-', z.literal([0, 1, 2])])]);
export type KeyMaterialName = FactOf<typeof keyMaterial>;

/** A per-device key under the token's non-extractable wrapping key (AES key wrap with padding, RFC 5649). */
const wrappedKey = z.object({
  /** CKA_ID of the wrapping key, hex. */
  wrappingKeyId: z.string(),
  mechanism: z.literal('AES_KEY_WRAP_PAD'),
  /** Base64 of the wrapped bytes. */
  data: z.string(),
});
export type WrappedKey = FactOf<typeof wrappedKey>;

/** A per-device key came to be: only its fingerprint and, where the run must survive a power cut, its wrapped form. */
export const keyMade = define({
  version: 2,
  schema: z.object({ role: keyRole, fingerprint: z.string(), wrapped: wrappedKey.nullable() }),
  text: ({ role, fingerprint }) => `made the ${role} key, fingerprint ${shortDigest(fingerprint)}`,
});

/** The key of an earlier run was had back from its wrapped form. */
export const keyUnwrapped = define({
  version: 2,
  schema: z.object({ role: keyRole, fingerprint: z.string() }),
  text: ({ role, fingerprint }) => `took up the ${role} key of an earlier run, fingerprint ${shortDigest(fingerprint)}`,
});

/** Secrets of a device that may be put away under two custodians: what re-enables its JTAG, what a customer needs to provision it. */
export const escrowedSecret = z.enum(['jtag-token', 'proof-of-possession']);
export type EscrowedSecret = FactOf<typeof escrowedSecret>;

/**
 * A secret of the device was put away for later: its wrapped form survives the seal, and comes out only when two custodians ask for it.
 * `fingerprint` is null where the secret is so short that one could be searched for.
 */
export const escrowed = define({
  version: 1,
  schema: z.object({
    what: escrowedSecret,
    fingerprint: z.string().nullable(),
    wrapped: wrappedKey.nullable(),
  }),
  text: ({ what, fingerprint }) =>
    `put the ${what} away in escrow${fingerprint === null ? '' : `, fingerprint ${shortDigest(fingerprint)}`}`,
});

/** Per-device keys were zeroed and their wrapped forms are to be dropped at the seal. */
export const keysDestroyed = define({
  version: 2,
  schema: z.object({ roles: z.array(keyRole), livedMs: z.number() }),
  mark: () => 'proof',
  text: ({ roles, livedMs }) =>
    roles.length > 0
      ? `destroyed the station's copies of ${roles.join(', ')}, which lived ${secondsText(livedMs)}`
      : "destroyed what was left of the board's keys",
});
