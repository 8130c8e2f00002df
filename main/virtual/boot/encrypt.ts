import { firstBootBurns } from '../../efuse/first-boot-burns.ts';
import { fieldOf, hasField, keyBlockOf, keySlotsOf, purposeFieldOf, purposeRule } from '../../efuse/tables.ts';
import type { KeyPurpose } from '../../efuse/types.ts';
import { bootloaderOffsets } from '../../image/memory-map.ts';
import { dataSubtypes, partitionTypes, sectorSize } from '../../image/partition-table.ts';
import type { Partition, PartitionTable } from '../../image/types.ts';
import { engineCipher } from './cipher.ts';
import type { IdfConsole } from './console.ts';
import { burnBlock0, EfuseBatch, type EncryptingBoot } from './efuse-batch.ts';
import type { FlashView } from './flash-view.ts';
import { findImage } from './image.ts';
import { fieldOr, slotOfPurpose } from './keys.ts';
import type { LoadedBootloader } from './rom.ts';
import { verifyImage } from './verify-image.ts';

const invalidState = 0x103;
const tooFewBlocks = 0x1604;

/**
 * The first start of a bootloader that was built to encrypt flash (ESP-IDF flash_encrypt.c, in its order; lines as recorded in vectors
 * consoles/c3-rom-devcut.txt and c3-rom-devota2.txt): a key of its own unless there is one, with protections, then bootloader, partition
 * table and partitions in place, last SPI_BOOT_CRYPT_CNT. It then resets the chip. Ends early where it fails, or where the supply goes;
 * the flash is then part in clear and part not, as on a chip.
 */
export function encryptInPlace(
  context: EncryptingBoot,
  view: FlashView,
  bootloader: LoadedBootloader,
  found: { readonly offset: number; readonly table: PartitionTable },
  console: IdfConsole,
): void {
  const { kind, efuse } = context;
  const failed = prepare(context, console);
  if (failed !== null) {
    console.error('boot', `Initialization of Flash Encryption key failed (${failed})`);
    return;
  }
  const start = bootloaderOffsets[kind];
  if (!verifyImage(context, view, bootloader.image, start, 'bootloader', console)) return;
  encryptRegion(context, start, bootloader.end - start);
  console.info('flash_encrypt', 'bootloader encrypted successfully');
  encryptRegion(context, found.offset, sectorSize);
  console.info('flash_encrypt', 'partition table encrypted and loaded successfully');
  for (const [at, partition] of found.table.partitions.entries()) {
    const length = encryptedLength(context, view, partition, console);
    if (length === 0) continue;
    const where = `offset 0x${partition.offset.toString(16)} (length 0x${length.toString(16)})`;
    console.info('flash_encrypt', `Encrypting partition ${at} at ${where}...`);
    encryptRegion(context, partition.offset, length);
    console.info('flash_encrypt', 'Done encrypting');
  }
  if (!context.encrypts.powered()) return;
  console.info('flash_encrypt', 'Setting CRYPT_CNT for permanent encryption');
  const all = 2 ** fieldOf(efuse.table, 'SPI_BOOT_CRYPT_CNT').pieces[0]!.length - 1;
  if (!burnBlock0(context, [['SPI_BOOT_CRYPT_CNT', all]], console)) return;
  console.info('flash_encrypt', 'Flash encryption completed');
  console.info('boot', 'Resetting with flash encryption enabled...');
}

/** Key and protections in one batch. The error that it ends with; null: none. */
function prepare(context: EncryptingBoot, console: IdfConsole): number | null {
  const { efuse } = context;
  const { table } = efuse;
  const batch = new EfuseBatch(context, console);
  const failed = prepareKey(context, batch, console);
  if (failed !== null) {
    batch.cancel();
    return failed;
  }
  for (const { field, value, says } of firstBootBurns(table)) {
    if (says !== null) console.info('flash_encrypt', says);
    batch.set(field, value);
  }
  // The lowest level, as a release build has it.
  if (hasField(table, pseudoLevel)) {
    console.info('flash_encrypt', 'Enable XTS-AES pseudo rounds function...');
    batch.write(pseudoLevel, 1);
  }
  if (efuse.field('SECURE_BOOT_EN') === 1) batch.freeze(0);
  const cache = hasField(table, 'DIS_ICACHE') ? fieldOf(table, 'DIS_ICACHE').writeDisableBit : null;
  if (cache !== null) batch.freeze(cache);
  if (batch.commit()) return null;
  console.error('flash_encrypt', 'Error programming security eFuses (err=0xffffffff).');
  return -1;
}

const pseudoLevel = 'XTS_DPA_PSEUDO_LEVEL';

