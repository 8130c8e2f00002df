import { isFilledWith } from '../base/bytes.ts';
import { hexOf } from '../formats/format-fault.ts';
import { type ChipKind, chipIds, chipKinds, type Revision, revisionText } from '../model/chip.ts';
import { isFault } from '../model/fault.ts';
import { defaultMmuPageSize, lastRevision, parseImage, statedFlashSize } from './app-image.ts';
import { checkAgreement } from './build-agreement.ts';
import { hasAppDescriptor } from './descriptor.ts';
import { fileKindOf } from './file-kind.ts';
import { isBootloader, isSigned } from './firmware.ts';
import { largestBootloader, memoryMovedAt } from './memory-map.ts';
import { dataSubtypes, partitionTypes, sectorSize } from './partition-table.ts';
import { padForSigning, signatureSectorSize, splitSigned } from './secure-boot.ts';
import { checkTable } from './table-check.ts';
import type { EspImage, Firmware, FirmwarePart, FirmwareProblem } from './types.ts';

/** The boards a build is judged for. */
export interface FirmwareTarget {
  readonly kind: ChipKind;
  /** Chip id as images state it (FACTS 1.5). */
  readonly chipId: number;
  readonly bootloaderOffset: number;
  /** Silicon that the build must run on, both ends included. */
  readonly revision: { readonly min: Revision; readonly max: Revision };
  /** Bytes; null where it is not known. */
  readonly flashSize: number | null;
  /** Whether bootloader and applications will be signed. */
  readonly secureBoot: boolean;
}

/** Takes a problem of a build. */
export type Add = (problem: FirmwareProblem) => void;

/**
 * Everything in a build that would keep a board of this target from starting, or from being secure: all problems, not the first.
 * An empty answer does not mean that the firmware is good, only that its files fit together and to the chip.
 */
export function checkFirmware(firmware: Firmware, target: FirmwareTarget): FirmwareProblem[] {
  const problems: FirmwareProblem[] = [];
  const add: Add = (problem) => problems.push(problem);
  for (const part of firmware.parts) {
    if (isSigned(part)) checkImagePart(part, target, add);
    checkPlace(part, target, add);
    checkContents(part, add);
  }
  checkPartOverlaps(firmware.parts, add);
  checkTable(firmware, target, add);
  checkAgreement(firmware, target.kind, add);
  return problems;
}

/**
 * Bytes that a part takes in flash: of an image to be signed, with padding to whole sectors and the signature sector, whether it
 * has that already or not.
 */
export function sizeInFlash(part: FirmwarePart, secureBoot: boolean): number {
  if (!secureBoot || !isSigned(part) || splitSigned(part.data) !== null) return part.data.length;
  return padForSigning(part.data).length + signatureSectorSize;
}

function checkImagePart(part: FirmwarePart, target: FirmwareTarget, add: Add): void {
  const words = { bootloader: 'The bootloader', 'bootloader-copy': `The second bootloader ${part.name}` };
  const what = part.kind in words ? words[part.kind as keyof typeof words] : `The application ${part.file}`;
  if (isElsewhere(part, target.kind, what, add)) return;
  const image = part.image ?? readAgain(part, what, add);
  if (image === null) return;
  const error = (code: string, text: string, remedy: string) =>
    add({ code, what: `${what} ${text}`, remedy, severity: 'error', part: part.name });
  const warn = (code: string, text: string, remedy: string) =>
    add({ code, what: `${what} ${text}`, remedy, severity: 'warning', part: part.name });

  const { header, checksum, hash } = image;
  if (header.chipId !== target.chipId)
    error(
      'chip-id',
      `is built for ${chipOfId(header.chipId)}; the ${target.kind} has chip id ${target.chipId}.`,
      `Build it with idf.py set-target ${target.kind}, or name the right chip in the recipe.`,
    );
  else checkRevision(part, image, target, error, warn);
  if (checksum.stored !== checksum.computed)
    error(
      'image-checksum',
      `has checksum ${hexOf(checksum.stored)}, but its segments give ${hexOf(checksum.computed)}: the file is damaged.`,
      'Copy it from the build again.',
    );
  if (hash === null)
    warn('image-no-hash', 'carries no SHA-256 of itself.', 'Build it with the hash appended, the default of ESP-IDF.');
  else if (hash.stored !== hash.computed)
    error('image-hash', 'does not fit the SHA-256 it carries: the file is damaged.', 'Copy it from the build again.');
  checkTail(part, image, warn);
  if (part.kind === 'app' && image.app === null)
    warn(
      'no-app-descriptor',
      'carries no application descriptor at 0x20: nothing tells its version, nor whether anti-rollback would let it start.',
      'Build it with a descriptor (esp_app_desc_t), which ESP-IDF adds by itself.',
    );

  const largest = largestBootloader[target.kind];
  if (isBootloader(part) && target.secureBoot && image.length > largest)
    error(
      'bootloader-too-large',
      `has ${image.length} bytes, and with Secure Boot the ROM of the ${target.kind} loads ${largest / 1024} KB at most for verification: the board would reset without end.`,
      'Lower CONFIG_BOOTLOADER_LOG_LEVEL, set CONFIG_BOOTLOADER_COMPILER_OPTIMIZATION_SIZE, and build again.',
    );
  const headerFlash = statedFlashSize(header);
  if (isBootloader(part) && target.flashSize !== null && headerFlash > target.flashSize)
    error(
      'header-flash-size',
      `expects ${megabytes(headerFlash)} of flash, but the board has ${megabytes(target.flashSize)}.`,
      'Set CONFIG_ESPTOOLPY_FLASHSIZE to the size of the board and build again.',
    );
  if (part.kind === 'app' && target.secureBoot) {
    const page = image.app?.mmuPageSize ?? defaultMmuPageSize;
    if (image.length % page !== 0)
      warn(
        'secure-padding',
        `is not padded to its MMU page of ${page / 1024} KB, so that unsigned flash behind it gets mapped with it.`,
        'Build it with CONFIG_SECURE_BOOT, which pads it (elf2image --secure-pad-v2).',
      );
  }
}

