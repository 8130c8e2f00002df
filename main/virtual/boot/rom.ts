import { imageMagic } from '../../image/app-image.ts';
import { bootloaderOffsets } from '../../image/memory-map.ts';
import { sectorSize } from '../../image/partition-table.ts';
import type { EspImage } from '../../image/types.ts';
import { type RomEdition, romEdition } from '../rom-edition.ts';
import type { BootContext, BootResult } from '../silicon.ts';
import { flashBootLines } from './banner.ts';
import type { FlashView } from './flash-view.ts';
import { findImage } from './image.ts';
import { ones } from './keys.ts';
import { type BlockVerdict, checkSecureBoot } from './secure-boot.ts';

/** A bootloader that the ROM loaded and jumped to; otherwise how it ended. */
export type RomResult =
  | { readonly state: 'loaded'; readonly lines: string[]; readonly bootloader: LoadedBootloader }
  | { readonly state: Exclude<BootResult['state'], 'running'>; readonly lines: string[] };

export interface LoadedBootloader {
  readonly image: EspImage;
  /** First 4 KiB sector behind it and its signature sector. */
  readonly end: number;
}

const spiModes = ['QIO', 'QOUT', 'DIO', 'DOUT', 'FAST READ', 'SLOW READ'];
/** Clock divider by the low nibble of header byte 3 (FACTS 5.1). */
const clockDividers: Readonly<Record<number, number>> = { 0: 2, 1: 3, 2: 4, 15: 1 };
const classicDrives = 'clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00';
/** How often a header fault is shown before the next reset; a chip goes on for ever. */
const repeats = 8;

/**
 * The ROM's part of a boot from flash: header, Secure Boot V2, load lines (FACTS 17). UART_PRINT_CONTROL 3 silences it; values 1 and 2
 * depend on a strap that this board has set for printing.
 */
export function bootRom(context: BootContext, view: FlashView): RomResult {
  const { efuse, kind, revision } = context;
  const banner = romEdition(kind, revision);
  const lines: string[] = flashBootLines(banner);
  const end = (state: 'halted' | 'resetting', ...last: string[]): RomResult => {
    lines.push(...last);
    return { state, lines: spoken(context, lines) };
  };

  if (banner.namesFlashKey && ones(efuse.field('SPI_BOOT_CRYPT_CNT')) % 2 === 1) lines.push('use legacy efuse key');

  const offset = bootloaderOffsets[kind];
  const head = view.read(offset, 4);
  if (head[0] !== imageMagic) {
    const word = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
    const bad = `invalid header: 0x${word.toString(16).padStart(8, '0')}`;
    const { headerTries, givesUp } = banner;
    if (headerTries !== undefined) return end('resetting', ...Array<string>(headerTries).fill(bad), givesUp);
    return end('resetting', ...Array<string>(repeats).fill(bad));
  }
  const found = findImage(view, offset, context.flash.size - offset);
  if ('reason' in found) return end('resetting', found.reason);

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
    const { namesScheme, givesUp } = banner;
    const name = verdict.ecdsa ? 'ECDSA ' : 'RSA-PSS ';
    const said = namesScheme === 'always' || (namesScheme === 'good-ecdsa' && verdict.passed) ? name : '';
    if (!verdict.passed) {
      lines.push(`${said}secure boot verification failed`);
      // ESP32's watchdog ends it (recorded)
      return banner.classic ? end('resetting') : end('halted', givesUp);
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
    const words = `csum err:0x${checksum.computed.toString(16)}!=0x${checksum.stored.toString(16)}`;
    return end('halted', words, 'ets_main.c 371');
  }
  lines.push(`entry 0x${header.entry.toString(16).padStart(8, '0')}`);

  const padded = Math.ceil(length / sectorSize) * sectorSize;
  return {
    state: 'loaded',
    lines: spoken(context, lines),
    bootloader: { image: found.image, end: offset + padded + (secureBoot ? sectorSize : 0) },
  };
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
