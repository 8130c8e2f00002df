import { fieldOf, hasField } from '../../efuse/tables.ts';
import { lastRevision, statedFlashSize } from '../../image/app-image.ts';
import { blockMisfit } from '../../image/descriptor.ts';
import { appSubtypes, dataSubtypes, partitionTypes } from '../../image/partition-table.ts';
import type { AppDescriptor, BootloaderDescriptor, EspImage, ImageHeader, Partition } from '../../image/types.ts';
import { chipIds, type Revision, revisionText } from '../../model/chip.ts';
import { kindFacts } from '../kinds.ts';
import type { BootContext } from '../silicon.ts';
import type { IdfConsole } from './console.ts';
import { enableSecureBoot } from './enable-secure-boot.ts';
import { encryptInPlace } from './encrypt.ts';
import type { FlashView } from './flash-view.ts';
import { type FoundImage, findImage } from './image.ts';
import { fieldOr, flashEncryptionOn, ones } from './keys.ts';
import type { LoadedBootloader } from './rom.ts';
import { bootSlots, chooseSlot, factorySlot, findPartitionTable, isOtaApp, slotOrder, writeSequence } from './slots.ts';
import { verifyImage } from './verify-image.ts';

/** An application that was checked and loaded. */
export interface LoadedApp extends FoundImage {
  readonly partition: Partition;
  /** The whole table it lies in. */
  readonly partitions: readonly Partition[];
}

/**
 * The second stage's part (ESP-IDF bootloader_support; texts as its builds print them): its own revision check, partition table, otadata,
 * the slots in turn. Null: nothing could be booted and the chip resets. Whether it is built to encrypt flash at its first start cannot be
 * seen from its image: the chip's options say so.
 */
export function bootSecondStage(
  context: BootContext,
  view: FlashView,
  bootloader: LoadedBootloader,
  console: IdfConsole,
): LoadedApp | null {
  const { header, bootloader: descriptor } = bootloader.image;
  if (!runsAtAll(context, header)) return null;
  greet(context, header, descriptor, console);
  // The last revision is looked at in applications alone (bootloader_common_check_chip_validity; from source).
  if (!revisionFits(context, header, null, console)) return null;

  const found = findPartitionTable(view, bootloader.end);
  if (found === null) {
    console.error('boot', 'Failed to verify partition table');
    console.error('boot', 'load partition table error!');
    return null;
  }
  if (!fitsFlash(found.table.partitions, statedFlashSize(header), console)) return null;
  listPartitions(found.table.partitions, console);

  const slots = bootSlots(found.table);
  const choice = chooseSlot(view, slots, console);
  for (const { slot, partition } of slotOrder(slots, choice.slot)) {
    const app = loadApp(context, view, partition, console);
    if (app !== null) {
      if (choice.writesSequence && slot > factorySlot && slots.otadata !== null) {
        const sequence = writeSequence(view, slots.otadata, slot);
        console.info('boot', `Set actual ota_seq=${sequence} in otadata[0]`);
      }
      if (context.encrypts !== undefined) {
        const encrypting = { ...context, encrypts: context.encrypts };
        const own = { image: app.image, offset: partition.offset };
        if (!enableSecureBoot(encrypting, view, bootloader, own, console)) return null;
        console.info('boot', 'Checking flash encryption...');
        if (!flashEncryptionOn(context.efuse)) {
          encryptInPlace(encrypting, view, bootloader, found, console);
          return null;
        }
        console.info('flash_encrypt', `flash encryption is enabled (${plainStarts(context)} plaintext flashes left)`);
      }
      console.info('boot', 'Disabling RNG early entropy source...');
      return { ...app, partitions: found.table.partitions };
    }
    const name = slot === factorySlot ? 'Factory app partition' : `OTA app partition slot ${slot}`;
    console.error('boot', `${name} is not bootable`);
  }
  if (slots.test !== null) {
    const app = loadApp(context, view, slots.test, console);
    if (app !== null) {
      console.warn('boot', 'Falling back to test app as only bootable partition');
      return { ...app, partitions: found.table.partitions };
    }
  }
  console.error('boot', 'No bootable app partitions in the partition table');
  return null;
}

