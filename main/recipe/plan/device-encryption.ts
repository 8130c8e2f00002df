// Flash that the device encrypts itself at its first start, under a key that it makes: what is the station's part, what the bootloader's.
//
// The station writes signed images in clear, burns every other key, the protections and Secure Boot, and lets the board start. A
// bootloader built for it (ESP-IDF, CONFIG_SECURE_FLASH_ENC_ENABLED) then burns a key of its own into the first free block, hides it,
// encrypts bootloader, partition table and partitions in place, and last sets SPI_BOOT_CRYPT_CNT and the lock of RD_DIS. Until that count
// is set a board that lost its supply is written in clear again and started again; ESP-IDF asks for the same.

import type { WantedEfuses } from '../../efuse/plan-types.ts';
import { isPartHidden, slotState } from '../../efuse/slots.ts';
import { isFrozen, readNumber } from '../../efuse/snapshot.ts';
import { fieldOf, keySlotsOf, purposeRule } from '../../efuse/tables.ts';
import type { EfuseSnapshot, KeyPurpose } from '../../efuse/types.ts';
import type { SecurityInfo } from '../../model/chip.ts';
import type { Recipe } from '../types.ts';

/** How long the first start may take where the recipe does not say it, s: flash is encrypted sector by sector, some 15 MB/min. */
export const encryptionSeconds = 300;

/** The line with which a bootloader ends the first start (ESP-IDF bootloader_utility.c); afterwards it resets the chip. */
export const encryptionEnd = /Resetting with flash encryption enabled/;
/** Lines by which it shows that it did so before: this start was not the first. */
export const encryptedBefore = /flash_encrypt: (Flash encryption mode is|flash encryption is enabled)/;
/**
 * What it says when it cannot, and will not get any further (from source: ESP-IDF bootloader_utility.c, flash_encrypt.c, esp_efuse_utility.c,
 * at their error level). No trouble are:
 *   esp_image, secure_boot   it looks into every application slot, also the empty ones: `image at 0x1a0000 has invalid magic byte (nothing
 *                            flashed here?)` is recorded of a start that goes on; a slot that cannot be booted is passed over for the next
 *   is not bootable          the same of the slot that otadata chose
 *   Repeated programming     XTS_DPA_PSEUDO_LEVEL is written as a whole field by bootloaders that then go on
 * Where it cannot boot at all, the last line of the tag `boot` says so.
 */
export const encryptionTrouble =
  /^E (?:\([^)]*\) )?(?:flash_encrypt: |efuse: (?!Repeated programming of programmed bits)|boot_comm: |boot(?:\.\w+)?: (?!.* is not bootable))/;

/** Purposes of the blocks that the device fills itself; none where the station encrypts. */
export function deviceKeyPurposes({ flashEncryption }: Recipe): readonly KeyPurpose[] {
  if (flashEncryption?.by !== 'device') return [];
  return flashEncryption.key === 'xts-aes-256' ? ['XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'] : ['XTS_AES_128_KEY'];
}

/** Whether the device has encrypted its flash: then nothing may be written to it any more. */
export function isDeviceEncrypted(recipe: Recipe, snapshot: EfuseSnapshot): boolean {
  return recipe.flashEncryption?.by === 'device' && readNumber(snapshot, 'SPI_BOOT_CRYPT_CNT') !== 0;
}

/** What the bootloader left undone, each as a sentence; empty: all is as the recipe wants it. */
export function deviceEncryptionProblems(recipe: Recipe, wanted: WantedEfuses, snapshot: EfuseSnapshot): string[] {
  const { table } = snapshot;
  const problems: string[] = [];
  const count = readNumber(snapshot, 'SPI_BOOT_CRYPT_CNT');
  const wish = wanted.fields.find(({ field }) => field === 'SPI_BOOT_CRYPT_CNT')?.value;
  if (count !== wish) problems.push(`SPI_BOOT_CRYPT_CNT is ${count} instead of ${wish}`);
  const states = keySlotsOf(table).map((slot) => slotState(snapshot, slot));
  for (const purpose of deviceKeyPurposes(recipe)) {
    const rule = purposeRule(table, purpose);
    const found = states.filter((state) => state.purpose === rule.number);
    const [state] = found;
    if (state === undefined || found.length > 1) problems.push(`${found.length} key blocks are for ${purpose}`);
    else if (!isPartHidden(table, state, rule.part)) problems.push(`the ${purpose} can be read`);
    else if (!state.blockFrozen || !state.purposeFrozen) problems.push(`the ${purpose} is not write-protected`);
  }
  if (recipe.secureBoot !== null && !isFrozen(snapshot, fieldOf(table, 'RD_DIS').writeDisableBit))
    problems.push('RD_DIS is not write-protected');
  return problems;
}

/** The same by security info alone, where the application has shut the door: all that is still told. */
export function shutEncryptionProblems(
  recipe: Recipe,
  wanted: WantedEfuses,
  info: SecurityInfo,
  numbers: readonly number[],
): string[] {
  const wish = wanted.fields.find(({ field }) => field === 'SPI_BOOT_CRYPT_CNT')?.value;
  return [
    ...(info.flashCryptCount === wish
      ? []
      : [`the flash encryption count is ${info.flashCryptCount} instead of ${wish}`]),
    ...(numbers.every((number) => info.keyPurposes.includes(number)) ? [] : ['no key block is for flash encryption']),
    ...(recipe.secureBoot === null || info.secureBoot ? [] : ['Secure Boot is off']),
  ];
}
