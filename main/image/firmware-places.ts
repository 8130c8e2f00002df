import { equalBytes } from '../base/bytes.ts';
import { formatFault, hexOf } from '../formats/format-fault.ts';
import type { ChipKind } from '../model/chip.ts';
import { type FileKind, fileKindOf, findMergedTable } from './file-kind.ts';
import { type ListedFile, listingNames, readFlashArgs, readFlasherArgs, tableOffsetOf } from './firmware-listing.ts';
import { bootloaderOffsets } from './memory-map.ts';
import { splitMerged } from './merged-image.ts';
import { appSubtypes, dataSubtypes, parsePartitionTable, partitionTypes } from './partition-table.ts';
import type { Partition, PartitionTable } from './types.ts';

// Which file of a build lies where in flash.

const defaultTableOffset = 0x8000;
const bootloaderNames = ['bootloader.bin', 'bootloader/bootloader.bin'];
const tableNames = ['partition-table.bin', 'partition_table/partition-table.bin'];

/** Contents of a build's folder by path relative to it. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A file with its place, before anything is known of what lies there. */
export interface Placed {
  readonly file: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Where everything lies, before it is looked at. */
export interface Places {
  readonly bootloader: Placed;
  readonly tableFile: Placed;
  readonly table: PartitionTable;
  readonly rest: readonly Placed[];
}

/** What `readFirmware` says of it. */
export function placesOf(files: Files, sdkconfig: string | null, kind: ChipKind): Places {
  const listed = readListing(files);
  const merged = placeMerged(files, listed, kind);
  if (merged !== null) return merged;
  return listed === null ? loosePlaces(files, sdkconfig, kind) : listedPlaces(files, listed, sdkconfig, kind);
}

function readListing(files: Files): ListedFile[] | null {
  const [json, text] = listingNames;
  const flasherArgs = files.get(json);
  if (flasherArgs !== undefined) return readFlasherArgs(flasherArgs);
  const flashArgs = files.get(text);
  return flashArgs === undefined ? null : readFlashArgs(flashArgs);
}

/** The parts of an image of the whole flash; null where the build is no such image alone. */
function placeMerged(files: Files, listed: readonly ListedFile[] | null, kind: ChipKind): Places | null {
  const names = listed === null ? binariesOf(files) : listed.map(({ file }) => file);
  const [file] = names;
  const bytes = file === undefined || names.length > 1 ? undefined : files.get(file);
  const places = bytes === undefined ? null : findMergedTable(bytes, kind);
  if (file === undefined || bytes === undefined || places === null) return null;
  const [bootloader, tableFile, ...rest] = splitMerged(file, bytes, places, bootloaderOffsets[kind]);
  return { bootloader: bootloader!, tableFile: tableFile!, table: parsePartitionTable(tableFile!.data), rest };
}

/** A listing says which file lies where; which is which is known by its word, else by place and contents, else by name. */
function listedPlaces(files: Files, listed: readonly ListedFile[], sdkconfig: string | null, kind: ChipKind): Places {
  const is = (file: string, wanted: FileKind) => fileKindOf(files.get(file) ?? new Uint8Array(), kind) === wanted;
  const named = (role: string) => listed.find((entry) => entry.role === role);
  const called = (name: string) => listed.find(({ file }) => baseName(file) === name);
  const bootloader = named('bootloader') ??
    listed.find(({ offset }) => offset === bootloaderOffsets[kind]) ??
    called('bootloader.bin') ?? { file: firstOf(files, bootloaderNames), offset: bootloaderOffsets[kind] }; // With CONFIG_SECURE_BOOT the build does not list its bootloader, because idf.py would not flash it.
  const table = named('partition-table') ??
    called('partition-table.bin') ??
    listed.find(({ file }) => is(file, 'partition-table')) ?? {
      file: firstOf(files, tableNames),
      offset: tableOffsetIn(sdkconfig),
    };
  const taken = [bootloader.file, table.file];
  const tableFile = placed(files, table.file, table.offset);
  return {
    bootloader: placed(files, bootloader.file, bootloader.offset),
    tableFile,
    table: parsePartitionTable(tableFile.data),
    rest: listed.filter(({ file }) => !taken.includes(file)).map(({ file, offset }) => placed(files, file, offset)),
  };
}

/** Contents of which the place is known, or that repeat what lies beside them. */
const explained: readonly (FileKind | null)[] = ['application', 'otadata', 'whole-flash'];

/** Files of a folder without a listing, each by what it is. */
function loosePlaces(files: Files, sdkconfig: string | null, kind: ChipKind): Places {
  const loose = distinct(files, binariesOf(files)).map((file) => ({
    file,
    is: fileKindOf(files.get(file) as Uint8Array, kind),
  }));
  const of = (wanted: FileKind) => loose.filter(({ is }) => is === wanted).map(({ file }) => file);
  const bootloader = placed(files, oneOf(files, of('bootloader'), bootloaderNames), bootloaderOffsets[kind]);
  const tableFile = placed(files, oneOf(files, of('partition-table'), tableNames), tableOffsetIn(sdkconfig));
  const table = parsePartitionTable(tableFile.data);
  const apps = of('application');
  const unknown = loose
    .filter(({ file, is }) => !explained.includes(is) && file !== bootloader.file && file !== tableFile.file)
    .map(({ file }) => file);
  if (apps.length > 1)
    throw formatFault(
      'firmware-two-apps',
      `The folder holds ${apps.length} application images: ${apps.join(', ')}.`,
      'Leave only the one that is to be flashed, or add the flasher_args.json of the build.',
    );
  if (unknown.length > 0)
    throw formatFault(
      'firmware-unknown',
      `Nothing says where ${unknown.join(', ')} belongs: neither its name nor its contents are known.`,
      'Remove the file from the folder, or add the flasher_args.json of the build, which gives its offset.',
    );
  const [app] = apps;
  if (app === undefined)
    throw formatFault(
      'firmware-missing',
      'The folder holds no application image.',
      'Copy the application .bin of the build beside bootloader.bin; encrypted images and ELF files cannot be used.',
    );
  const home =
    findPartition(table, partitionTypes.app, appSubtypes.factory) ??
    findPartition(table, partitionTypes.app, appSubtypes.ota0);
  if (home === null) throw noPlace(app, 'a factory or an ota_0 partition');
  const rest = [placed(files, app, home.offset)];
  for (const file of of('otadata')) {
    const partition = findPartition(table, partitionTypes.data, dataSubtypes.ota);
    if (partition === null) throw noPlace(file, 'an otadata partition (type data, subtype ota)');
    rest.push(placed(files, file, partition.offset));
  }
  return { bootloader, tableFile, table, rest };
}

function binariesOf(files: Files): string[] {
  return [...files.keys()].filter((file) => file.endsWith('.bin'));
}

/** Of files with the same contents the first: ESPHome gives its application twice (firmware.bin, firmware.ota.bin). */
function distinct(files: Files, names: readonly string[]): string[] {
  const bytesOf = (name: string) => files.get(name) as Uint8Array;
  return names.filter((name, at) => !names.slice(0, at).some((before) => equalBytes(bytesOf(before), bytesOf(name))));
}

/** The one file of a kind; of several the one with ESP-IDF's own name, which is also what is missed where there is none. */
function oneOf(files: Files, found: readonly string[], names: readonly string[]): string {
  const [only] = found;
  return found.length === 1 && only !== undefined ? only : firstOf(files, names);
}

function tableOffsetIn(sdkconfig: string | null): number {
  return (sdkconfig === null ? null : tableOffsetOf(sdkconfig)) ?? defaultTableOffset;
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function findPartition(table: PartitionTable, type: number, subtype: number): Partition | null {
  return table.partitions.find((partition) => partition.type === type && partition.subtype === subtype) ?? null;
}

function firstOf(files: Files, names: readonly string[]): string {
  return names.find((name) => files.has(name)) ?? (names[0] as string);
}

function placed(files: Files, file: string, offset: number): Placed {
  const data = files.get(file);
  if (data === undefined)
    throw formatFault(
      'firmware-missing',
      `The build needs ${file} (for flash offset ${hexOf(offset)}), but the folder does not hold it.`,
      `Copy ${file} from the ESP-IDF build folder to its place below the firmware folder.`,
      { file, offset },
    );
  return { file, offset, data };
}

function noPlace(file: string, wanted: string) {
  return formatFault(
    'firmware-no-place',
    `The partition table has no place for ${file}: it lacks ${wanted}.`,
    'Add the partition to partitions.csv and build again, or take the partition table that belongs to this application.',
    { file },
  );
}