/** Whether a part's contents belong into another place: known by what they are, not by where they lie or how they are called. */
function isElsewhere(part: FirmwarePart, chip: ChipKind, what: string, add: Add): boolean {
  const is = fileKindOf(part.data, chip);
  const words = {
    bootloader: 'is a bootloader',
    application: 'is an application',
    'partition-table': 'is a partition table',
    'whole-flash': 'is an image of the whole flash, which begins with a bootloader',
  };
  const wanted = isBootloader(part) ? 'bootloader' : 'application';
  if (is === null || is === wanted || !(is in words)) return false;
  add({
    code: `no-${wanted}`,
    what: `${what} (${part.file}, for ${hexOf(part.offset)}) is no ${wanted}: its contents say that it ${words[is as keyof typeof words]}.`,
    remedy:
      is === 'whole-flash'
        ? 'Give the parts of the build each in its own file, or the whole image alone, in a folder by itself.'
        : `Give the ${wanted} of the build at ${hexOf(part.offset)}.`,
    severity: 'error',
    part: part.name,
  });
  return true;
}

function readAgain(part: FirmwarePart, what: string, add: Add): EspImage | null {
  try {
    return parseImage(part.data);
  } catch (error) {
    if (!isFault(error)) throw error;
    add({
      code: error.code.replace('.', '-'),
      what: `${what} (${part.file}) cannot be read. ${error.what}`,
      remedy: error.next,
      severity: 'error',
      part: part.name,
    });
    return null;
  }
}

type Say = (code: string, text: string, remedy: string) => void;

function checkRevision(
  { kind }: FirmwarePart,
  { header }: EspImage,
  target: FirmwareTarget,
  error: Say,
  warn: Say,
): void {
  const { min, max } = target.revision;
  // A bootloader looks at its own least revision alone (bootloader_common_check_chip_validity); its greatest tells only which code it has.
  const last = kind === 'app' || memoryMovedAt[target.kind] !== undefined ? lastRevision(header) : null;
  if (header.minRevision <= min && (last === null || last >= max)) return;
  const range = (low: Revision, high: Revision) =>
    low === high ? revisionText(low) : `${revisionText(low)} to ${revisionText(high)}`;
  const text = `runs on silicon ${last === null ? `${revisionText(header.minRevision)} and later` : range(header.minRevision, last)}, but it is meant for ${range(min, max)}`;
  const config = `CONFIG_${target.kind.toUpperCase()}_REV_MIN`;
  if (header.minRevision > max || (last !== null && last < min))
    error(
      'silicon-revision',
      `${text}: it would start on none of these.`,
      `Give the build for this silicon (${config}).`,
    );
  else
    warn(
      'silicon-revision',
      `${text}: boards outside its range would not start.`,
      `Narrow the recipe's silicon range, or build with ${config} set lower.`,
    );
}

/** Bytes behind the image that are neither padding nor a signature: they would be signed and flashed unseen. */
function checkTail(part: FirmwarePart, image: EspImage, warn: Say): void {
  const signed = splitSigned(part.data)?.signed ?? part.data;
  if (isFilledWith(signed.subarray(image.length), 0xff)) return;
  warn(
    'trailing-bytes',
    `ends at byte ${image.length}, but its file has ${signed.length - image.length} more that belong to nothing.`,
    'Give the .bin as the build made it.',
  );
}

