import { toHex } from '../../base/bytes.ts';
import { keyDigestOf } from '../../image/secure-boot.ts';
import { isFault, RecipeFault } from '../../model/fault.ts';
import type { SecureBootScheme } from '../../model/recipe.ts';
import { publicKeyOfFile } from '../../signing/public-key-file.ts';
import type { KeyAlgorithm, Signer, TokenKey } from '../../signing/signer.ts';
import type { TokenRing } from '../../signing/token-ring.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Recipe } from '../types.ts';

/** A key that signs images. */
export interface SigningKey {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Signature over an image digest, as `buildSignatureBlock` takes it. */
  readonly sign: (digest: Uint8Array) => Promise<Uint8Array>;
}

/** A Secure Boot key of a recipe, found. */
export interface SecureBootKey {
  /** For people: `key "x" of token "y"`. */
  readonly name: string;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** SHA-256 (hex) that is burned (FACTS 4.5). */
  readonly digest: string;
  /** As a SigningKey; null: an offline key, whose signatures come with the build. */
  readonly sign: SigningKey['sign'] | null;
}

const algorithmOf: Readonly<Record<SecureBootScheme, KeyAlgorithm>> = {
  rsa3072: 'rsa-3072',
  'ecdsa-p256': 'ecdsa-p256',
  'ecdsa-p384': 'ecdsa-p384',
};

/**
 * The recipe's Secure Boot keys in digest order: those of tokens found there, offline ones from their files. Faults: TokenFault as the
 * tokens raise them; RecipeFault `release.wrong-key` for a key of another kind than the scheme, `release.same-key` where one key stands
 * twice: its digest would take two slots, and revoking one of them would revoke nothing.
 */
export async function secureBootKeys(recipe: Recipe, tokens: TokenRing, files: NamedFiles): Promise<SecureBootKey[]> {
  if (recipe.secureBoot === null) return [];
  const { scheme } = recipe.secureBoot;
  const keys: SecureBootKey[] = [];
  for (const ref of recipe.secureBoot.keys) {
    const key = 'publicKey' in ref ? offlineKey(scheme, ref.publicKey, files) : await tokenKey(scheme, ref, tokens);
    const same = keys.find(({ digest }) => digest === key.digest);
    if (same !== undefined)
      throw new RecipeFault({
        code: 'release.same-key',
        what: `${same.name} and ${key.name} of the recipe's Secure Boot keys are one and the same key.`,
        next: 'Name each key once: a digest that stands in two slots cannot be revoked by one of them.',
        safety: 'untouched',
      });
    keys.push(key);
  }
  return keys;
}

async function tokenKey(
  scheme: SecureBootScheme,
  ref: { readonly label: string; readonly token?: string },
  tokens: TokenRing,
): Promise<SecureBootKey> {
  const signer = await tokens.signerOf(ref.token);
  const key = await signer.findKey(ref);
  const wanted = algorithmOf[scheme];
  const name = keyName(ref);
  if (key.algorithm !== wanted || key.spki === null) {
    throw new RecipeFault({
      code: 'release.wrong-key',
      what: `${name[0]!.toUpperCase()}${name.slice(1)} is ${key.algorithm}, and the recipe's Secure Boot scheme needs ${wanted}.`,
      next: `Name a ${wanted} key in the recipe, or make one: token keys --make ${wanted} --label NAME.`,
    });
  }
  return { name, digest: toHex(keyDigestOf(scheme, key.spki)), ...signingKey(scheme, key, signer) };
}

/** A key of a token as what signs images of this scheme. */
export function signingKey(scheme: SecureBootScheme, key: TokenKey, signer: Signer): SigningKey {
  const how = scheme === 'rsa3072' ? 'rsa-pss-sha256' : 'ecdsa';
  return { spki: key.spki!, sign: (digest) => signer.sign({ label: key.label, id: key.id }, how, digest) };
}

/** A key reference for people. */
export function keyName({ label, token }: { readonly label: string; readonly token?: string }): string {
  return `key ${JSON.stringify(label)} of ${token === undefined ? 'the token' : `token ${JSON.stringify(token)}`}`;
}

/**
 * An offline key from its file. RecipeFault `signing.public-key` for a file that holds none, `release.wrong-key` for one of another kind
 * than the scheme.
 */
export function offlineKey(scheme: SecureBootScheme, file: string, files: NamedFiles): SecureBootKey {
  const bytes = files.get(file);
  if (bytes === undefined) throw new RangeError(`${file} was not read with the recipe`);
  const spki = publicKeyOfFile(bytes, file);
  const name = `offline key ${file}`;
  try {
    return { name, spki, digest: toHex(keyDigestOf(scheme, spki)), sign: null };
  } catch (error) {
    if (!isFault(error, 'image.key')) throw error;
    throw new RecipeFault({
      code: 'release.wrong-key',
      what: `The ${name} is no ${algorithmOf[scheme]} key, which the recipe's Secure Boot scheme needs.`,
      next: `Name the public half of a ${algorithmOf[scheme]} key.`,
      cause: error,
    });
  }
}
