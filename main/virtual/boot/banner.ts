import type { RomEdition } from '../rom-edition.ts';
import type { VirtualEfuse } from '../silicon.ts';

/** The three lines of a power-on that boots from flash. */
export function flashBootLines(rom: RomEdition): string[] {
  const { powerOn, flashBoot } = rom;
  return [...greeting(rom), `rst:0x1 (${powerOn}),boot:${flashBoot} (SPI_FAST_FLASH_BOOT)`];
}

/** What started the ROM: EN or the supply, a software reset, or a supply that broke down. */
export type ResetCause = 'power-on' | 'software' | 'brown-out';

/** The number of a brown-out (from source: ESP-IDF reset_reasons.h; the name that ROMs print with it was not seen). */
const brownOut = 'rst:0xf (BROWNOUT_RST)';

/** How far the download door is open, by the fuses that were read at reset. */
export type DownloadDoor = 'open' | 'secure' | 'disabled';

export function downloadDoor(efuse: VirtualEfuse): DownloadDoor {
  if (efuse.field('DIS_DOWNLOAD_MODE') === 1) return 'disabled';
  return efuse.field('ENABLE_SECURITY_DOWNLOAD') === 1 ? 'secure' : 'open';
}

/**
 * What is printed with the download strap, whatever UART_PRINT_CONTROL says (run): the three lines and the waiting one, or the refusal.
 * ESP32 refuses without a greeting (recorded).
 */
export function downloadBootLines(rom: RomEdition, cause: ResetCause, door: DownloadDoor): string[] {
  const { classic, powerOn, romReset, waiting } = rom;
  if (classic && door === 'disabled') return ['Download mode is disabled. Restart with GPIO0 high.'];
  const reset = { software: romReset, 'power-on': `rst:0x1 (${powerOn})`, 'brown-out': brownOut }[cause];
  const last = { open: waiting, secure: 'wait uart download(secure mode)', disabled: 'Download boot modes disabled' };
  return [...greeting(rom), `${reset},boot:${rom.downloadBoot} (${rom.downloadName})`, last[door]];
}

function greeting({ classic, rom, build }: RomEdition): string[] {
  return classic ? [rom, ''] : [`ESP-ROM:${rom}`, `Build:${build}`];
}
