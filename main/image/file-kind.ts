import { isFilledWith } from '../base/bytes.ts';
import type { ChipKind } from '../model/chip.ts';
import { isFault } from '../model/fault.ts';
import { imageMagic, parseImage } from './app-image.ts';
import { hasAppDescriptor, readBootloaderDescriptor } from './descriptor.ts';
import { bootloaderOffsets, isMapped } from './memory-map.ts';
import { parsePartitionTable, sectorSize } from './partition-table.ts';

/**
 * What a file of a build is by its contents; builders name the same thing in many ways. `whole-flash`: an image of the flash from its
 * beginning (esptool merge-bin; `*.merged.bin` of Arduino, `firmware.factory.bin` of ESPHome). `image`: an image of neither kind.
 */
export type FileKind = 'bootloader' | 'application' | 'partition-table' | 'otadata' | 'whole-flash' | 'image';

/** Null for contents of no known kind. */
export function fileKindOf(bytes: Uint8Array, chip: ChipKind): FileKind | null {
  if (findMergedTable(bytes, chip) !== null) return 'whole-flash';
  if (isTable(bytes)) return 'partition-table';
  if (bytes[0] === imageMagic) return imageKind(bytes);
  return isOtadata(bytes) ? 'otadata' : null;
}

/** Where what lies in an image of the whole flash begins in flash, and where its table does; null where the bytes are none. */
export interface MergedPlaces {
  /** Flash offset of the file's first byte. */
  readonly base: number;
  /** Flash offset of the partition table. */
  readonly table: number;
}

/** As far as CONFIG_PARTITION_TABLE_OFFSET is looked for. */
const lastTable = 0x20000;

/** Merged images begin at flash offset 0 unless told otherwise (esptool merge-bin --target-offset): then at the bootloader. */
export function findMergedTable(bytes: Uint8Array, chip: ChipKind): MergedPlaces | null {
  const bootloader = bootloaderOffsets[chip];
  const base = [0, bootloader].find((start) => bytes[bootloader - start] === imageMagic);
  if (base === undefined || hasAppDescriptor(bytes.subarray(bootloader - base))) return null;
  if (!isFilledWith(bytes.subarray(0, bootloader - base), 0xff)) return null;
  for (let table = bootloader + sectorSize; table <= lastTable; table += sectorSize)
    if (isTable(bytes.subarray(table - base))) return { base, table };
  return null;
}

function isTable(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xaa || bytes[1] !== 0x50) return false;
  try {
    return parsePartitionTable(bytes).partitions.length > 0;
  } catch (error) {
    if (isFault(error)) return false;
    throw error;
  }
}

/** A bootloader is what runs from RAM alone; those of ESP-IDF from 5.1 on say so in a descriptor as well. */
function imageKind(bytes: Uint8Array): FileKind {
  if (hasAppDescriptor(bytes)) return 'application';
  if (readBootloaderDescriptor(bytes) !== null) return 'bootloader';
  try {
    const { header, segments } = parseImage(bytes);
    return segments.some(({ loadAddress }) => isMapped(header.chipId, loadAddress)) ? 'image' : 'bootloader';
  } catch (error) {
    if (isFault(error)) return 'image';
    throw error;
  }
}

/** Two sectors: the first erased or with an entry (esp_ota_select_entry_t, 32 bytes) and nothing else, the second likewise. */
function isOtadata(bytes: Uint8Array): boolean {
  const entry = 32;
  if (bytes.length !== 2 * sectorSize) return false;
  return [0, sectorSize].every((at) => isFilledWith(bytes.subarray(at + entry, at + sectorSize), 0xff));
}
