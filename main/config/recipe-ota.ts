import { z } from 'zod';
import type { Ota } from '../model/ota.ts';
import type { SigningKeyRef } from '../model/refs.ts';
import { keyRef, keyRefOf } from './recipe-parts.ts';

/** A key of the station's token, or of another one. */
export const signingKeyRef = keyRef.extend({
  token: z
    .string()
    .min(1)
    .max(32)
    .describe("Label of another token that the station file lists; left out: the station's own.")
    .optional(),
});

export function signingKeyRefOf(key: z.output<typeof signingKeyRef>): SigningKeyRef {
  return { ...keyRefOf(key), ...(key.token === undefined ? {} : { token: key.token }) };
}

/** The section `ota`. */
export const otaSchema = z
  .strictObject({
    encryption: z
      .enum(['none', 'rsa3072', 'ecies-p256'])
      .default('none')
      .describe(
        "Update images as the component esp_encrypted_img opens them: 'rsa3072' one for all devices, under a key that the firmware holds; 'ecies-p256' one for each device, under a key that it derives from its HMAC key.",
      ),
    public_key: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('For rsa3072: public key (PEM or DER) whose private half the firmware holds, relative to this file.'),
    applications: z
      .array(z.string().min(1))
      .min(1)
      .nullable()
      .default(null)
      .describe('Names of the application partitions whose images are released; left out: all.'),
    manifest_key: signingKeyRef.describe('Key of a token that signs the manifest of a release.'),
    min_firmware: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Oldest application version that may update to these images; left out: any.'),
  })
  .superRefine(({ encryption, public_key: key }, context) => {
    if ((encryption === 'rsa3072') === (key !== null)) return;
    context.addIssue({
      code: 'custom',
      path: ['public_key'],
      message:
        key === null
          ? "'ota.public_key' is missing: rsa3072 encrypts under the key that the firmware holds."
          : `'ota.public_key' has no meaning for ${encryption}.`,
      params: { remedy: key === null ? 'Name the file with its public half.' : 'Leave it out, or use rsa3072.' },
    });
  })
  .nullable()
  .default(null)
  .describe('How firmware is released for updates over the air (release build). Leave out for none.');

export function otaOf(yaml: z.output<typeof otaSchema>): Ota | null {
  return (
    yaml && {
      encryption: yaml.encryption,
      publicKey: yaml.public_key,
      applications: yaml.applications,
      manifestKey: signingKeyRefOf(yaml.manifest_key),
      minFirmware: yaml.min_firmware,
    }
  );
}
