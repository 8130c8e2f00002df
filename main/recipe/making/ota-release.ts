import { fromHex, utf8 } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import type { RandomSource } from '../../base/random.ts';
import { encryptOta } from '../../image/encrypted-ota.ts';
import type { AppDescriptor } from '../../image/types.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { Ota, OtaDeviceKey, OtaImage, OtaManifest } from '../../model/ota.ts';
import type { SealedRecord } from '../../model/record.ts';
import { detachedSigner } from '../../signing/detached.ts';
import { pemOf } from '../../signing/pem.ts';
import { publicKeyOfFile } from '../../signing/public-key-file.ts';
import { spkiSha256 } from '../../signing/spki.ts';
import type { TokenRing } from '../../signing/token-ring.ts';
import type { LoadedRecipe } from '../load.ts';
import type { Recipe } from '../types.ts';
import { buildRelease, type Release } from './release.ts';

/** Names of the files of a release folder beside the images. */
export const manifestFiles = { manifest: 'manifest.json', signature: 'manifest.sig', key: 'manifest-key.pem' } as const;

/** What a release is made from. */
export interface OtaReleaseTask {
  readonly loaded: LoadedRecipe;
  readonly tokens: TokenRing;
  /** Makes the keys of encrypted images. */
  readonly random: RandomSource;
  readonly madeAt: string;
  readonly software: OtaManifest['software'];
  /** Sealed records of the devices for which images are made, where each device needs its own. */
  readonly devices: readonly SealedRecord[];
  /** An earlier release whose secure version must not be undercut. */
  readonly earlier: { readonly name: string; readonly secureVersion: number } | null;
}

/** A release folder before it is written. */
export interface OtaRelease {
  readonly manifest: OtaManifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * The signed applications of a recipe as update images, encrypted where it asks for it, with a signed manifest. The signature is over the
 * bytes of manifest.json: `openssl dgst -sha256 -verify manifest-key.pem -signature manifest.sig manifest.json` for ECDSA P-256.
 *
 * RecipeFaults: `ota.none` where the recipe releases nothing, `ota.rolled-back`, `ota.no-devices`, `ota.devices` (named where one image
 * serves all), `ota.no-key`, `ota.other-product`; those of `buildRelease`; TokenFaults as the tokens raise them.
 */
export async function buildOtaRelease(task: OtaReleaseTask): Promise<OtaRelease> {
  const { recipe, ref } = task.loaded;
  const { ota } = recipe;
  if (!ota) throw refused('none', 'The recipe says nothing of updates.', 'Add the section ota to the recipe.');
  const release = await buildRelease(task.loaded, task.tokens);
  const applications = applicationsOf(task.loaded, ota, release);
  for (const application of applications) refuseRollback(application, task);
  refuseDevices(ota, task.devices, release, recipe);
  const signer = await detachedSigner(await task.tokens.signerOf(ota.manifestKey.token), ota.manifestKey);
  const files = new Map<string, Uint8Array>();
  const images: OtaImage[] = [];
  for (const application of applications) {
    for (const target of targetsOf(ota, task)) {
      const { bytes, facts } = application;
      const file = `${application.stem}${target.suffix}.bin`;
      const sealed = target.scheme === null ? bytes : encryptOta(target.scheme, bytes, target.spki, task.random);
      files.set(file, sealed);
      images.push({
        file,
        fileSha256: sha256Hex(sealed),
        fileSize: sealed.length,
        ...facts,
        encryption: target.scheme && { scheme: target.scheme, publicKeySha256: spkiSha256(target.spki) },
        device: target.device,
      });
    }
  }
  const manifest: OtaManifest = {
    fuseline: 1,
    kind: 'ota-release',
    recipe: ref,
    chip: recipe.chip,
    silicon: recipe.silicon,
    madeAt: task.madeAt,
    secureVersion: Math.min(...images.map((image) => image.secureVersion)),
    minFirmware: ota.minFirmware,
    secureBoot: recipe.secureBoot && { scheme: recipe.secureBoot.scheme, keyDigests: release.keyDigests },
    images,
    signedBy: {
      label: signer.label,
      token: ota.manifestKey.token ?? null,
      algorithm: signer.algorithm,
      publicKeySha256: signer.publicKeySha256,
    },
    software: task.software,
  };
  const text = utf8(canonicalJson(manifest));
  files.set(manifestFiles.manifest, text);
  files.set(manifestFiles.signature, await signer.sign(text));
  files.set(manifestFiles.key, utf8(pemOf('PUBLIC KEY', signer.spki)));
  return { manifest, files };
}

interface Application {
  /** File name without what the encryption adds. */
  readonly stem: string;
  readonly bytes: Uint8Array;
  readonly facts: Omit<OtaImage, 'file' | 'fileSha256' | 'fileSize' | 'encryption' | 'device'>;
}

/** The applications to be released, each content once: a build puts the same one into several partitions. */
function applicationsOf({ firmware }: LoadedRecipe, ota: Ota, release: Release): Application[] {
  const byDigest = new Map<string, { names: string[]; bytes: Uint8Array; app: AppDescriptor | null }>();
  for (const part of release.parts) {
    if (part.kind !== 'app' || !(ota.applications?.includes(part.name) ?? true)) continue;
    const known = byDigest.get(part.plainSha256);
    if (known !== undefined) known.names.push(part.name);
    else {
      const image = firmware.parts.find(({ name, offset }) => name === part.name && offset === part.offset)?.image;
      byDigest.set(part.plainSha256, { names: [part.name], bytes: part.plain, app: image?.app ?? null });
    }
  }
  const stems = new Set<string>();
  return [...byDigest].map(([digest, { names, bytes, app }]) => {
    const plain = fileName(app === null ? names[0]! : `${app.projectName}-${app.version}`);
    const stem = stems.has(plain) ? `${plain}-${fileName(names[0]!)}` : plain;
    stems.add(stem);
    const facts = {
      imageSha256: digest,
      imageSize: bytes.length,
      applications: names,
      project: app?.projectName ?? null,
      version: app?.version ?? null,
      idfVersion: app?.idfVersion ?? null,
      elfSha256: app?.elfSha256 ?? null,
      secureVersion: app?.secureVersion ?? 0,
    };
    return { stem, bytes, facts };
  });
}

/** Letters, digits, dot, dash and underscore: what every file system and server takes. */
function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '_') || 'application';
}

