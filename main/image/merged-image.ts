import { isFilledWith } from '../base/bytes.ts';
import { hexOf } from '../formats/format-fault.ts';
import { isFault } from '../model/fault.ts';
import { imageMagic, parseImage } from './app-image.ts';
import type { MergedPlaces } from './file-kind.ts';
import { parsePartitionTable, sectorSize, tableSize } from './partition-table.ts';
import { signatureSectorSize, splitSigned } from './secure-boot.ts';

/** A piece of an image of the whole flash, as a build would have given it in a file of its own. */
export interface MergedPart {
  readonly file: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Takes an image of the whole flash apart: bootloader, partition table, and what lies in each partition, applications without the
 * padding behind them. Partitions that are erased in it are left out.
 */
export function splitMerged(
  file: string,
  bytes: Uint8Array,
  { base, table }: MergedPlaces,
  bootloader: number,
): MergedPart[] {
  const part = (offset: number, data: Uint8Array): MergedPart => ({
    file: `${file} from ${hexOf(offset)}`,
    offset,
    data,
  });
  const at = (offset: number, length: number) => bytes.subarray(offset - base, offset - base + length);
  const rows = at(table, tableSize);
  const { partitions } = parsePartitionTable(rows);
  return [
    part(bootloader, imageIn(at(bootloader, table - bootloader))),
    part(table, rows),
    ...partitions
      // rows for bootloader and table describe what stands above
      .filter(({ offset, size }) => offset > table && size > 0 && offset - base < bytes.length)
      .map(({ offset, size }) => part(offset, contentIn(at(offset, size))))
      .filter(({ data }) => data.length > 0),
  ];
}

/** An image alone; anything else to the end of its last sector that is not erased. */
function contentIn(room: Uint8Array): Uint8Array {
  if (room[0] === imageMagic) return imageIn(room);
  let end = room.length;
  while (end > 0) {
    const from = Math.floor((end - 1) / sectorSize) * sectorSize;
    if (!isFilledWith(room.subarray(from, end), 0xff)) break;
    end = from;
  }
  return room.subarray(0, end);
}

/** With its signature sector, where one follows. What cannot be read as an image stays as it is: the check says what is wrong. */
function imageIn(room: Uint8Array): Uint8Array {
  let length: number;
  try {
    ({ length } = parseImage(room));
  } catch (error) {
    if (isFault(error)) return room;
    throw error;
  }
  const whole = Math.ceil(length / sectorSize) * sectorSize + signatureSectorSize;
  const signed = room.subarray(0, whole);
  return splitSigned(signed) === null ? room.subarray(0, length) : signed;
}
