// What of the eFuses stands against power and timing analysis, and must be in before Secure Boot's write protection freezes it.
//
// Rank of all of it: from source. ESP-IDF components/esp_security/src/init.c (esp_security_init) burns ECC_FORCE_CONST_TIME and then the
// write protection that it shares with ECDSA_CURVE_MODE (H2) or SECURE_BOOT_SHA384_EN (C5); components/efuse/src/esp_efuse_startup.c
// (init_efuse_secure) burns ECDSA_FORCE_USE_HARDWARE_K of an H2 below v1.2. An application that finds them frozen at 0 does not start.

import type { WantedField } from '../../efuse/plan-types.ts';
import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import { curveOfKey } from '../../model/identity.ts';
import type { Recipe } from '../types.ts';

export const pseudoLevel = 'XTS_DPA_PSEUDO_LEVEL';
const constantTime = 'ECC_FORCE_CONST_TIME';
const hardwareNonce = 'ECDSA_FORCE_USE_HARDWARE_K';

/**
 * What decides how signatures are verified, and can still be changed on this silicon (FACTS 13.1: ECDSA_CURVE_MODE of the H2,
 * SECURE_BOOT_SHA384_EN of the C5; the P4 cannot freeze the latter). Nothing without Secure Boot.
 */
export function settledForSecureBoot(recipe: Recipe, table: EfuseTable): { field: string; reason: string }[] {
  if (recipe.secureBoot === null) return [];
  return ['ECDSA_CURVE_MODE', 'SECURE_BOOT_SHA384_EN']
    .filter((field) => hasField(table, field) && fieldOf(table, field).writeDisableBit !== null)
    .map((field) => ({ field, reason: 'how signatures are verified is settled' }));
}

/** Fields against side channels that this recipe wants on this silicon. */
export function sideChannelFields(recipe: Recipe, table: EfuseTable): WantedField[] {
  const fields: WantedField[] = [];
  const want = (field: string, value: number, reason: string) =>
    fields.push({ field, value, stage: 'protection', reason });
  const level = pseudoRoundsOf(recipe, table);
  if (level > 0) want(pseudoLevel, level, 'dummy rounds hide the flash key from power analysis');
  if (freezes(recipe, table, constantTime))
    want(constantTime, 1, 'point multiplication in constant time; its write protection follows');
  if (hasField(table, hardwareNonce) && recipe.identity !== null && curveOfKey(recipe.identity.key) !== null)
    want(hardwareNonce, 1, 'the device key signs with nonces of the hardware only');
  return fields;
}

/**
 * Level of dummy rounds: the recipe's (or its build's), else the lowest where flash encryption is final or the field is frozen with Secure
 * Boot: ESP-IDF asks for one in release mode, to which a product in development mode may still go over (from source: bootloader_support
 * flash_encrypt.c, esp_flash_encryption_cfg_verify_release_mode). A level that the silicon does not know stays for the planner to refuse.
 */
function pseudoRoundsOf(recipe: Recipe, table: EfuseTable): number {
  const encryption = recipe.flashEncryption;
  if (encryption === null) return 0;
  if (encryption.pseudoRounds !== undefined) return encryption.pseudoRounds;
  if (!hasField(table, pseudoLevel)) return 0;
  return encryption.mode === 'release' || freezes(recipe, table, pseudoLevel) ? 1 : 0;
}

/** Whether a field shares the write protection that Secure Boot brings. */
function freezes(recipe: Recipe, table: EfuseTable, name: string): boolean {
  if (!hasField(table, name)) return false;
  const { writeDisableBit } = fieldOf(table, name);
  return settledForSecureBoot(recipe, table).some(
    ({ field }) => fieldOf(table, field).writeDisableBit === writeDisableBit,
  );
}
