import { type ChipKind, chipIds, chipKinds, type Revision } from '../model/chip.ts';

/** Where the ROM looks for the bootloader (FACTS 1.5). P4, C5, S31 and H4 keep the sectors below for the Key Manager (FACTS 0, trap 12). */
export const bootloaderOffsets: Readonly<Record<ChipKind, number>> = {
  esp32p4: 0x2000,
  esp32c5: 0x2000,
  esp32s3: 0,
  esp32c3: 0,
  esp32c6: 0,
  esp32h2: 0,
  esp32s2: 0x1000,
  esp32c61: 0,
  esp32c2: 0,
  esp32: 0x1000,
  esp32s31: 0x2000,
  esp32h21: 0,
  esp32h4: 0x2000,
};

const kilo = 1024;

/**
 * Bytes of a bootloader, without its signature, that a ROM verifies. Rank: run in ROM on ESP32-P4 (FACTS 19), the others from source
 * (ESP-IDF docs/en/api-guides/bootloader.rst, Bootloader Size).
 */
export const largestBootloader: Readonly<Record<ChipKind, number>> = {
  esp32p4: 64 * kilo,
  esp32c5: 80 * kilo,
  esp32s3: 64 * kilo,
  esp32c3: 64 * kilo,
  esp32c6: 64 * kilo,
  esp32h2: 64 * kilo,
  esp32s2: 64 * kilo,
  esp32c61: 80 * kilo,
  esp32c2: 64 * kilo,
  esp32: 48 * kilo,
  esp32s31: 80 * kilo,
  esp32h21: 64 * kilo,
  esp32h4: 80 * kilo,
};

/** Address windows behind the flash cache, flash and (P4, S31, where code may run from it) PSRAM (IDF `soc/<chip>/include/soc/ext_mem_defs.h`). */
const mappedWindows: Readonly<Record<ChipKind, readonly (readonly [number, number])[]>> = {
  esp32: [
    [0x3f400000, 0x3f800000],
    [0x400d0000, 0x40400000],
  ],
  esp32s2: [
    [0x3f000000, 0x3f3f0000],
    [0x40080000, 0x40b80000],
  ],
  esp32c3: [
    [0x3c000000, 0x3c800000],
    [0x42000000, 0x42800000],
  ],
  esp32s3: [
    [0x3c000000, 0x3e000000],
    [0x42000000, 0x44000000],
  ],
  esp32c2: [
    [0x3c000000, 0x3c400000],
    [0x42000000, 0x42400000],
  ],
  esp32c6: [[0x42000000, 0x43000000]],
  esp32h2: [[0x42000000, 0x43000000]],
  esp32p4: [
    [0x40000000, 0x44000000],
    [0x48000000, 0x4c000000],
  ],
  esp32c61: [[0x42000000, 0x44000000]],
  esp32c5: [[0x42000000, 0x44000000]],
  esp32s31: [
    [0x40000000, 0x44000000],
    [0x50000000, 0x54000000],
  ],
  esp32h21: [[0x42000000, 0x43000000]],
  esp32h4: [[0x42000000, 0x44000000]],
};

/** Whether a segment of that load address is mapped by the MMU, not copied to RAM. */
export function isMapped(chipId: number, address: number): boolean {
  const kind = chipKinds.find((one) => chipIds[one] === chipId);
  return kind !== undefined && mappedWindows[kind].some(([start, end]) => address >= start && address < end);
}

/**
 * Chip ids of images whose one old byte for the first silicon counts minor versions; of all others major ones (from source: esp_app_format.h,
 * min_chip_rev).
 */
export const countsMinorRevisions: readonly number[] = [chipIds.esp32c3];

/** Chips of whose silicon a later line has its memory elsewhere, so that a build for the one does not run on the other, and its first revision. */
export const memoryMovedAt: Partial<Readonly<Record<ChipKind, Revision>>> = { esp32p4: 300 };
