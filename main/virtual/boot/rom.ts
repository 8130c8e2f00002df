import { imageMagic } from '../../image/app-image.ts';
import { bootloaderOffsets } from '../../image/memory-map.ts';
import { sectorSize } from '../../image/partition-table.ts';
import type { EspImage } from '../../image/types.ts';
import { romEdition } from '../rom-edition.ts';
import type { BootContext, BootResult } from '../silicon.ts';
import { flashBootLines } from './banner.ts';
import type { FlashView } from './flash-view.ts';
import { findImage } from './image.ts';
import { checkSecureBoot } from './secure-boot.ts';

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

  const offset = bootloaderOffsets[kind];
  const head = view.read(offset, 4);
  if (head[0] !== imageMagic) {
    const word = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
    return end('resetting', ...Array<string>(repeats).fill(`invalid header: 0x${word.toString(16)}`));
  }
  const found = findImage(view, offset, context.flash.size - offset);
  if ('reason' in found) return end('resetting', found.reason);

  const { header, segments, checksum, length } = found.image;
  const mode = `${spiModes[header.spiMode] ?? 'DIO'}, clock div:${clockDividers[header.spiSpeed] ?? 1}`;
  const wp = header.wpPin.toString(16);
  if (banner.classic) lines.push(`configsip: 0, SPIWP:0x${wp}`, classicDrives, `mode:${mode}`);
  else if (banner.spiModeInOneLine) lines.push(`SPI mode:${mode}`);
  else lines.push(`SPIWP:0x${wp}`, `mode:${mode}`);

  const secureBoot = efuse.field('SECURE_BOOT_EN') === 1;
  if (secureBoot) {
    const verdict = checkSecureBoot(context, view, offset, length);
    // ESP32 has one key block and nothing to list; the words of its ROM are not from a recording.
    if (banner.classic) lines.push('secure boot v2 enabled');
    else lines.push(`Valid secure boot key blocks: ${verdict.trusted.join(' ')}`);
    for (const block of verdict.blocks) {
      if (block.verdict === 'good') continue;
      lines.push(`Sig block ${block.block} ${sigBlockWords[block.verdict]}`);
      // only a signature that does not fit revokes: not a foreign key, a bad digest or a broken block (FACTS 4.6)
      if (block.verdict === 'bad-signature' && efuse.field('SECURE_BOOT_AGGRESSIVE_REVOKE') === 1) {
        context.burn(`SECURE_BOOT_KEY_REVOKE${block.index}`, 1);
      }
    }
    if (!verdict.passed) return end('halted', 'secure boot verification failed', 'ets_main.c 333');
    lines.push('secure boot verification succeeded');
  }

  for (const segment of segments) {
    const length = banner.classic ? String(segment.length) : `0x${segment.length.toString(16)}`;
    lines.push(`load:0x${segment.loadAddress.toString(16).padStart(8, '0')},len:${length}`);
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

/** FACTS 17 saw the first; the words of the other two are ours. */
const sigBlockWords = {
  untrusted: 'signed with untrusted key',
  'bad-digest': 'image digest does not match',
  'bad-signature': 'signature does not match',
};

function spoken(context: BootContext, lines: string[]): string[] {
  return context.efuse.field('UART_PRINT_CONTROL') === 3 ? [] : lines;
}
