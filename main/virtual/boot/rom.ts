import { fieldOf, hasField, widthOf } from '../../efuse/tables.ts';
import { imageMagic } from '../../image/app-image.ts';
import { descriptorOffset } from '../../image/descriptor.ts';
import { bootloaderOffsets } from '../../image/memory-map.ts';
import { sectorSize } from '../../image/partition-table.ts';
import type { EspImage } from '../../image/types.ts';
import { type RomEdition, romEdition } from '../rom-edition.ts';
import type { BootContext, BootResult } from '../silicon.ts';
import { flashBootLines } from './banner.ts';
import type { FlashView } from './flash-view.ts';
import { findImage } from './image.ts';
import { fieldOr, ones } from './keys.ts';
import { type BlockVerdict, checkSecureBoot } from './secure-boot.ts';

/** A bootloader that the ROM loaded and jumped to; otherwise how it ended. */
export type RomResult =
  | { readonly state: 'loaded'; readonly lines: string[]; readonly bootloader: LoadedBootloader }
  | { readonly state: Exclude<BootResult['state'], 'running'>; readonly lines: string[] };

export interface LoadedBootloader {
  readonly image: EspImage;
  /** First 4 KiB sector behind it and its signature sector, were it the first one: from there on the partition table is looked for. */
  readonly end: number;
}

const spiModes = ['QIO', 'QOUT', 'DIO', 'DOUT', 'FAST READ', 'SLOW READ'];
/** Clock divider by the low nibble of header byte 3 (FACTS 5.1). */
const clockDividers: Readonly<Record<number, number>> = { 0: 2, 1: 3, 2: 4, 15: 1 };
const classicDrives = 'clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00';
/** How often a header fault is shown before the next reset; a chip goes on for ever. */
const repeats = 8;

/** How an attempt at one copy of the bootloader ended. */
type Attempt =
  | { readonly bootloader: LoadedBootloader }
  /** `last`: what the ROM says once it gives up, behind no other copy. */
  | { readonly state: 'halted' | 'resetting'; readonly last: readonly string[] };

/**
 * The ROM's part of a boot from flash: header, Secure Boot V2, load lines (FACTS 17), and where the first bootloader does not start, the
 * recovery bootloader (FACTS 14.4). UART_PRINT_CONTROL 3 silences it; values 1 and 2 depend on a strap that this board has set for printing.
 */
export function bootRom(context: BootContext, view: FlashView): RomResult {
  const { efuse, kind, revision } = context;
  const banner = romEdition(kind, revision);
  const lines: string[] = flashBootLines(banner);
  if (banner.namesFlashKey && ones(efuse.field('SPI_BOOT_CRYPT_CNT')) % 2 === 1) lines.push('use legacy efuse key');

  const first = bootloaderOffsets[kind];
  let attempt = tryBootloader(context, view, banner, first, lines);
  const sector = fieldOr(efuse, 'RECOVERY_BOOTLOADER_FLASH_SECTOR', 0);
  if (!('bootloader' in attempt) && sector !== 0 && sector !== noRecovery) {
    lines.push('PRIMARY - FAIL', 'Loading RECOVERY Bootloader...');
    attempt = tryBootloader(context, view, banner, sector * sectorSize, lines);
  }
  if ('bootloader' in attempt)
    return { state: 'loaded', lines: spoken(context, lines), bootloader: attempt.bootloader };
  lines.push(...attempt.last);
  return { state: attempt.state, lines: spoken(context, lines) };
}

/** All ones: there is no recovery bootloader, for ever. */
const noRecovery = 0xfff;