/** How often flash could still be written in clear: two bits of the count each, none where it is frozen (flash_encrypt.c, esp_flash_encrypt_state). */
function plainStarts({ efuse }: BootContext): number {
  const { pieces, writeDisableBit } = fieldOf(efuse.table, 'SPI_BOOT_CRYPT_CNT');
  const isFrozen = Math.floor(efuse.field('WR_DIS') / 2 ** writeDisableBit!) % 2 === 1;
  return isFrozen ? 0 : Math.trunc((pieces[0]!.length - ones(efuse.field('SPI_BOOT_CRYPT_CNT'))) / 2);
}

/** Code for another chip, or for another line of its silicon, dies before its first word (the ROM looks at neither; FACTS 0.1). */
function runsAtAll(context: BootContext, header: ImageHeader): boolean {
  if (header.chipId !== chipIds[context.kind]) return false;
  const { otherCodeFrom: border } = kindFacts(context.kind);
  if (border === undefined) return true;
  const last = lastRevision(header);
  return context.revision >= border ? last === null || last >= border : header.minRevision < border;
}

function greet(
  context: BootContext,
  header: ImageHeader,
  descriptor: BootloaderDescriptor | null,
  console: IdfConsole,
): void {
  const { efuse, kind, revision } = context;
  const major = fieldOr(efuse, 'BLK_VERSION_MAJOR', 0);
  const minor = fieldOr(efuse, 'BLK_VERSION_MINOR', 0);
  console.info('boot', `ESP-IDF ${descriptor?.idfVersion ?? 'unknown'} 2nd stage bootloader`);
  if (descriptor !== null) console.info('boot', `compile time ${descriptor.dateTime}`);
  if (kindFacts(kind).cores === 2) console.info('boot', 'Multicore bootloader');
  console.info('boot', `chip revision: ${revisionText(revision)}`);
  console.info('boot', `efuse block revision: v${major}.${minor}`);
  const speed = Math.trunc(kindFacts(kind).flashMHz / ({ 0: 2, 1: 3, 2: 4, 15: 1 }[header.spiSpeed] ?? 1));
  const modes = ['QIO', 'QOUT', 'DIO', 'DOUT', 'FAST READ', 'SLOW READ'];
  console.info(`boot.${kind}`, `SPI Speed      : ${speed}MHz`);
  console.info(`boot.${kind}`, `SPI Mode       : ${modes[header.spiMode] ?? 'DIO'}`);
  console.info(`boot.${kind}`, `SPI Flash Size : ${2 ** header.spiSize}MB`);
  console.info('boot', 'Enabling RNG early entropy source...');
}

/** The bootloader takes its own header's word for the size of flash (esp_partition_table_verify; from source). */
function fitsFlash(partitions: readonly Partition[], size: number, console: IdfConsole): boolean {
  const at = partitions.findIndex((partition) => partition.offset + partition.size > size);
  const partition = partitions[at];
  if (partition === undefined) return true;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const words = `offset ${hex(partition.offset)} size ${hex(partition.size)} exceeds flash chip size ${hex(size)}`;
  console.error('flash_parts', `partition ${at} invalid - ${words}`);
  console.error('boot', 'Failed to verify partition table');
  console.error('boot', 'load partition table error!');
  return false;
}

function revisionFits(context: BootContext, header: ImageHeader, last: Revision | null, console: IdfConsole): boolean {
  const { efuse, revision } = context;
  const found = `found ${revisionText(revision)}.`;
  if (revision < header.minRevision) {
    console.error('boot_comm', `chip revision check failed. Required >= ${revisionText(header.minRevision)}, ${found}`);
    return false;
  }
  if (last === null || revision <= last || fieldOr(efuse, 'DISABLE_WAFER_VERSION_MAJOR', 0) !== 0) return true;
  console.error('boot_comm', `chip revision check failed. Required <= ${revisionText(last)}, ${found}`);
  return false;
}

