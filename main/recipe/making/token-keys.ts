import { isFault } from '../../model/fault.ts';
import type { SigningKeyRef } from '../../model/refs.ts';
import type { KeyAlgorithm, KeyRef, KeyUse, Signer, TokenKey } from '../../signing/signer.ts';
import type { Recipe } from '../types.ts';

/** Every key of the station's own token that a recipe names, with what it has to be. */
export function keysOf(recipe: Recipe): { ref: KeyRef; use: KeyUse; algorithm: KeyAlgorithm }[] {
  const scheme = recipe.secureBoot?.scheme;
  const algorithm: KeyAlgorithm =
    scheme === 'ecdsa-p256' ? 'ecdsa-p256' : scheme === 'ecdsa-p384' ? 'ecdsa-p384' : 'rsa-3072';
  return [
    ...(recipe.secureBoot?.keys ?? []).flatMap((ref) =>
      'publicKey' in ref || ref.token !== undefined ? [] : [{ ref, use: 'secure-boot' as const, algorithm }],
    ),
    ...(recipe.identity?.certificate
      ? [{ ref: recipe.identity.certificate.ca, use: 'device-ca' as const, algorithm: 'ecdsa-p256' as const }]
      : []),
    ...(recipe.ota && recipe.ota.manifestKey.token === undefined
      ? [{ ref: recipe.ota.manifestKey, use: 'secure-boot' as const, algorithm: 'ecdsa-p256' as const }]
      : []),
    { ref: recipe.wrappingKey, use: 'wrapping', algorithm: 'aes-256' },
    ...(recipe.escrowKey ? [{ ref: recipe.escrowKey, use: 'wrapping' as const, algorithm: 'aes-256' as const }] : []),
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

/**
 * The recipe as a rehearsal's token can have it: one token with keys of the recipe's labels, which has neither the ids nor the public keys
 * of the real ones. Offline keys stay: what they signed is in the build.
 */
export function forRehearsal(recipe: Recipe): Recipe {
  const bare = ({ label, token }: SigningKeyRef) => ({ label: token === undefined ? label : `${token} ${label}` });
  return {
    ...recipe,
    wrappingKey: bare(recipe.wrappingKey),
    // no list knows a virtual board by its MAC or serial number
    ...(recipe.storage ? { storage: recipe.storage.map((stored) => ({ ...stored, inTurn: true })) } : {}),
    ...(recipe.customMac ? { customMac: { ...recipe.customMac, inTurn: true as const } } : {}),
    ...(recipe.escrowKey ? { escrowKey: bare(recipe.escrowKey) } : {}),
    secureBoot: recipe.secureBoot && {
      ...recipe.secureBoot,
      keys: recipe.secureBoot.keys.map((key) => ('publicKey' in key ? key : bare(key))),
      // what was signed by the real keys is no reason to stop: the rehearsal's keys sign anew
      existingSignatures: 'replace',
    },
    ...(recipe.ota ? { ota: { ...recipe.ota, manifestKey: bare(recipe.ota.manifestKey) } } : {}),
    identity: recipe.identity && {
      ...recipe.identity,
      certificate: recipe.identity.certificate && {
        ...recipe.identity.certificate,
        ca: bare(recipe.identity.certificate.ca),
        // the real CA's certificates are for another key
        issuer: recipe.identity.certificate.issuer ?? [{ type: 'CN', value: 'CA of the rehearsal' }],
        caChain: [],
      },
    },
  };
}
