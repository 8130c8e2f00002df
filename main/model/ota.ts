import type { SigningKeyRef } from './recipe.ts';

/** How update images are encrypted for their way to the devices (FACTS 12). */
export type OtaEncryption = 'none' | 'rsa3072' | 'ecies-p256';

/** How firmware of a product is released for updates over the air. */
export interface Ota {
  readonly encryption: OtaEncryption;
  /** Of `rsa3072`: file with the public half of the key that the firmware holds, relative to the recipe. */
  readonly publicKey: string | null;
  /** Names of the application partitions whose images are released; null: all. */
  readonly applications: readonly string[] | null;
  /** The key that signs the manifest of a release. */
  readonly manifestKey: SigningKeyRef;
  /** Oldest application version that may update to these images; null: any. */
  readonly minFirmware: string | null;
}

/** A device's own public key for its update images, where it derives the private half from its HMAC key. */
export interface OtaDeviceKey {
  readonly scheme: 'ecies-p256';
  /** DER SubjectPublicKeyInfo, hex. */
  readonly publicKey: string;
}
