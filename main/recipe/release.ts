import { createHash } from 'node:crypto';
import { padTo, toHex } from '../base/bytes.ts';
import { encryptionScope } from '../image/firmware.ts';
import {
  attachSignatures,
  buildSignatureBlock,
  imageDigest,
  keyDigestOf,
  padForSigning,
  splitSigned,
} from '../image/secure-boot.ts';
import type { Firmware, FirmwarePart, SecureBootScheme } from '../image/types.ts';
import { RecipeFault } from '../model/fault.ts';
import type { KeyAlgorithm, Signer, TokenKey } from '../signing/signer.ts';
import { offersProof } from './proof.ts';
import type { Recipe } from './types.ts';

/** One part of flash as every board of the recipe gets it, before its own encryption. */
export interface ReleasePart {
  readonly name: string;
  readonly kind: FirmwarePart['kind'];
  readonly offset: number;
  /** Signed where Secure Boot asks for it; a multiple of 16 bytes long where it will be encrypted. */
  readonly plain: Uint8Array;
  readonly plainSha256: string;
  readonly signed: boolean;
  readonly encrypted: boolean;
}

/** What is made once per recipe and batch: the signed images and the digests that are burned. */
export interface Release {
  readonly parts: readonly ReleasePart[];
  /** Whether an application in it answers a challenge. */
  readonly offersProof: boolean;
  /** SHA-256 key digests (hex), in digest order. */
  readonly keyDigests: readonly string[];
}

const algorithmOf: Readonly<Record<SecureBootScheme, KeyAlgorithm>> = {
  rsa3072: 'rsa-3072',
  'ecdsa-p256': 'ecdsa-p256',
  'ecdsa-p384': 'ecdsa-p384',
};

/**
 * Signs bootloader and applications with the recipe's token keys and gathers what goes to every board (once per recipe: DESIGN
 * section 3, step 2). Each signature is verified here before it can reach a board. Faults: TokenFault as the signer raises them,
 * RecipeFault `release.wrong-key` when a key of the token is of another algorithm than the scheme.
 */
export async function buildRelease(recipe: Recipe, firmware: Firmware, signer: Signer): Promise<Release> {
  const keys = await secureBootKeys(recipe, signer);
  const scheme = recipe.secureBoot?.scheme ?? null;
  const signed = new Map<FirmwarePart, Uint8Array>();
  for (const part of firmware.parts) {
    if (scheme !== null && isSigned(part)) signed.set(part, await signImage(part.data, scheme, keys, signer));
  }
  return gather(recipe, firmware, signed, scheme === null ? [] : keys.map((key) => keyDigestHex(scheme, key)));
}

/** A release as it would be, made without the token: sizes are right, signatures and key digests are not. For plans that people look at. */
export function previewRelease(recipe: Recipe, firmware: Firmware): Release {
  const keys = recipe.secureBoot?.keys ?? [];
  const signed = new Map<FirmwarePart, Uint8Array>();
  for (const part of firmware.parts) {
    if (keys.length === 0 || !isSigned(part)) continue;
    const image = splitSigned(part.data)?.signed ?? padForSigning(part.data);
    signed.set(part, padTo(image, image.length + signatureSectorSize, 0xff));
  }
  const digests = keys.map((_, index) => String(index + 1).repeat(64));
  return gather(recipe, firmware, signed, digests);
}

/** Bytes behind an image that hold its signature blocks (FACTS 4.2). */
const signatureSectorSize = 4096;

function isSigned(part: FirmwarePart): boolean {
  return part.kind === 'bootloader' || part.kind === 'app';
}

function gather(
  recipe: Recipe,
  firmware: Firmware,
  signed: ReadonlyMap<FirmwarePart, Uint8Array>,
  keyDigests: readonly string[],
): Release {
  const parts = firmware.parts.map((part) => {
    const encrypted = recipe.flashEncryption !== null && encryptionScope(part);
    const plain = padTo(signed.get(part) ?? part.data, encrypted ? 16 : 4, 0xff);
    return {
      name: part.name,
      kind: part.kind,
      offset: part.offset,
      plain,
      plainSha256: createHash('sha256').update(plain).digest('hex'),
      signed: signed.has(part),
      encrypted,
    };
  });
  return { parts, offersProof: offersProof(firmware.parts), keyDigests };
}

/** The recipe's Secure Boot keys as the token has them, in digest order. */
async function secureBootKeys(recipe: Recipe, signer: Signer): Promise<TokenKey[]> {
  const keys: TokenKey[] = [];
  for (const ref of recipe.secureBoot?.keys ?? []) {
    const key = await signer.findKey(ref);
    const wanted = algorithmOf[recipe.secureBoot!.scheme];
    if (key.algorithm !== wanted || key.spki === null) {
      throw new RecipeFault({
        code: 'release.wrong-key',
        what: `Key ${JSON.stringify(key.label)} of the token is ${key.algorithm}, and the recipe's Secure Boot scheme needs ${wanted}.`,
        next: `Name a ${wanted} key in the recipe, or make one: token keys --make ${wanted} --label NAME.`,
      });
    }
    keys.push(key);
  }
  return keys;
}

function keyDigestHex(scheme: SecureBootScheme, key: TokenKey): string {
  return toHex(keyDigestOf(scheme, key.spki!));
}

/**
 * An image with a signature sector behind it: one block per key over the same bytes. Of an image that is signed already only what was
 * signed is taken: the blocks of a build host's keys do not go to a device that trusts the token's.
 */
export function signImage(
  image: Uint8Array,
  scheme: SecureBootScheme,
  keys: readonly TokenKey[],
  signer: Signer,
): Promise<Uint8Array> {
  return addSignatures(splitSigned(image)?.signed ?? image, scheme, keys, signer);
}

/** The image with the keys' signatures behind those good ones that it already has. Each block is verified before it is attached. */
export async function addSignatures(
  image: Uint8Array,
  scheme: SecureBootScheme,
  keys: readonly TokenKey[],
  signer: Signer,
): Promise<Uint8Array> {
  const digest = imageDigest(splitSigned(image)?.signed ?? padForSigning(image), scheme);
  const blocks: Uint8Array[] = [];
  for (const key of keys) {
    const ref = { label: key.label, id: key.id };
    const signature = await signer.sign(ref, scheme === 'rsa3072' ? 'rsa-pss-sha256' : 'ecdsa', digest);
    blocks.push(buildSignatureBlock({ scheme, spki: key.spki!, imageDigest: digest, signature }));
  }
  return attachSignatures(image, blocks);
}
