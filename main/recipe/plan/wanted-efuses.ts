import type { ChipProfile } from '../../chip/board.ts';
import type { WantedEfuses, WantedField, WantedKey } from '../../efuse/plan-types.ts';
import { fieldOf, hasField, widthOf } from '../../efuse/tables.ts';
import type { EfuseTable, KeyPurpose } from '../../efuse/types.ts';
import type { Revision } from '../../model/chip.ts';
import type { KeyRole } from '../../model/event.ts';
import { curveOfKey, type IdentityKey } from '../../model/identity.ts';
import type { FlashEncryptionKey } from '../../model/recipe.ts';
import type { Recipe } from '../types.ts';
import { deviceKeyPurposes } from './device-encryption.ts';
import { hmacDownKeys } from './hmac-down.ts';
import { bootloaderFields } from './second-bootloader.ts';
import { pseudoLevel, settledForSecureBoot, sideChannelFields } from './side-channels.ts';
import { doorFields } from './wanted-doors.ts';

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
  /** Whether the device has encrypted its flash already, where the recipe leaves that to it. */
  encrypted = false,
): WantedEfuses {
  const deviceKeys = deviceKeyPurposes(recipe);
  const byDevice = deviceKeys.length > 0 && !encrypted ? { by: 'device' as const } : {};
  const has = (field: string) => table.fields.some((candidate) => candidate.name === field);
  return {
    keys: wantedKeys(recipe, digests),
    fields: [
      ...flashEncryptionFields(recipe, profile, table, revision),
      ...secureBootFields(recipe, has),
      ...sideChannelFields(recipe, table),
      ...doorFields(recipe, profile, revision, has),
      ...bootloaderFields(recipe.bootloader, table),
      ...(recipe.customMac && has('CUSTOM_MAC_USED')
        ? [
            {
              field: 'CUSTOM_MAC_USED',
              value: 1,
              stage: 'protection' as const,
              reason: "an address of the product's own is burned",
            },
          ]
        : []),
      ...Object.entries(recipe.efuses).map(
        ([field, value]): WantedField => ({
          field,
          value,
          stage: 'protection',
          reason: 'the recipe asks for it by name',
        }),
      ),
    ].map((wish) => ({
      ...wish,
      field: ownName(table, wish.field),
      ...(wish.field === 'SPI_BOOT_CRYPT_CNT' ? byDevice : {}),
    })),
    writeProtect: [
      // Whoever burns the last key that is hidden locks RD_DIS after it.
      ...(recipe.secureBoot
        ? [{ field: 'RD_DIS', reason: 'no digest can be hidden from the ROM any more', ...byDevice }]
        : []),
      ...settledForSecureBoot(recipe, table),
      // On ESP32 the device raises SECURE_VERSION in the same block.
      ...(recipe.customMac && !hasField(table, 'MAC_VERSION')
        ? [{ field: fieldOf(table, 'CUSTOM_MAC').name, reason: "the product's own MAC address stays what it is" }]
        : []),
      ...(recipe.flashEncryption?.mode === 'release'
        ? profile.production.flashEncryptionWriteProtect.map((field) => ({
            field,
            reason: 'part of flash encryption release mode on this chip',
          }))
        : []),
    ],
    ...(deviceKeys.length > 0 ? { deviceKeys } : {}),
  };
}

/** The name that this silicon's manual gives the field; one that it does not have stays for the planner to refuse. */
function ownName(table: EfuseTable, field: string): string {
  return hasField(table, field) ? fieldOf(table, field).name : field;
}

/** Flash keys that lie in one block or a part of one. */
const flashPurposes: Readonly<Record<Exclude<FlashEncryptionKey, 'xts-aes-256'>, KeyPurpose>> = {
  'xts-aes-128': 'XTS_AES_128_KEY',
  'xts-aes-128-derived': 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS',
  'aes-256': 'FLASH_ENCRYPTION',
};

