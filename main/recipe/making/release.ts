import { padTo, toHex } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/digest.ts';
import { encryptionScope, isSigned } from '../../image/firmware.ts';
import {
  attachSignatures,
  buildSignatureBlock,
  imageDigest,
  padForSigning,
  splitSigned,
  verifySignatureBlock,
} from '../../image/secure-boot.ts';
import type { Firmware, FirmwarePart, SecureBootScheme } from '../../image/types.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { TokenRing } from '../../signing/token-ring.ts';
import type { NamedFiles } from '../named-files.ts';
import { offersProof } from '../steps/proof.ts';
import type { Recipe } from '../types.ts';
import { type SecureBootKey, type SigningKey, secureBootKeys } from './secure-boot-keys.ts';

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

/**
 * Signs bootloader and applications with the recipe's keys and gathers what goes to every board (once per recipe: ORDER 2).
 * Each signature is verified here before it can reach a board. Faults: those of `secureBootKeys` and of `signImage`.
 */
export async function buildRelease(
  { recipe, firmware, files }: { readonly recipe: Recipe; readonly firmware: Firmware; readonly files: NamedFiles },
  tokens: TokenRing,
): Promise<Release> {
  const keys = await secureBootKeys(recipe, tokens, files);
  const signed = new Map<FirmwarePart, Uint8Array>();
  if (recipe.secureBoot !== null) {
    for (const part of firmware.parts)
      if (isSigned(part)) signed.set(part, await signImage(part, recipe.secureBoot, keys));
  }
  return gather(
    recipe,
    firmware,
    signed,
    keys.map(({ digest }) => digest),
  );
}

/** A release as it would be, made without the token: sizes are right, signatures and key digests are not. For plans that people look at. */
export function previewRelease(recipe: Recipe, firmware: Firmware): Release {
  return unsigned(
    recipe,
    firmware,
    (recipe.secureBoot?.keys ?? []).map((_, index) => String(index + 1).repeat(64)),
  );
}

/** A release as it would be, with the digests of the very keys, of which none signs. Faults: those of `secureBootKeys`. */
export async function plannedRelease(
  { recipe, firmware, files }: { readonly recipe: Recipe; readonly firmware: Firmware; readonly files: NamedFiles },
  tokens: TokenRing,
): Promise<Release> {
  const keys = await secureBootKeys(recipe, tokens, files);
  return unsigned(
    recipe,
    firmware,
    keys.map(({ digest }) => digest),
  );
}

function unsigned(recipe: Recipe, firmware: Firmware, digests: readonly string[]): Release {
  const signed = new Map<FirmwarePart, Uint8Array>();
  for (const part of firmware.parts) {
    if (digests.length === 0 || !isSigned(part)) continue;
    const image = splitSigned(part.data)?.signed ?? padForSigning(part.data);
    signed.set(part, padTo(image, image.length + signatureSectorSize, 0xff));
  }
  return gather(recipe, firmware, signed, digests);
}

/** Bytes behind an image that hold its signature blocks (FACTS 4.2). */
const signatureSectorSize = 4096;

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
      plainSha256: sha256Hex(plain),
      signed: signed.has(part),
      encrypted,
    };
  });
  return { parts, offersProof: offersProof(firmware.parts), keyDigests };
}

/**
 * An image with a signature sector behind it: one block per key over the same bytes, in the order of the digests. Of a build that is
 * signed already the blocks of offline keys stay, and with `keep` those of all listed keys; with `replace` token keys sign anew and what
 * else a build host put there is left behind: its keys do not go to a device that trusts the recipe's.
 *
 * RecipeFault `release.offline-signature` where an offline key has not signed this image, `release.foreign-signature` where one that was
 * to be kept is not good or by a key that the recipe does not list.
 */
export async function signImage(
  part: Pick<FirmwarePart, 'name' | 'data'>,
  { scheme, existingSignatures }: Pick<NonNullable<Recipe['secureBoot']>, 'scheme' | 'existingSignatures'>,
  keys: readonly SecureBootKey[],
): Promise<Uint8Array> {
  const split = splitSigned(part.data);
  const signed = split?.signed ?? padForSigning(part.data);
  const digest = imageDigest(signed, scheme);
  const present = new Map<string, Uint8Array>();
  for (const block of split?.blocks ?? []) {
    const owner = toHex(block.keyDigest);
    const good = block.scheme === scheme && verifySignatureBlock(block, signed);
    if (good && keys.some((key) => key.digest === owner)) present.set(owner, block.raw);
    else if (existingSignatures === 'keep') throw foreignSignature(part.name, owner, good);
  }
  const blocks: Uint8Array[] = [];
  for (const key of keys) {
    const own = present.get(key.digest);
    if (own !== undefined && (key.sign === null || existingSignatures === 'keep')) blocks.push(own);
    else if (key.sign === null) throw unsignedOffline(part.name, key.name);
    else blocks.push(await signatureBlock(scheme, { spki: key.spki, sign: key.sign }, digest));
  }
  return attachSignatures(signed, blocks);
}

/** The image with the keys' signatures behind those good ones that it already has. Each block is verified before it is attached. */
export async function addSignatures(
  image: Uint8Array,
  scheme: SecureBootScheme,
  keys: readonly SigningKey[],
): Promise<Uint8Array> {
  const digest = imageDigest(splitSigned(image)?.signed ?? padForSigning(image), scheme);
  const blocks: Uint8Array[] = [];
  for (const key of keys) blocks.push(await signatureBlock(scheme, key, digest));
  return attachSignatures(image, blocks);
}

async function signatureBlock(
  scheme: SecureBootScheme,
  { spki, sign }: SigningKey,
  digest: Uint8Array,
): Promise<Uint8Array> {
  return buildSignatureBlock({ scheme, spki, imageDigest: digest, signature: await sign(digest) });
}

function unsignedOffline(part: string, key: string): RecipeFault {
  return new RecipeFault({
    code: 'release.offline-signature',
    what: `The ${part} carries no valid signature by the ${key}.`,
    next: 'Have it signed where that key is kept (espsecure sign-data --version 2 --append-signatures), then start again.',
    safety: 'untouched',
  });
}

function foreignSignature(part: string, digest: string, good: boolean): RecipeFault {
  return new RecipeFault({
    code: 'release.foreign-signature',
    what: good
      ? `The ${part} carries a signature by a key that the recipe does not list (digest ${digest}).`
      : `The ${part} carries a signature that does not verify (key digest ${digest}).`,
    next: 'List that key in secure_boot.keys, or set existing_signatures to replace.',
    safety: 'untouched',
    details: { part, digest },
  });
}