function tryBootloader(
  context: BootContext,
  view: FlashView,
  banner: RomEdition,
  offset: number,
  lines: string[],
): Attempt {
  const { efuse, kind } = context;
  const { headerTries, givesUp } = banner;
  const head = view.read(offset, 4);
  if (head[0] !== imageMagic) {
    const word = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
    const bad = `invalid header: 0x${word.toString(16).padStart(8, '0')}`;
    lines.push(...Array<string>(headerTries ?? repeats).fill(bad));
    return { state: 'resetting', last: headerTries === undefined ? [] : [givesUp] };
  }
  const found = findImage(view, offset, context.flash.size - offset);
  if ('reason' in found) return { state: 'resetting', last: [found.reason] };

  const { header, segments, checksum, length } = found.image;
  const clock = `clock div:${clockDividers[header.spiSpeed] ?? 1}`;
  const mode = `${spiModes[header.spiMode] ?? 'DIO'}, ${clock}`;
  const wp = header.wpPin.toString(16);
  const secureBoot = efuse.field('SECURE_BOOT_EN') === 1;
  // the first ROM words both otherwise with Secure Boot (recorded)
  if (banner.classic)
    lines.push(
      `configsip: 0, SPIWP:0x${wp}`,
      classicDrives,
      `mode:${secureBoot ? header.spiMode : spiModes[header.spiMode]}, ${clock}`,
    );
  else if (banner.spiModeInOneLine) lines.push(`SPI mode:${mode}`);
  else lines.push(`SPIWP:0x${wp}`, `mode:${mode}`);

  if (secureBoot) {
    const verdict = checkSecureBoot(context, view, offset, length);
    if (banner.classic) lines.push('secure boot v2 enabled');
    else if (verdict.trusted.length > 0) lines.push(`Valid secure boot key blocks: ${verdict.trusted.join(' ')}`);
    for (const block of verdict.blocks) {
      if (block.verdict === 'good') continue;
      // (without a trusted digest none is looked at)
      if (verdict.trusted.length > 0 || banner.classic) lines.push(...blockLines(banner, block));
      // only a signature that does not fit revokes: not a foreign key, a bad digest or a broken block (FACTS 4.6)
      if (block.verdict === 'bad-signature' && efuse.field('SECURE_BOOT_AGGRESSIVE_REVOKE') === 1) {
        context.burn(`SECURE_BOOT_KEY_REVOKE${block.index}`, 1);
      }
    }
    const { namesScheme } = banner;
    const name = verdict.ecdsa ? 'ECDSA ' : 'RSA-PSS ';
    const said = namesScheme === 'always' || (namesScheme === 'good-ecdsa' && verdict.passed) ? name : '';
    if (!verdict.passed) {
      lines.push(`${said}secure boot verification failed`);
      // ESP32's watchdog ends it (recorded)
      return banner.classic ? { state: 'resetting', last: [] } : { state: 'halted', last: [givesUp] };
    }
    lines.push(`${said}secure boot verification succeeded`);
  }

  for (const { loadAddress, length: size } of segments) {
    const address = `load:0x${loadAddress.toString(16).padStart(8, '0')}`;
    const hex = `0x${size.toString(16)}`;
    if (!banner.classic) lines.push(`${address},len:${hex}`);
    else lines.push(secureBoot ? `${address} len:${hex}` : `${address},len:${size}`);
  }
  if (checksum.stored !== checksum.computed) {
    const [stored, computed] = [checksum.stored.toString(16), checksum.computed.toString(16)];
    if (headerTries === undefined)
      return { state: 'halted', last: [`csum err:0x${computed}!=0x${stored}`, 'ets_main.c 371'] };
    // run in the ROMs of C5, C61 and P4 v3
    lines.push(`Checksum failure. Calculated 0x${computed} stored 0x${stored}`);
    return { state: 'halted', last: [givesUp] };
  }
  const old = checkVersion(context, found.bytes[versionOffset] ?? 0);
  if (old !== null) {
    lines.push(...old);
    return { state: 'halted', last: [givesUp] };
  }
  lines.push(`entry 0x${header.entry.toString(16).padStart(8, '0')}`);
  const padded = Math.ceil(length / sectorSize) * sectorSize;
  const end = bootloaderOffsets[kind] + padded + (secureBoot ? sectorSize : 0);
  return { bootloader: { image: found.image, end } };
}

/** Pieces of the floor of bootloaders from the lowest bit up, as chips have them. */
const floorFields = [
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI',
];
const highestVersion = 4;
/** Of esp_bootloader_desc_t, whose magic the ROM does not look at. */
const versionOffset = descriptorOffset + 3;

/**
 * The ROM's look at a bootloader's own version, and what it burns of it (run in the ROMs of C5, C61 and S31; FACTS 14.4). The lines with
 * which it refuses; null: it starts.
 */
function checkVersion({ efuse, burn }: BootContext, version: number): string[] | null {
  if (fieldOr(efuse, 'BOOTLOADER_ANTI_ROLLBACK_EN', 0) === 0) return null;
  const pieces = floorFields.filter((name) => hasField(efuse.table, name));
  const floor = pieces.reduce((sum, name) => sum + ones(efuse.field(name)), 0);
  if (version < floor) return ['Image security version < Programmed in eFuse'];
  if (version > highestVersion) return [];
  if (fieldOr(efuse, 'BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM', 0) === 0 || version === floor) return null;
  let left = 2 ** version - 1;
  for (const name of pieces) {
    const width = widthOf(fieldOf(efuse.table, name));
    const value = left % 2 ** width;
    if (value !== efuse.field(name)) burn(name, value);
    left = Math.floor(left / 2 ** width);
  }
  return null;
}

/** What is said of a block that is no good; with a digest that does not fit, only the image as a whole is said to be wrong (run). */
function blockLines({ namesScheme, rom }: RomEdition, { block, verdict, ecdsa }: BlockVerdict): string[] {
  const name = `${namesScheme === 'good-ecdsa' && ecdsa ? 'ECDSA ' : ''}Sig block ${block}`;
  if (verdict === 'untrusted') return [`${name} signed with untrusted key`];
  if (verdict === 'bad-digest') return ['SHA-256 simple hash comparison failed.'];
  return [
    ...(ecdsa || rom.startsWith('ets') ? [] : ['Signature Check Failed']),
    `${name} signature verification failed`,
  ];
}

function spoken(context: BootContext, lines: string[]): string[] {
  return context.efuse.field('UART_PRINT_CONTROL') === 3 ? [] : lines;
}
