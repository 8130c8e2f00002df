import { createHash } from 'node:crypto';
import { bytesOfWords, concat, isFilledWith, reversed } from '../../base/bytes.ts';
import { partOf, readDisableBitsOf } from '../../efuse/parts.ts';
import { hasField, keyBlockOf, marksFit, purposeRule } from '../../efuse/tables.ts';
import type { KeyPurpose } from '../../efuse/types.ts';
import type { VirtualEfuse } from '../silicon.ts';

/** Value of a field, or `absent` where this silicon has no such field. */
export function fieldOr(efuse: VirtualEfuse, name: string, absent: number): number {
  return hasField(efuse.table, name) ? efuse.field(name) : absent;
}

/** Count of ones, as thermometer codes and odd-ones switches are read. */
export function ones(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * Slot of the first key block that hardware uses for this purpose, or null. Slots that cannot hold it are passed over. Without purpose
 * fields it is the block that can hold it, if BLOCK0 bears its marks and no other purpose's.
 */
export function slotOfPurpose(efuse: VirtualEfuse, purpose: KeyPurpose): number | null {
  const rule = efuse.table.purposes.find((candidate) => candidate.purpose === purpose);
  if (rule === undefined) return null;
  for (const [slot, { purposeField }] of efuse.table.keyBlocks.entries()) {
    if (rule.forbiddenSlots.includes(slot)) continue;
    if (
      purposeField === null
        ? marksFit(efuse.table, rule, (name) => efuse.field(name))
        : efuse.field(purposeField) === rule.number
    )
      return slot;
  }
  return null;
}

/** The bytes of a purpose in a key slot as the key file had them: those of reversed purposes are turned back (FACTS 0.2, 2.5). */
export function keyFileBytes(efuse: VirtualEfuse, slot: number, purpose: KeyPurpose): Uint8Array {
  const block = bytesOfWords(efuse.hardwareBlock(keyBlockOf(efuse.table, slot).number));
  const rule = efuse.table.purposes.find((candidate) => candidate.purpose === purpose);
  const bytes = rule === undefined ? block : partOf(block, rule.part);
  return rule?.reversed ? reversed(bytes) : bytes;
}

/** Whether flash is decrypted at boot: an odd number of ones (FACTS 3.5). */
export function flashEncryptionOn(efuse: VirtualEfuse): boolean {
  return ones(efuse.field('SPI_BOOT_CRYPT_CNT')) % 2 === 1;
}

/** The key with which flash is decrypted at boot; null with encryption off. */
export function flashKey(efuse: VirtualEfuse): Uint8Array | null {
  return flashEncryptionOn(efuse) ? xtsKey(efuse) : null;
}

/**
 * The XTS key in file order, 32 or 64 bytes, whether flash is decrypted at boot or not: the loaders encrypt with it what they write with
 * the encrypt word. Without any key block of the purpose the engine works with an empty key: what it then reads is noise, as on a chip.
 */
export function xtsKey(efuse: VirtualEfuse): Uint8Array {
  const short = slotOfPurpose(efuse, 'XTS_AES_128_KEY');
  if (short !== null) return keyFileBytes(efuse, short, 'XTS_AES_128_KEY');
  const derived = 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS';
  const half = slotOfPurpose(efuse, derived);
  if (half !== null)
    return new Uint8Array(
      createHash('sha256')
        .update(keyFileBytes(efuse, half, derived))
        .digest(),
    );
  const first = slotOfPurpose(efuse, 'XTS_AES_256_KEY_1');
  const second = slotOfPurpose(efuse, 'XTS_AES_256_KEY_2');
  if (first === null || second === null) return new Uint8Array(32);
  return concat(keyFileBytes(efuse, first, 'XTS_AES_256_KEY_1'), keyFileBytes(efuse, second, 'XTS_AES_256_KEY_2'));
}

/** One Secure Boot digest as the ROM sees it. */
export interface TrustedDigest {
  /** 0..2: purpose SECURE_BOOT_DIGESTn. */
  readonly index: number;
  readonly slot: number;
  /** 32 bytes, or the first 16 where the silicon has no room for more. */
  readonly digest: Uint8Array;
}

/**
 * Digests that the ROM trusts (FACTS 4.7): not revoked, readable, not empty. Revocation goes by the purpose's number, not by the
 * key block.
 */
export function trustedDigests(efuse: VirtualEfuse): TrustedDigest[] {
  const trusted: TrustedDigest[] = [];
  const readProtected = efuse.field('RD_DIS');
  for (const index of [0, 1, 2] as const) {
    const purpose = `SECURE_BOOT_DIGEST${index}` as const;
    const slot = slotOfPurpose(efuse, purpose);
    if (slot === null || efuse.field(`SECURE_BOOT_KEY_REVOKE${index}`) !== 0) continue;
    const { part } = purposeRule(efuse.table, purpose);
    const hiding = readDisableBitsOf(keyBlockOf(efuse.table, slot), part);
    if (hiding.some((bit) => ((readProtected >>> bit) & 1) !== 0)) continue;
    const digest = keyFileBytes(efuse, slot, purpose);
    if (!isFilledWith(digest, 0)) trusted.push({ index, slot, digest });
  }
  return trusted;
}
