import type { RecipeRef, SigningKeyRef } from './refs.ts';

export type { OtaDeviceKey } from './evidence/identity.ts';

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

/** One file of a release folder. */
export interface OtaImage {
  readonly file: string;
  /** SHA-256 (hex) and length of the file as it is sent out. */
  readonly fileSha256: string;
  readonly fileSize: number;
  /** The same of the signed application within: what a device has in flash once it took it (before its own flash encryption). */
  readonly imageSha256: string;
  readonly imageSize: number;
  /** Partitions of the build whose application this is. */
  readonly applications: readonly string[];
  readonly project: string | null;
  readonly version: string | null;
  readonly idfVersion: string | null;
  readonly elfSha256: string | null;
  readonly secureVersion: number;
  /** Null: as signed. The key is named by the SHA-256 (hex) of its DER SubjectPublicKeyInfo. */
  readonly encryption: { readonly scheme: 'rsa3072' | 'ecies-p256'; readonly publicKeySha256: string } | null;
  /** MAC of the one device that can open it; null: every device of the product. */
  readonly device: string | null;
}

/** What a release folder says of itself: manifest.json, canonical JSON (RFC 8785), signed in manifest.sig. */
export interface OtaManifest {
  readonly fuseline: 1;
  readonly kind: 'ota-release';
  readonly recipe: RecipeRef;
  readonly chip: string;
  /** major * 100 + minor. */
  readonly silicon: { readonly min: number; readonly max: number };
  readonly madeAt: string;
  /** Lowest secure version among the images. */
  readonly secureVersion: number;
  readonly minFirmware: string | null;
  readonly secureBoot: { readonly scheme: string; readonly keyDigests: readonly string[] } | null;
  readonly images: readonly OtaImage[];
  readonly signedBy: {
    readonly label: string;
    readonly token: string | null;
    readonly algorithm: string;
    readonly publicKeySha256: string;
  };
  readonly software: { readonly name: string; readonly version: string };
}