function checkPlace(part: FirmwarePart, target: FirmwareTarget, add: Add): void {
  const error = (code: string, what: string, remedy: string) =>
    add({ code, what, remedy, severity: 'error', part: part.name });
  if (part.data.length === 0) error('part-empty', `The file ${part.file} is empty.`, 'Copy it from the build again.');
  const needed = sizeInFlash(part, target.secureBoot);
  switch (part.kind) {
    case 'bootloader':
      if (part.offset !== target.bootloaderOffset)
        error(
          'bootloader-offset',
          `The build puts the bootloader at ${hexOf(part.offset)}; ${target.kind} looks for it at ${hexOf(target.bootloaderOffset)}.`,
          'Correct CONFIG_BOOTLOADER_OFFSET_IN_FLASH, or take the listing of a build for this chip.',
        );
      if (part.room > 0 && needed > part.room) error('bootloader-room', ...bootloaderRoom(part, needed));
      return;
    case 'partition-table':
      if (part.offset % sectorSize !== 0)
        error(
          'table-offset',
          `The partition table is at ${hexOf(part.offset)}, which is no multiple of 4 KB.`,
          'Set CONFIG_PARTITION_TABLE_OFFSET to a multiple of 0x1000.',
        );
      if (part.data.length > sectorSize)
        error(
          'part-room',
          `The partition table file has ${part.data.length} bytes; its sector has ${sectorSize}.`,
          'Give the partition-table.bin that the build made.',
        );
      return;
    case 'bootloader-copy':
      // Whether it may lie where it lies is the recipe's business; its room is where it has a partition of its own.
      if (part.room > 0 && needed > part.room)
        error(
          'part-room',
          `The second bootloader ${part.name} needs ${needed} bytes${needed > part.data.length ? ' with its signature' : ''}, but there is room for ${part.room}.`,
          'Enlarge its partition, or move what follows.',
        );
      return;
    default:
      if (part.partition === null)
        error(
          'part-offset',
          `The build puts ${part.file} at ${hexOf(part.offset)}, where no partition begins.`,
          'Give the partition table and the listing of the same build.',
        );
      else if (needed > part.room)
        error(
          'part-room',
          `The file ${part.file} needs ${needed} bytes${needed > part.data.length ? ' with its signature' : ''}, but partition ${part.name} has ${part.room}.`,
          `Enlarge ${part.name} in partitions.csv, or make the file smaller.`,
        );
      if (part.kind !== 'app' && hasAppDescriptor(part.data) && part.data[0] === 0xe9)
        error(
          'part-offset',
          `The file ${part.file} is an application, but at ${hexOf(part.offset)} there is no application partition.`,
          'Give the partition table and the listing of the same build.',
        );
  }
}

/** What one device had for itself, and every board would get. */
function checkContents({ kind, partition, file, name }: FirmwarePart, add: Add): void {
  if (kind !== 'data' || partition?.type !== partitionTypes.data) return;
  if (partition.subtype === dataSubtypes.nvsKeys)
    add({
      code: 'nvs-keys-same',
      what: `The build brings contents for ${name} (${file}): every device would have the same NVS keys.`,
      remedy: 'Leave them out of the build: firmware, or storage in the recipe, makes keys for each device.',
      severity: 'error',
      part: name,
    });
  const isNvs = partition.subtype === dataSubtypes.nvs;
  if (isNvs || partition.subtype === dataSubtypes.coredump)
    add({
      code: 'device-data-same',
      what: `The build brings contents for ${name} (${file}), which every board would get${isNvs ? '; of a flash that was read out of a device they are what that device had stored' : ''}.`,
      remedy: isNvs
        ? 'Look what is in it. Values of a device belong under storage in the recipe; an image that was read out of a device is no build.'
        : 'Leave it out of the build.',
      severity: 'warning',
      part: name,
    });
}

function bootloaderRoom(part: FirmwarePart, needed: number): [string, string] {
  const end = part.offset + needed;
  const border = part.offset + part.room;
  const sizes =
    needed === part.data.length
      ? `${needed} bytes`
      : `${part.data.length} bytes, ${needed} with padding and the 4 KB signature sector,`;
  return [
    `The bootloader takes ${sizes} and would run from ${hexOf(part.offset)} to ${hexOf(end)}, but what follows begins at ${hexOf(border)} (room for ${part.room} bytes).`,
    `Set CONFIG_PARTITION_TABLE_OFFSET to at least ${hexOf(end)} (0x10000 leaves room to grow), move the partitions behind it, and build again.`,
  ];
}

function checkPartOverlaps(parts: readonly FirmwarePart[], add: Add): void {
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    const end = part.offset + part.data.length;
    if (next === undefined || end <= next.offset) continue;
    add({
      code: 'parts-overlap',
      what: `The file ${part.file} ends at ${hexOf(end)}, inside ${next.file}, which begins at ${hexOf(next.offset)}.`,
      remedy: 'Give the files and the listing of one build.',
      severity: 'error',
      part: part.name,
    });
  }
}

function megabytes(bytes: number): string {
  return `${bytes / 0x100000} MB`;
}

function chipOfId(id: number): string {
  const kind = chipKinds.find((candidate) => chipIds[candidate] === id);
  return kind === undefined ? `a chip with the id ${id}` : `the ${kind} (chip id ${id})`;
}
