import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { concat, utf8 } from '../../../main/base/bytes.ts';
import {
  appDescriptorBytes,
  bootloaderDescriptorBytes,
  buildImage,
  securePad,
} from '../../../main/image/build-image.ts';
import { encryptFlash } from '../../../main/image/flash-encryption.ts';
import { buildPartitionTable, sectorSize } from '../../../main/image/partition-table.ts';
import {
  buildSignatureBlock,
  buildSignatureSector,
  imageDigest,
  keyDigestOf,
  padForSigning,
} from '../../../main/image/secure-boot.ts';
import type { AppDescriptor, Partition, SecureBootScheme } from '../../../main/image/types.ts';
import { proofMarker } from '../../../main/model/proof.ts';

/** A build in miniature: what an ESP-IDF build gives, with a few bytes of code. */
export interface BuildOptions {
  /** What its descriptor asks of the eFuse blocks. */
  readonly blocks?: Pick<AppDescriptor, 'minBlockRevision' | 'maxBlockRevision'>;
  readonly chipId: number;
  readonly minRevision?: number;
  readonly maxRevision?: number;
  readonly secureVersion?: number;
  readonly version?: string;
  readonly marker?: boolean;
}

function filler(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);
}

const header = (options: BuildOptions) => ({
  chipId: options.chipId,
  spiMode: 2,
  spiSpeed: 15,
  spiSize: 2,
  entry: 0x4ff2abda,
  minRevision: options.minRevision ?? 0,
  maxRevision: options.maxRevision ?? 65535,
  appendHash: true,
});

export function bootloaderImage(options: BuildOptions): Uint8Array {
  const descriptor = bootloaderDescriptorBytes({
    secureVersion: options.secureVersion ?? 0,
    version: 1,
    idfVersion: 'v5.5',
    dateTime: 'Nov 20 2026 10:00:00',
  });
  return buildImage({
    ...header(options),
    segments: [
      { loadAddress: 0x4ff33ce0, data: concat(descriptor, filler(900, 1)) },
      { loadAddress: 0x4ff2abd0, data: filler(3000, 2) },
    ],
  });
}

export function appImage(options: BuildOptions): Uint8Array {
  const descriptor = appDescriptorBytes({
    secureVersion: options.secureVersion ?? 0,
    version: options.version ?? '1.2.3',
    projectName: 'demo',
    time: '10:00:00',
    date: 'Nov 20 2026',
    idfVersion: 'v5.5',
    elfSha256: 'ab'.repeat(32),
    mmuPageSize: 0x10000,
    ...options.blocks,
  });
  const marker = options.marker === false ? new Uint8Array(0) : utf8(`${proofMarker}\0`);
  return buildImage({
    ...header(options),
    segments: [
      { loadAddress: 0x40000020, data: concat(descriptor, marker, filler(5000, 3)) },
      { loadAddress: 0x4ff00000, data: filler(2000, 4) },
    ],
  });
}

export function partition(name: string, type: number, subtype: number, offset: number, size: number): Partition {
  return { name, type, subtype, offset, size, encrypted: false, readonly: false };
}

/** nvs, otadata, two OTA slots. */
export const otaLayout: readonly Partition[] = [
  partition('nvs', 1, 2, 0x11000, 0x6000),
  partition('otadata', 1, 0, 0x17000, 0x2000),
  partition('ota_0', 0, 0x10, 0x20000, 0x60000),
  partition('ota_1', 0, 0x11, 0x80000, 0x60000),
];

export const tableImage = (layout: readonly Partition[] = otaLayout) => buildPartitionTable(layout);

/** Places parts in flash, encrypted where a key is given (parts padded to 16 bytes with 0xFF). */
export function place(
  flash: { erase(at: number, length: number): void; program(at: number, data: Uint8Array): void },
  parts: readonly (readonly [number, Uint8Array])[],
  key?: Uint8Array,
): void {
  for (const [at, data] of parts) {
    const padded = new Uint8Array(Math.ceil(data.length / 16) * 16).fill(0xff);
    padded.set(data);
    flash.erase(at, Math.ceil(padded.length / sectorSize) * sectorSize);
    flash.program(at, key ? encryptFlash(padded, at, key) : padded);
  }
}

export interface SigningKey {
  readonly scheme: SecureBootScheme;
  readonly key: KeyObject;
  readonly spki: Uint8Array;
  readonly digest: Uint8Array;
}

export function signingKey(scheme: SecureBootScheme, key: KeyObject): SigningKey {
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  return { scheme, key, spki, digest: keyDigestOf(scheme, spki) };
}

/** Golden test keys are PEMs of the shared vectors; small ones made here are EC. */
export function keyOfPem(scheme: SecureBootScheme, pem: string): SigningKey {
  return signingKey(scheme, createPrivateKey(pem));
}

/** The image padded, with a signature sector of one block a key behind it. `spoil` damages the signatures. */
export function signed(image: Uint8Array, keys: readonly SigningKey[], spoil = false): Uint8Array {
  const padded = padForSigning(image);
  const blocks = keys.map(({ scheme, key, spki }) => {
    const hash = scheme === 'ecdsa-p384' ? 'sha384' : 'sha256';
    const signature =
      scheme === 'rsa3072'
        ? sign('sha256', padded, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
        : sign(hash, padded, { key, dsaEncoding: 'ieee-p1363' });
    const bytes = new Uint8Array(signature);
    if (spoil) bytes[20] = (bytes[20] ?? 0) ^ 1;
    return buildSignatureBlock({ scheme, spki, imageDigest: imageDigest(padded, scheme), signature: bytes });
  });
  return concat(padded, buildSignatureSector(blocks));
}

export const securePadded = (image: Uint8Array) => securePad(image, 0x10000);
