import { toHex } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/json.ts';
import { isSigned } from '../../image/firmware.ts';
import { splitSigned, verifySignatureBlock } from '../../image/secure-boot.ts';
import type { Firmware } from '../../image/types.ts';
import { isFault } from '../../model/fault.ts';
import type { SecureBootScheme } from '../../model/recipe.ts';
import type { Add } from '../finding.ts';

import { offlineKey, type SecureBootKey } from '../making/secure-boot-keys.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Recipe } from '../types.ts';

/**
 * What of the Secure Boot keys can be judged without a token: no key twice, offline keys of the right kind, their signatures on every
 * image, and no signature that would have to be kept and is not good.
 */
export function checkSecureBoot(recipe: Recipe, firmware: Firmware | null, files: NamedFiles, add: Add): void {
  if (recipe.secureBoot === null) return;
  const { keys, scheme, existingSignatures } = recipe.secureBoot;
  const seen = new Map<string, number>();
  const offline: SecureBootKey[] = [];
  for (const [at, ref] of keys.entries()) {
    let name = canonicalJson(ref);
    if ('publicKey' in ref) {
      const key = readOffline(scheme, ref.publicKey, files, at, add);
      if (key === null) continue;
      offline.push(key);
      name = key.digest;
    }
    const first = seen.get(name);
    if (first === undefined) seen.set(name, at);
    else
      add({
        check: 'secure-boot-same-key',
        path: `secure_boot.keys.${at}`,
        what: `Key ${at + 1} is key ${first + 1} once more.`,
        remedy: 'Name each key once: a digest that stands in two slots cannot be revoked by one of them.',
      });
  }
  // Signatures of the build are looked at where one of them is to stay.
  if (firmware === null || (offline.length === 0 && existingSignatures !== 'keep')) return;
  for (const part of firmware.parts.filter(isSigned)) {
    const split = splitSigned(part.data);
    const good = (split?.blocks ?? []).filter((block) => verifySignatureBlock(block, split!.signed));
    const byDigest = new Set(good.map((block) => toHex(block.keyDigest)));
    for (const key of offline) {
      if (byDigest.has(key.digest)) continue;
      add({
        check: 'offline-signature',
        path: 'secure_boot.keys',
        what: `The ${part.name} of this build carries no valid signature by the ${key.name}.`,
        remedy: `Where that key is kept, type: espsecure sign-data --version 2 --append-signatures --keyfile PRIVATE_KEY --output SIGNED.bin ${part.file}; and put the signed file into the build folder.`,
      });
    }
    if (existingSignatures === 'keep' && split !== null && good.length < split.blocks.length)
      add({
        check: 'existing-signature',
        path: 'secure_boot.existing_signatures',
        what: `The ${part.name} of this build carries a signature that does not verify, so it cannot be kept.`,
        remedy: 'Build and sign it anew, or set existing_signatures to replace.',
      });
  }
}

function readOffline(
  scheme: SecureBootScheme,
  file: string,
  files: NamedFiles,
  at: number,
  add: Add,
): SecureBootKey | null {
  // a file that could not be read is told where it was read
  if (!files.has(file)) return null;
  try {
    return offlineKey(scheme, file, files);
  } catch (error) {
    if (!isFault(error)) throw error;
    add({
      check: 'offline-key',
      path: `secure_boot.keys.${at}.public_key`,
      what: error.what,
      remedy: error.next,
    });
    return null;
  }
}
