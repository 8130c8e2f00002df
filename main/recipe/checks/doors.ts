import { patternOf } from '../../base/pattern.ts';
import type { ChipProfile } from '../../chip/board.ts';
import { usbDownloadFields } from '../../efuse/door-fields.ts';
import { hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import { revisionText } from '../../model/chip.ts';
import type { Add, Finding } from '../finding.ts';
import type { Recipe } from '../types.ts';

/** What a ROM prints, a line of each kind (FACTS 17): a silent one shows none of these. */
const romLines = [
  'ESP-ROM:esp32p4-eco2-20240710',
  'Build:Jul 10 2024',
  'rst:0x1 (POWERON),boot:0x30f (SPI_FAST_FLASH_BOOT)',
  'SPI mode:DIO, clock div:1',
  'load:0x4ff33ce0,len:0x1174',
  'entry 0x4ff29ed0',
  'Valid secure boot key blocks: 0',
  'secure boot verification succeeded',
];

/** Doors that the chip does not have, and doors that contradict one another. Pure. */
export function checkDoorRules(recipe: Recipe, profile: ChipProfile, table: EfuseTable | undefined, add: Add): void {
  const { doors } = recipe;
  if (table === undefined) return;
  const has = (field: string) => hasField(table, field);
  const lacks = (check: string, key: string, what: string, remedy: string, severity: Finding['severity'] = 'error') =>
    add({ check, path: `doors.${key}`, what, remedy, severity });
  if (doors.jtag === 'soft') {
    if (!profile.hmac)
      lacks(
        'soft-jtag',
        'jtag',
        `The ${profile.title} has no HMAC peripheral that could check a token, so its JTAG cannot be shut softly.`,
        'Set doors.jtag to off.',
      );
    else if (profile.refusals['soft-jtag'] !== undefined)
      lacks(
        'soft-jtag',
        'jtag',
        `JTAG of the ${profile.title} cannot be shut softly: ${profile.refusals['soft-jtag']}.`,
        'Set doors.jtag to off.',
      );
    else if (!has('SOFT_DIS_JTAG'))
      lacks('soft-jtag', 'jtag', `The ${profile.title} has no SOFT_DIS_JTAG.`, 'Set doors.jtag to off.');
    if (recipe.flashEncryption?.by === 'device')
      lacks(
        'soft-jtag',
        'jtag',
        'A bootloader that switches flash encryption on burns the hard JTAG bits, which no token opens again.',
        'Set doors.jtag to off, or let the station encrypt (flash_encryption.by: host).',
      );
  }
  const first = doors.downloadMode === 'open' ? 0 : profile.downloadModes[doors.downloadMode];
  if (first === null)
    lacks(
      'download-mode',
      'download_mode',
      `The ${profile.title} has no secure download mode.`,
      'Set doors.download_mode to disabled.',
    );
  else if (recipe.silicon.min < first)
    lacks(
      'download-mode',
      'download_mode',
      `Download mode of the ${profile.title} can be ${doors.downloadMode === 'secure' ? 'made the secure one' : 'switched off'} from silicon ${revisionText(first)} on.`,
      `Raise silicon.min to ${revisionText(first)}.`,
    );
  // The first of these revisions has no eFuse for it; with the later one the plan burns it.
  const supplied = Math.min(...profile.production.secureDownload.map(({ minRevision = 0 }) => minRevision));
  const { min, max } = recipe.silicon;
  const dark = profile.flashOff.revisions.find((one) => one >= min && one <= max && one < supplied);
  if (doors.downloadMode === 'secure' && dark !== undefined)
    lacks(
      'secure-download-flash',
      'download_mode',
      `In secure download mode the flash of an ${profile.title} ${revisionText(dark)} has no supply, and no host can switch it on: such a board answers who it is, but its flash can be written by its own updates alone.`,
      `Take it so, or raise silicon.min to ${revisionText(supplied)}.`,
      'info',
    );
  if (doors.forceDownload === 'off' && !has('DIS_FORCE_DOWNLOAD'))
    lacks(
      'force-download',
      'force_download',
      `The ${profile.title} has no DIS_FORCE_DOWNLOAD.`,
      'Leave force_download out.',
    );
  if (doors.usbJtag === 'off' && !has('DIS_USB_JTAG'))
    lacks('usb-jtag', 'usb_jtag', `The ${profile.title} has no JTAG through USB.`, 'Leave usb_jtag out.');
  const undescribed = profile.refusals['usb-serial-jtag'];
  if (doors.usbSerialJtag === 'off' && (undescribed !== undefined || !has('DIS_USB_SERIAL_JTAG')))
    lacks(
      'usb-serial-jtag',
      'usb_serial_jtag',
      undescribed === undefined
        ? `The ${profile.title} has no eFuse by which its USB-Serial-JTAG device could be switched off.`
        : `The ${profile.title} keeps its USB-Serial-JTAG device: ${undescribed}.`,
      'Leave usb_serial_jtag out; usb_download: off shuts the way into download mode.',
    );
  if (doors.usbDownload === 'off' && !usbDownloadFields.some((field) => has(field)))
    lacks(
      'usb-download',
      'usb_download',
      `The ${profile.title} has no download mode over USB that could be shut.`,
      'Leave usb_download out.',
    );
  checkRomPrint(recipe, profile, has('UART_PRINT_CONTROL'), lacks);
}

function checkRomPrint(
  { doors, bootProof }: Recipe,
  profile: ChipProfile,
  canBeSilent: boolean,
  lacks: (check: string, key: string, what: string, remedy: string, severity?: Finding['severity']) => void,
): void {
  const print = doors.romPrint ?? 'on';
  if (print === 'on') return;
  if (!canBeSilent) {
    lacks(
      'rom-print',
      'rom_print',
      `The ${profile.title} has no eFuse for what its ROM prints: its strap pin decides at every start.`,
      'Leave rom_print out, and pull the pin on the board.',
    );
    return;
  }
  if (print !== 'silent' && profile.printStrapDoubted)
    lacks(
      'rom-print-strap',
      'rom_print',
      `Espressif's documents disagree about the strap pin that decides on the ${profile.title} what the ROM prints.`,
      'Try it on a board of yours first, or use silent or on.',
      'warning',
    );
  if (doors.downloadMode === 'disabled')
    lacks(
      'rom-print-shut',
      'rom_print',
      'With download mode disabled the line that the ROM prints is all that tells a shut board from a dead one; a silent ROM takes it away, and a board that loses its supply before its seal could not be found again.',
      'Leave rom_print on, or set download_mode to secure.',
    );
  const after = bootProof.when === 'after-door' || bootProof.when === 'both' || doors.shutByFirmware === true;
  const sought = bootProof.expect.filter((pattern) => romLines.some((line) => patternOf(pattern).test(line)));
  if (after && sought.length > 0)
    lacks(
      'rom-print-proof',
      'rom_print',
      `The boot proof ${doors.shutByFirmware ? '' : 'after the door '}expects ${sought.map((pattern) => `/${pattern}/`).join(' and ')}, which the ROM prints, and the ROM is silent by then.`,
      'Expect lines of the application, or prove before the door only.',
    );
}
