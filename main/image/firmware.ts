import { formatFault } from '../formats/format-fault.ts';
import type { ChipKind } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import { textOfFile } from '../model/text-file.ts';
import { parseImage } from './app-image.ts';
import { baseName, type Files, type Placed, placesOf } from './firmware-places.ts';
import { dataSubtypes, partitionTypes, sectorSize } from './partition-table.ts';
import type { EspImage, Firmware, FirmwarePart, Partition, PartitionTable } from './types.ts';

/**
 * Understands a build. `files` are the contents of its folder by path relative to it (`/` between folders). Where the folder has
 * flasher_args.json or flash_args, that says what lies where, and other files do not count. Otherwise each file is known by its contents
 * (Arduino, PlatformIO and ESPHome name them in ways of their own): the bootloader goes to the chip's bootloader offset, the partition
 * table to CONFIG_PARTITION_TABLE_OFFSET of an sdkconfig or 0x8000, otadata to its partition, and the one application to factory or else
 * ota_0. An image of the whole flash is taken apart where it is all that there is, and left aside where the parts lie beside it. Nothing
 * is judged: `checkFirmware` does.
 *
 * Throws RecipeFault: `image.firmware-missing`, `image.firmware-two-apps`, `image.firmware-unknown`, `image.firmware-no-place`,
 * `image.listing`, `text.encoding`, and the faults of `parsePartitionTable`.
 */
export function readFirmware(files: Files, kind: ChipKind): Firmware {
  const config = files.get('sdkconfig');
  const sdkconfig = config === undefined ? null : textOfFile(config, 'sdkconfig');
  const { bootloader, tableFile, table, rest } = placesOf(files, sdkconfig, kind);

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

/** Whether a part is a second stage: the first one, or one that the ROM or an update may take instead. */
export function isBootloader({ kind }: Pick<FirmwarePart, 'kind'>): boolean {
  return kind === 'bootloader' || kind === 'bootloader-copy';
}

/** Whether Secure Boot asks for a signature on a part. */
export function isSigned(part: Pick<FirmwarePart, 'kind'>): boolean {
  return isBootloader(part) || part.kind === 'app';
}

/**
 * Whether flash encryption covers this part (FACTS 3.4): bootloader, partition table, otadata, applications, nvs_keys and what the
 * table flags; nothing else.
 */
export function encryptionScope(part: FirmwarePart): boolean {
  if (isBootloader(part) || part.kind === 'partition-table') return true;
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

function partOf(file: Placed, table: PartitionTable): FirmwarePart {
  const partition = table.partitions.find(({ offset }) => offset === file.offset) ?? null;
  const kind = partition === null ? 'data' : kindOf(partition);
  return {
    ...file,
    name: partition?.name ?? baseName(file.file),
    kind,
    room: partition?.size ?? file.data.length,
    image: isSigned({ kind }) ? imageOf(file.data) : null,
    partition,
  };
}

function kindOf({ type, subtype }: Partition): FirmwarePart['kind'] {
  if (type === partitionTypes.app) return 'app';
  if (type === partitionTypes.bootloader) return 'bootloader-copy';
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
