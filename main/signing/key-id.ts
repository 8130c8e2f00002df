import type { RandomSource } from '../base/random.ts';
import type { KeyUse } from './signer.ts';

/**
 * CKA_ID of keys made here: this mark, the use, 13 random bytes. PKCS#11 has no attribute for what a key is meant for, and CKA_ID is
 * the one that every token keeps.
 */
const mark = [0xf5, 0x5e] as const;
const uses: readonly KeyUse[] = ['secure-boot', 'device-ca', 'wrapping', 'ledger'];
const length = 16;

export function newKeyId(use: KeyUse, random: RandomSource): Uint8Array {
  const id = new Uint8Array(random(length));
  id.set([...mark, uses.indexOf(use)]);
  return id;
}

/** What a key made here is for; null for an id of somebody else's. */
export function useOfKeyId(id: Uint8Array): KeyUse | null {
  return id.length === length && mark.every((byte, at) => id[at] === byte) ? (uses[id[2]!] ?? null) : null;
}
