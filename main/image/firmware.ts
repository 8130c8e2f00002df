import { formatFault, hexOf } from '../formats/format-fault.ts';
import type { ChipKind } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import { parseImage } from './app-image.ts';
import { hasAppDescriptor } from './descriptor.ts';
import { type ListedFile, listingNames, readFlashArgs, readFlasherArgs, tableOffsetOf } from './firmware-listing.ts';
import { bootloaderOffsets } from './memory-map.ts';
import { appSubtypes, dataSubtypes, parsePartitionTable, partitionTypes, sectorSize } from './partition-table.ts';
import type { EspImage, Firmware, FirmwarePart, Partition, PartitionTable } from './types.ts';

const defaultTableOffset = 0x8000;
const bootloaderNames = ['bootloader.bin', 'bootloader/bootloader.bin'];
const tableNames = ['partition-table.bin', 'partition_table/partition-table.bin'];
const otadataNames = ['ota_data_initial.bin'];

type Files = ReadonlyMap<string, Uint8Array>;

/** A file with its place, before anything is known of what lies there. */
interface Placed {
  readonly file: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Understands a build. `files` are the contents of its folder by path relative to it (`/` between folders). Where the folder has
 * flasher_args.json or flash_args, that says what lies where, and other files do not count. Otherwise bootloader.bin goes to the
 * chip's bootloader offset, partition-table.bin to CONFIG_PARTITION_TABLE_OFFSET of an sdkconfig or 0x8000, ota_data_initial.bin to
 * the otadata partition, and the one application image to factory or else ota_0. Nothing is judged: `checkFirmware` does.
 *
 * Throws RecipeFault: `image.firmware-missing`, `image.firmware-two-apps`, `image.firmware-unknown`, `image.firmware-no-place`,
 * `image.listing`, and the faults of `parsePartitionTable`.
 */
export function readFirmware(files: Files, kind: ChipKind): Firmware {
  const config = files.get('sdkconfig');
  const sdkconfig = config === undefined ? null : new TextDecoder().decode(config);
  const listed = readListing(files);
  const bootloader = placeBootloader(files, listed, kind);
  const tableFile = placeTable(files, listed, sdkconfig);
  const table = parsePartitionTable(tableFile.data);
  const taken = new Set([bootloader.file, tableFile.file]);
  const rest =
    listed === null
      ? placeLoose(files, table, taken)
      : listed.filter(({ file }) => !taken.has(file)).map(({ file, offset }) => placed(files, file, offset));

  const tableOffset = tableFile.offset;
  const parts: FirmwarePart[] = [
    {
      ...bootloader,
      name: 'bootloader',
      kind: 'bootloader' as const,
      room: roomAbove(bootloader.offset, [tableOffset, ...table.partitions.map(({ offset }) => offset)]),
      image: imageOf(bootloader.data),
      partition: null,
    },
    {
      ...tableFile,
      name: 'partition-table',
      kind: 'partition-table' as const,
      room: sectorSize,
      image: null,
      partition: null,
    },
    ...rest.map((file) => partOf(file, table)),
  ].sort((a, b) => a.offset - b.offset);
  if (!parts.some((part) => part.kind === 'app'))
    throw formatFault(
      'firmware-missing',
      'The build names no application image for any application partition.',
      'Build the firmware whole, and give the folder that holds the application beside bootloader.bin.',
    );
  return { parts, table, tableOffset, sdkconfig };
}

/**
 * Whether flash encryption covers this part (FACTS 3.4): bootloader, partition table, otadata, applications, nvs_keys and what the
 * table flags; nothing else.
 */
export function encryptionScope(part: FirmwarePart): boolean {
  if (part.kind === 'bootloader' || part.kind === 'partition-table') return true;
  return part.partition !== null && isEncryptedPartition(part.partition);
}

/** The same question for a partition, whether the build fills it or not. */
export function isEncryptedPartition(partition: Partition): boolean {
  const { type, subtype } = partition;
  if (partition.encrypted || type === partitionTypes.app) return true;
  // Second copies of bootloader and table (recovery, update) are read by the same ROM through the same cipher.
  if (type === partitionTypes.bootloader || type === partitionTypes.partitionTable) return true;
  return type === partitionTypes.data && (subtype === dataSubtypes.ota || subtype === dataSubtypes.nvsKeys);
}

function readListing(files: Files): ListedFile[] | null {
  const [json, text] = listingNames;
  const flasherArgs = files.get(json);
  if (flasherArgs !== undefined) return readFlasherArgs(flasherArgs);
  const flashArgs = files.get(text);
  return flashArgs === undefined ? null : readFlashArgs(flashArgs);
}

function placeBootloader(files: Files, listed: readonly ListedFile[] | null, kind: ChipKind): Placed {
  const entry = listed?.find(({ file, role }) => role === 'bootloader' || baseName(file) === 'bootloader.bin');
  if (entry) return placed(files, entry.file, entry.offset);
  // With CONFIG_SECURE_BOOT the build does not list its bootloader, because idf.py would not flash it.
  return placed(files, firstOf(files, bootloaderNames), bootloaderOffsets[kind]);
}

function placeTable(files: Files, listed: readonly ListedFile[] | null, sdkconfig: string | null): Placed {
  const entry = listed?.find(
    ({ file, role }) => role === 'partition-table' || baseName(file) === 'partition-table.bin',
  );
  if (entry) return placed(files, entry.file, entry.offset);
  const offset = sdkconfig === null ? null : tableOffsetOf(sdkconfig);
  return placed(files, firstOf(files, tableNames), offset ?? defaultTableOffset);
}

/** Files of a folder without a listing, each by what it is. */
function placeLoose(files: Files, table: PartitionTable, taken: ReadonlySet<string>): Placed[] {
  const loose = [...files.keys()].filter((file) => file.endsWith('.bin') && !taken.has(file));
  const otadata = loose.filter((file) => otadataNames.includes(file));
  const apps = loose.filter((file) => hasAppDescriptor(files.get(file) as Uint8Array));
  const unknown = loose.filter((file) => !otadata.includes(file) && !apps.includes(file));
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
  const places = [placed(files, app, home.offset)];
  for (const file of otadata) {
    const partition = findPartition(table, partitionTypes.data, dataSubtypes.ota);
    if (partition === null) throw noPlace(file, 'an otadata partition (type data, subtype ota)');
    places.push(placed(files, file, partition.offset));
  }
  return places;
}

function partOf(file: Placed, table: PartitionTable): FirmwarePart {
  const partition = table.partitions.find(({ offset }) => offset === file.offset) ?? null;
  const kind = partition === null ? 'data' : kindOf(partition);
  return {
    ...file,
    name: partition?.name ?? baseName(file.file),
    kind,
    room: partition?.size ?? file.data.length,
    image: kind === 'app' ? imageOf(file.data) : null,
    partition,
  };
}

function kindOf({ type, subtype }: Partition): 'app' | 'otadata' | 'data' {
  if (type === partitionTypes.app) return 'app';
  return type === partitionTypes.data && subtype === dataSubtypes.ota ? 'otadata' : 'data';
}

/** Null for a damaged image: the check reads it again and says what is wrong. */
function imageOf(data: Uint8Array): EspImage | null {
  try {
    return parseImage(data);
  } catch (error) {
    if (error instanceof RecipeFault) return null;
    throw error;
  }
}

function roomAbove(offset: number, borders: readonly number[]): number {
  const above = borders.filter((border) => border > offset);
  return above.length === 0 ? 0 : Math.min(...above) - offset;
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

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function noPlace(file: string, wanted: string) {
  return formatFault(
    'firmware-no-place',
    `The partition table has no place for ${file}: it lacks ${wanted}.`,
    'Add the partition to partitions.csv and build again, or take the partition table that belongs to this application.',
    { file },
  );
}