function wantedKeys(recipe: Recipe, digests: readonly string[]): WantedKey[] {
  const slots = recipe.slots;
  const keys: WantedKey[] = [];
  const secret = (role: 'flash-encryption' | 'ecdsa-identity' | 'hmac-up', part: 'whole' | 'low' | 'high') =>
    ({ kind: 'secret', role, part }) as const;
  if (recipe.flashEncryption?.by === 'device') {
    // the device makes its own
  } else if (recipe.flashEncryption?.key === 'xts-aes-256') {
    const first = slots['flash-encryption'] ?? null;
    keys.push({ material: secret('flash-encryption', 'low'), purpose: 'XTS_AES_256_KEY_1', slot: first });
    keys.push({
      material: secret('flash-encryption', 'high'),
      purpose: 'XTS_AES_256_KEY_2',
      slot: first === null ? null : first + 1,
    });
  } else if (recipe.flashEncryption) {
    const slot = slots['flash-encryption'] ?? null;
    keys.push({
      material: secret('flash-encryption', 'whole'),
      purpose: flashPurposes[recipe.flashEncryption.key],
      slot,
    });
  }
  if (recipe.identity) keys.push(...identityKeys(recipe.identity.key, slots));
  // The order in which blocks were always given out: a board that an older station began finds its keys where they are.
  const [forJtag, forDs] = [true, false].map((jtag) =>
    hmacDownKeys(recipe).filter(({ purpose }) => (purpose === 'HMAC_DOWN_JTAG') === jtag),
  );
  keys.push(...forDs!);
  if (recipe.hmacUp) {
    keys.push({ material: secret('hmac-up', 'whole'), purpose: 'HMAC_UP', slot: slots['hmac-up'] ?? null });
  }
  keys.push(...forJtag!);
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

/** The blocks of a device key. Of P-384 the high half goes into the slot that the recipe fixes and the low one into the next, as espefuse does. */
function identityKeys(key: IdentityKey, slots: Recipe['slots']): WantedKey[] {
  const secret = (role: KeyRole, part: 'whole' | 'low' | 'high') => ({ kind: 'secret', role, part }) as const;
  const slot = slots['ecdsa-identity'] ?? null;
  switch (curveOfKey(key)) {
    case 'P-256':
      return [{ material: secret('ecdsa-identity', 'whole'), purpose: 'ECDSA_KEY', slot }];
    case 'P-384':
      return [
        { material: secret('ecdsa-identity', 'high'), purpose: 'ECDSA_KEY_P384_H', slot },
        {
          material: secret('ecdsa-identity', 'low'),
          purpose: 'ECDSA_KEY_P384_L',
          slot: slot === null ? null : slot + 1,
        },
      ];
    case null:
      // an RSA key lies in flash; its block is one of the HMAC's
      return [];
  }
}

function flashEncryptionFields(
  recipe: Recipe,
  profile: ChipProfile,
  table: EfuseTable,
  revision: Revision,
): WantedField[] {
  if (recipe.flashEncryption === null) return [];
  const release = recipe.flashEncryption.mode === 'release';
  return [
    {
      field: 'SPI_BOOT_CRYPT_CNT',
      value: release ? 2 ** widthOf(fieldOf(table, 'SPI_BOOT_CRYPT_CNT')) - 1 : 1,
      stage: 'enable',
      reason: release
        ? 'flash is decrypted on every boot, for ever'
        : 'flash is decrypted on boot; can be switched off once',
    },
    ...profile.flashEncryptionFields.map(
      (field): WantedField => ({ ...field, stage: 'protection', reason: 'part of the flash key on this chip' }),
    ),
    ...(release ? profile.production.flashEncryptionRelease : [])
      .filter(({ field, minRevision }) => field !== pseudoLevel && revision >= (minRevision ?? 0))
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
    // A chip with one digest has nothing to revoke.
    for (let slot = keys.length; slot < 3 && has(`SECURE_BOOT_KEY_REVOKE${slot}`); slot++) {
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