/** Bytes of a partition that are encrypted: applications as far as their image goes, by type or flag the rest; 0: it stays. */
function encryptedLength(context: EncryptingBoot, view: FlashView, partition: Partition, console: IdfConsole): number {
  const { type, subtype, offset, size } = partition;
  if (type === partitionTypes.app) {
    const found = findImage(view, offset, size);
    if ('reason' in found) {
      // An empty slot: said at error level, and no trouble.
      console.error('esp_image', found.reason);
      return 0;
    }
    if (!verifyImage(context, view, found.image, offset, 'verify', console)) return 0;
    const signature = context.efuse.field('SECURE_BOOT_EN') === 1 ? 1 : 0;
    return Math.min(size, (Math.ceil(found.image.length / sectorSize) + signature) * sectorSize);
  }
  // A second bootloader by its image, its whole partition (flash_encrypt.c, encrypt_partition).
  if (type === partitionTypes.bootloader && subtype !== 0) {
    const found = findImage(view, offset, size);
    if (!('reason' in found)) return verifyImage(context, view, found.image, offset, 'verify', console) ? size : 0;
    console.error('esp_image', found.reason);
    return 0;
  }
  const always = type === partitionTypes.data && (subtype === dataSubtypes.ota || subtype === dataSubtypes.nvsKeys);
  return always || partition.encrypted ? size : 0;
}

function encryptRegion(context: EncryptingBoot, offset: number, length: number): void {
  const cipher = engineCipher(context.efuse);
  for (let at = offset; at < offset + length; at += sectorSize) {
    if (!context.encrypts.powered()) return;
    const plain = context.flash.read(at, sectorSize);
    context.flash.erase(at, sectorSize);
    context.flash.program(at, cipher.encrypt(plain, at));
  }
}

/** A key that is whole already, or a new one into the first blocks that are free. The error that it ends with; null: none. */
function prepareKey(context: EncryptingBoot, batch: EfuseBatch, console: IdfConsole): number | null {
  const { efuse, random } = context;
  const { table } = efuse;
  const long = table.purposes.some(({ purpose }) => purpose === 'XTS_AES_256_KEY_1');
  const purposes: readonly KeyPurpose[] = long ? ['XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'] : ['XTS_AES_128_KEY'];
  const there = purposes.map((purpose) => slotOfPurpose(efuse, purpose)).filter((slot) => slot !== null);
  if (there.length === purposes.length) {
    if (there.every((slot) => isLocked(context, slot))) {
      console.info('flash_encrypt', 'Using pre-loaded flash encryption key in efuse');
      return null;
    }
    const words = 'Invalid key state, check read&write protection for key and keypurpose(if exists)';
    console.error('flash_encrypt', words);
    return invalidState;
  }
  if (there.length > 0) {
    console.error('flash_encrypt', 'Invalid efuse key blocks: Both AES-256 key blocks must be set.');
    return invalidState;
  }
  const slots: number[] = [];
  console.info('flash_encrypt', 'Generating new flash encryption key...');
  for (const purpose of purposes) {
    const { forbiddenSlots } = purposeRule(table, purpose);
    const slot = keySlotsOf(table).find(
      (candidate) => !slots.includes(candidate) && !forbiddenSlots.includes(candidate) && isFree(context, candidate),
    );
    if (slot === undefined) {
      const need = purposes.length;
      console.error('efuse', `Not enough unused key blocks available. Required ${need}, was ${slots.length}`);
      console.error('flash_encrypt', `Not enough free efuse key blocks (need ${need}) to continue`);
      return tooFewBlocks;
    }
    slots.push(slot);
  }
  for (const [at, purpose] of purposes.entries()) {
    const slot = slots[at]!;
    const field = purposeFieldOf(table, slot)!;
    const block = keyBlockOf(table, slot);
    const number = purposeRule(table, purpose).number!;
    console.info('efuse', `Writing EFUSE_BLK_KEY${slot} with purpose ${number}`);
    batch.key(block.number, random(32));
    batch.freeze(block.writeDisableBit!);
    batch.set('RD_DIS', bitsOf(block.readDisableBits));
    batch.set(field.name, number);
    batch.freeze(field.writeDisableBit!);
  }
  return null;
}

const bitsOf = (bits: readonly number[]) => bits.reduce((sum, bit) => sum + 2 ** bit, 0);

function isFrozen({ efuse }: EncryptingBoot, bit: number | null): boolean {
  return bit !== null && Math.floor(efuse.field('WR_DIS') / 2 ** bit) % 2 === 1;
}

/** Whether a key block can neither be read nor changed any more, nor its purpose. */
function isLocked(context: EncryptingBoot, slot: number): boolean {
  const { table } = context.efuse;
  const block = keyBlockOf(table, slot);
  const hidden = bitsOf(block.readDisableBits);
  return (
    (context.efuse.field('RD_DIS') & hidden) === hidden &&
    isFrozen(context, block.writeDisableBit) &&
    isFrozen(context, purposeFieldOf(table, slot)!.writeDisableBit)
  );
}

/** Whether a key block is one that a bootloader takes for a key of its own. */
export function isFree(context: EncryptingBoot, slot: number): boolean {
  const { efuse } = context;
  const { table } = efuse;
  const block = keyBlockOf(table, slot);
  const purpose = purposeFieldOf(table, slot)!;
  return (
    fieldOr(efuse, purpose.name, 0) === 0 &&
    efuse.hardwareBlock(block.number).every((word) => word === 0) &&
    !isFrozen(context, block.writeDisableBit) &&
    !isFrozen(context, purpose.writeDisableBit)
  );
}
