import type { ChipProfile } from '../../chip/board.ts';
import { usbDownloadFields } from '../../efuse/door-fields.ts';
import type { WantedField } from '../../efuse/plan-types.ts';
import type { Revision } from '../../model/chip.ts';
import type { Recipe } from '../types.ts';

/** UART_PRINT_CONTROL (FACTS 2.7): always, if the strap is low, if it is high, never. */
const printControl = { on: 0, 'strap-low': 1, 'strap-high': 2, silent: 3 } as const;

/**
 * The bits of the doors (FACTS 13.3). `has`: whether this silicon has a field. What the ROM prints and whether USB leads into download
 * mode is settled with the last burns, when the boot proof has been seen; nothing that the station still needs goes before. Where the
 * application shuts download mode at its first start it is settled before that, since nothing can be burned afterwards.
 */
export function doorFields(
  recipe: Recipe,
  profile: ChipProfile,
  revision: Revision,
  has: (field: string) => boolean,
): WantedField[] {
  const { doors } = recipe;
  const fields: WantedField[] = [];
  const want = (field: string, stage: WantedField['stage'], reason: string, value = 1) =>
    fields.push({ field, value, stage, reason });
  const settle = (field: string, reason: string, value = 1) =>
    fields.push(
      doors.shutByFirmware
        ? { field, value, stage: 'protection', reason, early: true }
        : { field, value, stage: 'door', reason },
    );
  for (const { field, value } of profile.production.jtag) {
    if (doors.jtag === 'off') want(field, 'protection', 'JTAG off for ever', value);
    if (doors.jtag === 'soft' && field === 'SOFT_DIS_JTAG')
      want(field, 'protection', 'JTAG off until the device is given its token', value);
  }
  if (doors.usbJtag === 'off') want('DIS_USB_JTAG', 'protection', 'no JTAG through USB');
  if (doors.usbSerialJtag === 'off') want('DIS_USB_SERIAL_JTAG', 'protection', 'no USB-Serial-JTAG device');
  if (doors.forceDownload === 'off') want('DIS_FORCE_DOWNLOAD', 'protection', 'software cannot ask for download mode');
  if (doors.directBoot === 'off')
    for (const field of profile.production.directBoot) want(field, 'protection', 'no boot past the second stage');
  if (recipe.secureVersion > 0)
    want(
      'SECURE_VERSION',
      'protection',
      `firmware with a secure version below ${recipe.secureVersion} never runs`,
      2 ** recipe.secureVersion - 1,
    );
  if (doors.usbDownload === 'off')
    for (const field of usbDownloadFields) if (has(field)) settle(field, 'no download mode over USB');
  const print = printControl[doors.romPrint ?? 'on'];
  if (print !== 0) settle('UART_PRINT_CONTROL', `the ROM prints ${printWords[print]}`, print);
  if (print === 3 && has('DIS_USB_SERIAL_JTAG_ROM_PRINT'))
    settle('DIS_USB_SERIAL_JTAG_ROM_PRINT', 'the ROM prints nothing over USB either');
  if (doors.downloadMode === 'secure')
    for (const { field, value, minRevision = 0 } of profile.production.secureDownload)
      if (revision >= minRevision)
        want(field, 'protection', 'secure download mode reaches no flash that the host would have to switch on', value);
  if (doors.downloadMode === 'disabled') want('DIS_DOWNLOAD_MODE', 'door', 'no download mode at all');
  if (doors.downloadMode === 'secure')
    want('ENABLE_SECURITY_DOWNLOAD', 'door', 'download mode only as Secure Download Mode');
  return fields;
}

const printWords = { 1: 'only while its strap pin is low', 2: 'only while its strap pin is high', 3: 'nothing' };
