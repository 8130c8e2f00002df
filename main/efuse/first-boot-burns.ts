import type { ChipKind } from '../model/chip.ts';
import { hasField } from './tables.ts';
import type { EfuseTable } from './types.ts';

/** A field of BLOCK0 that a bootloader burns, beside its key and the locks of that, and the option of its build that keeps it from it. */
export interface FirstBootBurn {
  readonly field: string;
  readonly value: number;
  /** Name without CONFIG_; null: nothing does. */
  readonly unless: string | null;
  /** What it says of it on its console; null: nothing. */
  readonly says: string | null;
}

/** What keeps the flash cache out of download mode, and what keeps a start without second stage away. */
interface ChipBurns {
  readonly cache: readonly string[];
  readonly boot: readonly string[];
}

const directBoot = ['DIS_DIRECT_BOOT'];
const icache: ChipBurns = { cache: ['DIS_DOWNLOAD_ICACHE'], boot: directBoot };
const mspi: ChipBurns = { cache: ['SPI_DOWNLOAD_MSPI_DIS'], boot: directBoot };
/** Of H2 and H21 ESP-IDF burns none for the cache. */
const noCache: ChipBurns = { cache: [], boot: directBoot };

const chipBurns: Readonly<Record<ChipKind, ChipBurns>> = {
  esp32p4: mspi,
  esp32s3: { cache: ['DIS_DOWNLOAD_DCACHE', 'DIS_DOWNLOAD_ICACHE'], boot: directBoot },
  esp32c3: icache,
  esp32c6: icache,
  esp32h2: noCache,
  esp32c5: mspi,
  esp32s2: {
    cache: ['DIS_DOWNLOAD_DCACHE', 'DIS_DOWNLOAD_ICACHE'],
    boot: ['DIS_BOOT_REMAP', 'DIS_LEGACY_SPI_BOOT'],
  },
  esp32c61: mspi,
  esp32c2: icache,
  // No recipe leaves flash encryption to an ESP32 (ChipProfile.refusals).
  esp32: { cache: [], boot: [] },
  // The file of the S31 holds what belongs to Secure Boot (master of July 2026): taken for the chips with the same fields. Rank: inferred.
  esp32s31: mspi,
  esp32h21: noCache,
  esp32h4: mspi,
};

/**
 * What ESP-IDF's bootloader burns in one batch with its key when it encrypts flash for the first time, in its order. Rank: from source,
 * ESP-IDF 102122904ad components/bootloader_support/src/CHIP/flash_encryption_secure_features.c
 * (esp_flash_encryption_enable_secure_features); recorded of a C3 (vectors consoles/c3-rom-devcut.txt). The level of dummy rounds is not
 * among them: its strength is an option of its own.
 *
 * The batch burns key blocks from the last one down, then BLOCK0 without WR_DIS, then WR_DIS (from source: components/efuse,
 * esp_efuse_utility_burn_chip). A bit that is frozen at 0 spoils it: the burn is tried three times, fails, and WR_DIS is not burned, so that
 * the key it has just burned is never taken for whole again (check_and_generate_encryption_keys: `Invalid key state`).
 */
export function firstBootBurns(table: EfuseTable): readonly FirstBootBurn[] {
  const { cache, boot } = chipBurns[table.chip];
  const jtag = ['DIS_PAD_JTAG', 'DIS_USB_JTAG'];
  const burns = (fields: readonly string[], unless: string | null, says: string | null) =>
    fields
      .filter((field) => hasField(table, field))
      .map((field, at): FirstBootBurn => ({ field, value: 1, unless, says: at === 0 ? says : null }));
  return [
    ...burns(
      ['DIS_DOWNLOAD_MANUAL_ENCRYPT'],
      'SECURE_FLASH_UART_BOOTLOADER_ALLOW_ENC',
      'Disable UART bootloader encryption...',
    ),
    ...burns(cache, 'SECURE_FLASH_UART_BOOTLOADER_ALLOW_CACHE', 'Disable UART bootloader cache...'),
    ...burns(jtag, 'SECURE_BOOT_ALLOW_JTAG', 'Disable JTAG...'),
    ...burns(boot, null, null),
  ];
}
