import type { ChipProfile } from '../chip/board.ts';
import type { WantedEfuses, WantedField, WantedKey } from '../efuse/plan-types.ts';
import type { EfuseTable } from '../efuse/types.ts';
import type { Revision } from '../model/chip.ts';
import type { Recipe } from './types.ts';

/** Digest of a key that is not in the token yet: stands in previews, can never be burned. */
export const unknownDigest = '';

/**
 * What the recipe wants in eFuse on silicon of this table: the keys of FACTS 2.5 and the bits of FACTS 13.3, with a reason each.
 * Pure; order of burning is the planner's business. `digests` are the SHA-256 key digests (hex) of the recipe's Secure Boot keys in
 * order, `unknownDigest` where the token was not asked.
 */
export function wantedEfuses(
  recipe: Recipe,
  profile: ChipProfile,
  table: EfuseTable,
  revision: Revision,
  digests: readonly string[],
): WantedEfuses {
  const has = (field: string) => table.fields.some((candidate) => candidate.name === field);
  return {
    keys: wantedKeys(recipe, digests),
    fields: [
      ...flashEncryptionFields(recipe, profile, revision),
      ...secureBootFields(recipe, has),
      ...doorFields(recipe, profile),
      ...Object.entries(recipe.efuses).map(
        ([field, value]): WantedField => ({
          field,
          value,
          stage: 'protection',
          reason: 'the recipe asks for it by name',
        }),
      ),
    ],
    writeProtect: [
      ...(recipe.secureBoot ? [{ field: 'RD_DIS', reason: 'no digest can be hidden from the ROM any more' }] : []),
      ...(recipe.flashEncryption?.mode === 'release'
        ? profile.production.flashEncryptionWriteProtect.map((field) => ({
            field,
            reason: 'part of flash encryption release mode on this chip',
          }))
        : []),
    ],
  };
}

function wantedKeys(recipe: Recipe, digests: readonly string[]): WantedKey[] {
  const slots = recipe.slots;
  const keys: WantedKey[] = [];
  const secret = (role: 'flash-encryption' | 'ecdsa-identity' | 'hmac-up', part: 'whole' | 'low' | 'high') =>
    ({ kind: 'secret', role, part }) as const;
  if (recipe.flashEncryption?.key === 'xts-aes-256') {
    const first = slots['flash-encryption'] ?? null;
    keys.push({ material: secret('flash-encryption', 'low'), purpose: 'XTS_AES_256_KEY_1', slot: first });
    keys.push({
      material: secret('flash-encryption', 'high'),
      purpose: 'XTS_AES_256_KEY_2',
      slot: first === null ? null : first + 1,
    });
  } else if (recipe.flashEncryption) {
    const slot = slots['flash-encryption'] ?? null;
    keys.push({ material: secret('flash-encryption', 'whole'), purpose: 'XTS_AES_128_KEY', slot });
  }
  if (recipe.identity) {
    const slot = slots['ecdsa-identity'] ?? null;
    keys.push({ material: secret('ecdsa-identity', 'whole'), purpose: 'ECDSA_KEY', slot });
  }
  if (recipe.hmacUp) {
    keys.push({ material: secret('hmac-up', 'whole'), purpose: 'HMAC_UP', slot: slots['hmac-up'] ?? null });
  }
  const purposes = ['SECURE_BOOT_DIGEST0', 'SECURE_BOOT_DIGEST1', 'SECURE_BOOT_DIGEST2'] as const;
  (recipe.secureBoot?.keys ?? []).forEach((_, at) => {
    const index = at as 0 | 1 | 2;
    keys.push({
      material: { kind: 'digest', index, sha256: digests[index] ?? unknownDigest },
      purpose: purposes[index],
      slot: slots[`secure-boot-digest-${index}`] ?? null,
    });
  });
  return keys;
}

function flashEncryptionFields(recipe: Recipe, profile: ChipProfile, revision: Revision): WantedField[] {
  if (recipe.flashEncryption === null) return [];
  const release = recipe.flashEncryption.mode === 'release';
  return [
    {
      field: 'SPI_BOOT_CRYPT_CNT',
      value: release ? 7 : 1,
      stage: 'enable',
      reason: release
        ? 'flash is decrypted on every boot, for ever'
        : 'flash is decrypted on boot; can be switched off once',
    },
    ...(release ? profile.production.flashEncryptionRelease : [])
      .filter((bit) => revision >= (bit.minRevision ?? 0))
      .map(
        (bit): WantedField => ({
          field: bit.field,
          value: bit.value,
          stage: 'protection',
          reason: 'flash encryption release mode',
        }),
      ),
  ];
}

function secureBootFields(recipe: Recipe, has: (field: string) => boolean): WantedField[] {
  if (recipe.secureBoot === null) return [];
  const { keys, revokeUnused, aggressiveRevocation, scheme } = recipe.secureBoot;
  const fields: WantedField[] = [
    {
      field: 'SECURE_BOOT_EN',
      value: 1,
      stage: 'enable',
      reason: 'the ROM starts only what a burned digest vouches for',
    },
  ];
  if (revokeUnused) {
    for (let slot = keys.length; slot < 3; slot++) {
      fields.push({
        field: `SECURE_BOOT_KEY_REVOKE${slot}`,
        value: 1,
        stage: 'protection',
        reason: 'an empty digest slot could take an attacker’s key',
      });
    }
  }
  if (aggressiveRevocation) {
    fields.push({
      field: 'SECURE_BOOT_AGGRESSIVE_REVOKE',
      value: 1,
      stage: 'protection',
      reason: 'a key is revoked at its first wrong signature',
    });
  }
  if (scheme === 'ecdsa-p384' && has('SECURE_BOOT_SHA384_EN')) {
    fields.push({
      field: 'SECURE_BOOT_SHA384_EN',
      value: 1,
      stage: 'protection',
      reason: 'P-384 signatures are over SHA-384',
    });
  }
  return fields;
}

function doorFields(recipe: Recipe, profile: ChipProfile): WantedField[] {
  const fields: WantedField[] = [];
  if (recipe.doors.jtag === 'off') {
    for (const bit of profile.production.jtag) {
      fields.push({ field: bit.field, value: bit.value, stage: 'protection', reason: 'JTAG off for ever' });
    }
  }
  if (recipe.doors.directBoot === 'off') {
    for (const field of profile.production.directBoot) {
      fields.push({ field, value: 1, stage: 'protection', reason: 'no boot past the second stage' });
    }
  }
  if (recipe.secureVersion > 0) {
    fields.push({
      field: 'SECURE_VERSION',
      value: 2 ** recipe.secureVersion - 1,
      stage: 'protection',
      reason: `firmware with a secure version below ${recipe.secureVersion} never runs`,
    });
  }
  if (recipe.doors.downloadMode === 'disabled') {
    fields.push({ field: 'DIS_DOWNLOAD_MODE', value: 1, stage: 'door', reason: 'no download mode at all' });
  } else if (recipe.doors.downloadMode === 'secure') {
    fields.push({
      field: 'ENABLE_SECURITY_DOWNLOAD',
      value: 1,
      stage: 'door',
      reason: 'download mode only as Secure Download Mode',
    });
  }
  return fields;
}
