import { z } from 'zod';
import { identityKeys } from '../identity.ts';
import { define, type FactOf } from './define.ts';

const identityKey = z.enum(identityKeys);

const certified = {
  /** Kind of the key; left out in rows of P-256 keys from before there were others. */
  key: identityKey.exactOptional(),
  /** DER SubjectPublicKeyInfo, hex; where `key` is left out the uncompressed SEC1 point. */
  publicKey: z.string(),
  pem: z.string(),
  /** Of the DER form, hex. */
  sha256: z.string(),
};

export const certificate = define({
  version: 1,
  schema: z.object({ ...certified, serial: z.string() }),
  text: ({ serial }) => `issued the certificate ${serial}`,
});

/** A request that the device key signed, for a CA elsewhere. */
export const certificateRequest = define({
  version: 1,
  schema: z.object(certified),
  text: ({ key = 'ecdsa-p256' }) => `signed a certificate request with the ${key} key`,
});

/** An RSA key came to be and went again: only its DS parameters stay, encrypted for the device. */
export const rsaKeyDestroyed = define({
  version: 1,
  schema: z.object({ key: identityKey, livedMs: z.number() }),
  text: ({ key, livedMs }) => `zeroed the ${key} key after ${livedMs} ms`,
});

export const otaDeviceKey = z.object({
  scheme: z.literal('ecies-p256'),
  /** DER SubjectPublicKeyInfo, hex. */
  publicKey: z.string(),
});

/** A device's own public key for its update images, where it derives the private half from its HMAC key. */
export type OtaDeviceKey = FactOf<typeof otaDeviceKey>;

export const otaKey = define({
  version: 1,
  schema: otaDeviceKey,
  text: ({ scheme }) => `derived the public half of its key for update images (${scheme})`,
});
