import type { ChipKind } from '../model/chip.ts';

/** Where the ROM looks for the bootloader (FACTS 1.5). P4 and C5 keep the sectors below for the Key Manager (FACTS 0, trap 12). */
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
};

/**
 * Address windows behind the flash cache by chip id, flash and (P4, where code may run from it) PSRAM (IDF
 * `soc/<chip>/include/soc/ext_mem_defs.h`).
 */
const mappedWindows: Readonly<Record<number, readonly (readonly [number, number])[]>> = {
  0: [
    [0x3f400000, 0x3f800000],
    [0x400d0000, 0x40400000],
  ],
  2: [
    [0x3f000000, 0x3f3f0000],
    [0x40080000, 0x40b80000],
  ],
  5: [
    [0x3c000000, 0x3c800000],
    [0x42000000, 0x42800000],
  ],
  9: [
    [0x3c000000, 0x3e000000],
    [0x42000000, 0x44000000],
  ],
  12: [
    [0x3c000000, 0x3c400000],
    [0x42000000, 0x42400000],
  ],
  13: [[0x42000000, 0x43000000]],
  16: [[0x42000000, 0x43000000]],
  18: [
    [0x40000000, 0x44000000],
    [0x48000000, 0x4c000000],
  ],
  20: [[0x42000000, 0x44000000]],
  23: [[0x42000000, 0x44000000]],
};

/** Whether a segment of that load address is mapped by the MMU, not copied to RAM. */
export function isMapped(chipId: number, address: number): boolean {
  return (mappedWindows[chipId] ?? []).some(([start, end]) => address >= start && address < end);
}
