import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstBootBurns } from '../../../main/efuse/first-boot-burns.ts';
import { efuseTableOfLine } from '../../../main/efuse/tables.ts';
import type { ChipKind } from '../../../main/model/chip.ts';

const encrypt = 'DIS_DOWNLOAD_MANUAL_ENCRYPT';
const jtag = ['DIS_PAD_JTAG', 'DIS_USB_JTAG'];

/** By ESP-IDF's flash_encryption_secure_features.c of each chip, in its order; of the S31 inferred. */
const burns: Readonly<Partial<Record<ChipKind, readonly string[]>>> = {
  esp32c3: [encrypt, 'DIS_DOWNLOAD_ICACHE', ...jtag, 'DIS_DIRECT_BOOT'],
  esp32s2: [
    encrypt,
    'DIS_DOWNLOAD_DCACHE',
    'DIS_DOWNLOAD_ICACHE',
    'DIS_PAD_JTAG',
    'DIS_BOOT_REMAP',
    'DIS_LEGACY_SPI_BOOT',
  ],
  esp32c2: [encrypt, 'DIS_DOWNLOAD_ICACHE', 'DIS_PAD_JTAG', 'DIS_DIRECT_BOOT'],
  esp32h21: [encrypt, ...jtag, 'DIS_DIRECT_BOOT'],
  esp32s31: [encrypt, 'SPI_DOWNLOAD_MSPI_DIS', ...jtag, 'DIS_DIRECT_BOOT'],
  esp32h4: [encrypt, 'SPI_DOWNLOAD_MSPI_DIS', ...jtag, 'DIS_DIRECT_BOOT'],
};

for (const [kind, fields] of Object.entries(burns))
  test(`what a bootloader of ${kind} burns with its first flash key`, () => {
    const told = firstBootBurns(efuseTableOfLine(kind as ChipKind, 100)).map(({ field }) => field);
    assert.deepEqual(told, fields);
  });
