import { concat } from '../../base/bytes.ts';
import { rsEncode } from '../../efuse/reed-solomon.ts';
import { fieldOf, hasField, keyBlockOf, keySlotsOf, purposeFieldOf, purposeRule } from '../../efuse/tables.ts';
import type { KeyPurpose } from '../../efuse/types.ts';
import { bootloaderOffsets } from '../../image/memory-map.ts';
import { dataSubtypes, partitionTypes, sectorSize } from '../../image/partition-table.ts';
import type { Partition, PartitionTable } from '../../image/types.ts';
import type { BootContext } from '../silicon.ts';
import { engineCipher } from './cipher.ts';
import type { IdfConsole } from './console.ts';
import type { FlashView } from './flash-view.ts';
import { findImage } from './image.ts';
import { fieldOr, slotOfPurpose } from './keys.ts';
import type { LoadedBootloader } from './rom.ts';

/** A boot whose bootloader is built for it. */
type EncryptingBoot = BootContext & Required<Pick<BootContext, 'encrypts'>>;

/** What a release bootloader burns with its key (ESP-IDF flash_encryption_secure_features.c), where the chip has it. */
const features = [
  'DIS_DOWNLOAD_MANUAL_ENCRYPT',
  'DIS_DOWNLOAD_ICACHE',
  'DIS_DOWNLOAD_DCACHE',
  'SPI_DOWNLOAD_MSPI_DIS',
  'DIS_PAD_JTAG',
  'DIS_USB_JTAG',
  'DIS_DIRECT_BOOT',
  'DIS_LEGACY_SPI_BOOT',
];

/**
 * The first start of a bootloader that was built to encrypt flash (ESP-IDF flash_encrypt.c, in its order): a key of its own unless there
 * is one, protections, then bootloader, partition table and partitions in place, last SPI_BOOT_CRYPT_CNT. It then resets the chip. Ends
 * early where the supply goes; the flash is then part in clear and part not, as on a chip.
 */
export function encryptInPlace(
  context: EncryptingBoot,
  view: FlashView,
  bootloader: LoadedBootloader,
  found: { readonly offset: number; readonly table: PartitionTable },
  console: IdfConsole,
): void {
  const { kind, efuse } = context;
  if (!haveKey(context, console)) return;
  for (const name of features) if (hasField(efuse.table, name) && efuse.field(name) === 0) context.burn(name, 1);
  burnPseudoRounds(context, console);
  const start = bootloaderOffsets[kind];
  encryptRegion(context, start, bootloader.end - start);
  console.info('flash_encrypt', 'bootloader encrypted successfully');
  encryptRegion(context, found.offset, sectorSize);
  console.info('flash_encrypt', 'partition table encrypted and loaded successfully');
  for (const [at, partition] of found.table.partitions.entries()) {
    const length = encryptedLength(view, partition);
    if (length === 0) continue;
    const where = `offset 0x${partition.offset.toString(16)} (length 0x${length.toString(16)})`;
    console.info('flash_encrypt', `Encrypting partition ${at} at ${where}...`);
    encryptRegion(context, partition.offset, length);
    console.info('flash_encrypt', 'Done encrypting');
  }
  if (!context.encrypts.powered()) return;
  console.info('flash_encrypt', 'Setting CRYPT_CNT for permanent encryption');
  context.burn('SPI_BOOT_CRYPT_CNT', 7);
  if (efuse.field('SECURE_BOOT_EN') === 1) context.burn('WR_DIS', 1);
  console.info('flash_encrypt', 'Flash encryption completed');
  console.info('boot', 'Resetting with flash encryption enabled...');
}

/**
 * The lowest level of dummy rounds, as a release build has it. It is written as a whole field: bits that are in already are complained of,
 * and the complaint is heard by nobody (from source: esp_efuse_utility.c, esp_efuse_utility_write_reg; the callers ignore its result).
 */
function burnPseudoRounds(context: EncryptingBoot, console: IdfConsole): void {
  const { efuse } = context;
  const name = 'XTS_DPA_PSEUDO_LEVEL';
  if (!hasField(efuse.table, name)) return;
  if ((efuse.field(name) & 1) === 0) {
    context.burn(name, 1);
    return;
  }
  const mask = (2 ** (fieldOf(efuse.table, name).pieces[0]!.bit % 32)).toString(16).padStart(8, '0');
  console.error('efuse', `Repeated programming of programmed bits is strictly forbidden 0x${mask}`);
}

/** Bytes of a partition that are encrypted: applications as far as their image goes, by type or flag the rest; 0: it stays. */
function encryptedLength(view: FlashView, partition: Partition): number {
  const { type, subtype, offset, size } = partition;
  if (type === partitionTypes.app) {
    const found = findImage(view, offset, size);
    if ('reason' in found) return 0;
    // with the signature sector behind it
    return Math.min(size, (Math.ceil(found.image.length / sectorSize) + 1) * sectorSize);
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

function haveKey(context: EncryptingBoot, console: IdfConsole): boolean {
  const { efuse, random } = context;
  const { table } = efuse;
  const long = table.purposes.some(({ purpose }) => purpose === 'XTS_AES_256_KEY_1');
  const purposes: readonly KeyPurpose[] = long ? ['XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'] : ['XTS_AES_128_KEY'];
  if (purposes.every((purpose) => slotOfPurpose(efuse, purpose) !== null)) {
    console.info('flash_encrypt', 'Using pre-loaded flash encryption key in efuse');
    return true;
  }
  const slots = purposes.map(() => -1);
  for (const [at, purpose] of purposes.entries()) {
    const rule = purposeRule(table, purpose);
    slots[at] =
      keySlotsOf(table).find(
        (slot) => !slots.includes(slot) && !rule.forbiddenSlots.includes(slot) && isFree(context, slot),
      ) ?? -1;
  }
  if (slots.includes(-1)) {
    console.error('flash_encrypt', `Not enough free efuse key blocks (need ${purposes.length}) to continue`);
    return false;
  }
  console.info('flash_encrypt', 'Generating new flash encryption key...');
  for (const slot of slots) context.encrypts.burnKey(keyBlockOf(table, slot).number, rsEncoded(random(32)));
  for (const [at, purpose] of purposes.entries()) {
    const slot = slots[at]!;
    const field = purposeFieldOf(table, slot)!;
    const block = keyBlockOf(table, slot);
    context.burn(field.name, purposeRule(table, purpose).number!);
    context.burn(
      'RD_DIS',
      block.readDisableBits.reduce((bits, bit) => bits + 2 ** bit, 0),
    );
    context.burn('WR_DIS', 2 ** block.writeDisableBit! + 2 ** field.writeDisableBit!);
  }
  return true;
}

function isFree({ efuse }: EncryptingBoot, slot: number): boolean {
  const { table } = efuse;
  const block = keyBlockOf(table, slot);
  const frozen = (bit: number | null) => bit !== null && Math.floor(efuse.field('WR_DIS') / 2 ** bit) % 2 === 1;
  return (
    fieldOr(efuse, purposeFieldOf(table, slot)!.name, 0) === 0 &&
    efuse.hardwareBlock(block.number).every((word) => word === 0) &&
    !frozen(block.writeDisableBit) &&
    !frozen(fieldOf(table, purposeFieldOf(table, slot)!.name).writeDisableBit)
  );
}

/** Data and parity as a block of the array holds them. */
function rsEncoded(data: Uint8Array): Uint8Array {
  return concat(data, rsEncode(data));
}