/** What an application wants of the chip's eFuse blocks; the ESP32 has no version of them (bootloader_common_check_efuse_blk_validity; from source). */
function blocksFit({ efuse }: BootContext, app: AppDescriptor, console: IdfConsole): boolean {
  if (!hasField(efuse.table, 'BLK_VERSION_MAJOR')) return true;
  const version = efuse.field('BLK_VERSION_MAJOR') * 100 + efuse.field('BLK_VERSION_MINOR');
  const misfit = blockMisfit(app, version, fieldOr(efuse, 'DISABLE_BLK_VERSION_MAJOR', 0) !== 0);
  if (misfit === null) return true;
  const [sign, wanted] = misfit.is === 'too-old' ? ['>=', misfit.first] : ['<=', misfit.last];
  console.error(
    'boot_comm',
    `Image requires efuse blk rev ${sign} ${revisionText(wanted)}, but chip is ${revisionText(version)}`,
  );
  return false;
}

const dataUsage: Readonly<Record<number, string>> = {
  [dataSubtypes.ota]: 'OTA data',
  [dataSubtypes.phy]: 'RF data',
  [dataSubtypes.nvs]: 'WiFi data',
  [dataSubtypes.nvsKeys]: 'NVS keys',
  [dataSubtypes.efuse]: 'efuse',
};

const bootloaderUsage: Readonly<Record<number, string>> = {
  0: 'primary bootloader',
  1: 'ota bootloader',
  2: 'recovery bootloader',
};

function usage(partition: Partition): string {
  const { type, subtype } = partition;
  if (type === partitionTypes.data) return dataUsage[subtype] ?? 'Unknown data';
  if (type === partitionTypes.bootloader) return bootloaderUsage[subtype] ?? 'unknown';
  if (type !== partitionTypes.app) return 'unknown';
  if (subtype === appSubtypes.factory) return 'factory app';
  if (subtype === appSubtypes.test) return 'test app';
  return isOtaApp(partition) ? 'OTA app' : 'Unknown app';
}

function listPartitions(partitions: readonly Partition[], console: IdfConsole): void {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  console.info('boot', 'Partition Table:');
  console.info('boot', '## Label            Usage          Type ST Offset   Length');
  for (const [i, row] of partitions.entries()) {
    const words = [
      String(i).padStart(2),
      row.name.padEnd(16),
      usage(row).padEnd(16),
      hex(row.type, 2),
      hex(row.subtype, 2),
      hex(row.offset, 8),
      hex(row.size, 8),
    ];
    console.info('boot', words.join(' '));
  }
  console.info('boot', 'End of partition table');
}

/** One slot: anti-rollback, header, segments, checksum, hash, signature. Null: not bootable, and the console says why. */
function loadApp(
  context: BootContext,
  view: FlashView,
  partition: Partition,
  console: IdfConsole,
): Omit<LoadedApp, 'partitions'> | null {
  const found = findImage(view, partition.offset, partition.size);
  if ('reason' in found) {
    console.error('esp_image', found.reason);
    return null;
  }
  const { image } = found;
  const { header } = image;
  if (header.chipId !== chipIds[context.kind]) {
    console.error('boot_comm', `mismatch chip ID, expected ${chipIds[context.kind]}, found ${header.chipId}`);
    return null;
  }
  if (!revisionFits(context, header, lastRevision(header), console)) return null;
  if (image.app !== null && !blocksFit(context, image.app, console)) return null;
  if (!versionNotRolledBack(context, image, partition, console)) return null;
  if (!verifyImage(context, view, image, partition.offset, 'load', console)) return null;
  console.info('boot', `Loaded app from partition at offset 0x${partition.offset.toString(16)}`);
  return { ...found, partition };
}

/** Anti-rollback (FACTS 14.1): the application's secure_version against the count of ones burned. */
function versionNotRolledBack(
  context: BootContext,
  image: EspImage,
  partition: Partition,
  console: IdfConsole,
): boolean {
  const burned = ones(fieldOr(context.efuse, 'SECURE_VERSION', 0));
  const version = image.app?.secureVersion ?? 0;
  if (version >= burned) return true;
  const where = `app at offset 0x${partition.offset.toString(16)}`;
  console.error('boot', `${where} has secure_version ${version}, smaller than ${burned} in the device`);
  return false;
}