/** Devices burn the secure version of what they run: a lower one would be refused by those that took the earlier release. */
function refuseRollback({ facts }: Application, { earlier, loaded }: OtaReleaseTask): void {
  const floors = [
    { name: 'the recipe', secureVersion: loaded.recipe.secureVersion },
    ...(earlier === null ? [] : [{ ...earlier, name: `the release ${earlier.name}` }]),
  ];
  const below = floors.find(({ secureVersion }) => facts.secureVersion < secureVersion);
  if (below === undefined) return;
  throw refused(
    'rolled-back',
    `The application ${facts.applications[0]} has secure version ${facts.secureVersion}, and ${below.name} has ${below.secureVersion}: devices with that one would not start it.`,
    'Build it with CONFIG_BOOTLOADER_APP_SECURE_VERSION at least as high.',
  );
}

function refuseDevices(ota: Ota, devices: readonly SealedRecord[], release: Release, recipe: Recipe): void {
  if (ota.encryption !== 'ecies-p256') {
    if (devices.length === 0) return;
    throw refused(
      'devices',
      'Devices were named, but one image of this recipe serves them all.',
      'Leave --device out; ecies-p256 is the encryption with a key for each device.',
    );
  }
  if (devices.length === 0)
    throw refused(
      'no-devices',
      'With ecies-p256 every device has a key of its own, and no device was named.',
      'Name the devices (--device MAC or serial), or use rsa3072 for one image that the whole fleet takes.',
    );
  for (const device of devices) {
    if (device.recipe.name !== recipe.name || device.chip.kind !== recipe.chip)
      throw refused(
        'other-product',
        `The device ${device.chip.mac} was sealed as ${device.recipe.name} (${device.chip.kind}), not as ${recipe.name} (${recipe.chip}).`,
        'Name devices of this product, or take the recipe by which it was made.',
      );
    if (device.ota === undefined)
      throw refused(
        'no-key',
        `The record of the device ${device.chip.mac} states no key for update images: its recipe did not ask for one when it was sealed.`,
        'Send it updates that are not encrypted for it alone.',
      );
    const trusted = device.secureBoot?.keyDigests;
    if (trusted !== undefined && !release.keyDigests.some((digest) => trusted.includes(digest)))
      throw refused(
        'other-product',
        `The device ${device.chip.mac} trusts none of the keys that sign this release: it would not start it.`,
        'Sign with a key whose digest stands in its record (audit show).',
      );
  }
}

type Target =
  | { readonly scheme: null; readonly suffix: ''; readonly device: null }
  | {
      readonly scheme: 'rsa3072' | 'ecies-p256';
      readonly spki: Uint8Array;
      readonly suffix: string;
      readonly device: string | null;
    };

/** For whom each image is made. */
function targetsOf(ota: Ota, { loaded, devices }: OtaReleaseTask): Target[] {
  if (ota.encryption === 'none') return [{ scheme: null, suffix: '', device: null }];
  if (ota.encryption === 'rsa3072') {
    const spki = publicKeyOfFile(loaded.files.get(ota.publicKey!)!, ota.publicKey!);
    return [{ scheme: 'rsa3072', spki, suffix: '-encrypted', device: null }];
  }
  return devices.map(({ chip, ota: key }) => ({
    scheme: 'ecies-p256',
    spki: fromHex((key as OtaDeviceKey).publicKey),
    suffix: `-${chip.mac.replaceAll(':', '')}`,
    device: chip.mac,
  }));
}

function refused(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code: `ota.${code}`, what, next });
}
