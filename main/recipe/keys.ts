import { isFault } from '../model/fault.ts';
import type { KeyAlgorithm, KeyRef, KeyUse, Signer, TokenKey } from '../signing/signer.ts';
import type { Recipe } from './types.ts';

/** Every token key that a recipe names, with what it has to be. */
export function keysOf(recipe: Recipe): { ref: KeyRef; use: KeyUse; algorithm: KeyAlgorithm }[] {
  const scheme = recipe.secureBoot?.scheme;
  const algorithm: KeyAlgorithm =
    scheme === 'ecdsa-p256' ? 'ecdsa-p256' : scheme === 'ecdsa-p384' ? 'ecdsa-p384' : 'rsa-3072';
  return [
    ...(recipe.secureBoot?.keys ?? []).map((ref) => ({ ref, use: 'secure-boot' as const, algorithm })),
    ...(recipe.identity
      ? [{ ref: recipe.identity.certificate.ca, use: 'device-ca' as const, algorithm: 'ecdsa-p256' as const }]
      : []),
    { ref: recipe.wrappingKey, use: 'wrapping', algorithm: 'aes-256' },
  ];
}

/**
 * Makes the keys of the recipe that the token lacks, and gives them. A key that the recipe names by id or public key is never made: it is
 * one of somebody else's.
 */
export async function makeMissingKeys(recipe: Recipe, signer: Signer): Promise<TokenKey[]> {
  const made: TokenKey[] = [];
  for (const { ref, use, algorithm } of keysOf(recipe)) {
    try {
      await signer.findKey(ref);
    } catch (error) {
      if (!isFault(error, 'token.no-key') || ref.id || ref.publicKeySha256) throw error;
      made.push(await signer.generateKey({ label: ref.label, use, algorithm }));
    }
  }
  return made;
}
