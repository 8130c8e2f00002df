import { createHash } from 'node:crypto';
import { concat, equalBytes, isFilledWith, textOf, utf8, viewOf } from '../base/bytes.ts';
import { formatFault, hexOf } from '../formats/format-fault.ts';
import type { Partition, PartitionTable } from './types.ts';

/** Bytes of a table file: rows, MD5 row and 0xFF to the end (FACTS 5.4). */
export const tableSize = 0xc00;
/** Flash sector: the table has one to itself. */
export const sectorSize = 0x1000;

const rowSize = 32;
const maxPartitions = tableSize / rowSize - 1;
const md5Marker = Uint8Array.of(0xeb, 0xeb, ...new Array<number>(14).fill(0xff));

export const partitionTypes = { app: 0, data: 1, bootloader: 2, partitionTable: 3 } as const;
export const appSubtypes = { factory: 0x00, ota0: 0x10, ota15: 0x1f, test: 0x20 } as const;
export const dataSubtypes = { ota: 0, phy: 1, nvs: 2, coredump: 3, nvsKeys: 4, efuse: 5, undefined: 6 } as const;

const typeNames: Readonly<Record<number, string>> = { 0: 'app', 1: 'data', 2: 'bootloader', 3: 'partition_table' };
const subtypeNames: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  0: { 0: 'factory', 32: 'test', 48: 'tee_0', 49: 'tee_1' },
  1: {
    0: 'ota',
    1: 'phy',
    2: 'nvs',
    3: 'coredump',
    4: 'nvs_keys',
    5: 'efuse',
    6: 'undefined',
    129: 'fat',
    130: 'spiffs',
    131: 'littlefs',
    144: 'tee_ota',
  },
  2: { 0: 'primary', 1: 'ota', 2: 'recovery' },
  3: { 0: 'primary', 1: 'ota' },
};

/** `app`, `data` ..., or the number in hex as partitions.csv takes it. */
export function partitionTypeName(type: number): string {
  return typeNames[type] ?? hexOf(type);
}

/** `factory`, `ota_3`, `nvs_keys` ..., or the number in hex. */
export function partitionSubtypeName(type: number, subtype: number): string {
  if (type === partitionTypes.app && subtype >= appSubtypes.ota0 && subtype <= appSubtypes.ota15)
    return `ota_${subtype - appSubtypes.ota0}`;
  return subtypeNames[type]?.[subtype] ?? hexOf(subtype);
}

/**
 * Reads a table as it lies in a file or in flash (a whole sector may be handed in). It ends at the first erased row.
 *
 * Throws RecipeFault: `image.table-empty`, `image.table-row` for a row that is neither partition, MD5 nor erased, `image.table-md5`
 * for a wrong MD5, `image.table-tail` for bytes behind the MD5 row.
 */
export function parsePartitionTable(bytes: Uint8Array): PartitionTable {
  const table = bytes.subarray(0, tableSize);
  const view = viewOf(table);
  const partitions: Partition[] = [];
  let md5 = false;
  for (let at = 0; at + rowSize <= table.length; at += rowSize) {
    const row = table.subarray(at, at + rowSize);
    if (isFilledWith(row, 0xff)) {
      at = table.length;
    } else if (row[0] === 0xaa && row[1] === 0x50) {
      const flags = view.getUint32(at + 28, true);
      partitions.push({
        type: view.getUint8(at + 2),
        subtype: view.getUint8(at + 3),
        offset: view.getUint32(at + 4, true),
        size: view.getUint32(at + 8, true),
        name: textOf(row.subarray(12, 28)),
        encrypted: (flags & 1) !== 0,
        readonly: (flags & 2) !== 0,
      });
    } else if (equalBytes(row.subarray(0, 16), md5Marker)) {
      if (!equalBytes(row.subarray(16), md5Of(table.subarray(0, at))))
        throw formatFault(
          'table-md5',
          'The MD5 of the partition table does not fit its rows: the file is damaged or was edited by hand.',
          'Make partition-table.bin again from partitions.csv.',
        );
      if (!isFilledWith(table.subarray(at + rowSize), 0xff))
        throw formatFault(
          'table-tail',
          'There are bytes behind the MD5 row of the partition table, which no check covers.',
          'Make partition-table.bin again from partitions.csv.',
        );
      md5 = true;
      at = table.length;
    } else {
      throw formatFault(
        'table-row',
        `Row ${at / rowSize} of the partition table is no partition: it begins with ${hexOf(view.getUint16(at, true))}.`,
        'Give the partition-table.bin that the build made, not encrypted and not the CSV file.',
        { row: at / rowSize },
      );
    }
  }
  if (partitions.length === 0)
    throw formatFault(
      'table-empty',
      'The partition table names no partition.',
      'Give the partition-table.bin that the build made.',
    );
  return { partitions, md5 };
}

/**
 * The 0xC00 bytes of a table with its MD5 row, as gen_esp32part writes it. Throws RangeError for more than 95 partitions, a name
 * of more than 16 bytes or without any, or a number out of its field.
 */
export function buildPartitionTable(partitions: readonly Partition[]): Uint8Array {
  if (partitions.length > maxPartitions)
    throw new RangeError(`${partitions.length} partitions; a table holds ${maxPartitions}`);
  const rows = concat(...partitions.map(rowOf));
  const table = new Uint8Array(tableSize).fill(0xff);
  table.set(rows);
  table.set(md5Marker, rows.length);
  table.set(md5Of(rows), rows.length + 16);
  return table;
}

/** The partition that the flash offset `address` falls into. */
export function partitionAt(table: PartitionTable, address: number): Partition | null {
  return table.partitions.find(({ offset, size }) => address >= offset && address < offset + size) ?? null;
}

function rowOf(partition: Partition): Uint8Array {
  const name = utf8(partition.name);
  if (name.length === 0 || name.length > 16) throw new RangeError(`"${partition.name}" is no partition name`);
  for (const value of [partition.offset, partition.size])
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new RangeError(`${value} of partition "${partition.name}" is no 32-bit number`);
  const row = new Uint8Array(rowSize);
  const view = viewOf(row);
  row.set([0xaa, 0x50, partition.type, partition.subtype]);
  view.setUint32(4, partition.offset, true);
  view.setUint32(8, partition.size, true);
  row.set(name, 12);
  view.setUint32(28, (partition.encrypted ? 1 : 0) | (partition.readonly ? 2 : 0), true);
  return row;
}

function md5Of(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('md5').update(bytes).digest());
}
