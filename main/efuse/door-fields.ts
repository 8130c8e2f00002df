// Fields that shut the ways by which the station reaches a board, or hears it: they are burned with the last burns alone.

/** Download mode as a whole: after these nothing can be burned any more. */
export const downloadDoors: readonly string[] = ['ENABLE_SECURITY_DOWNLOAD', 'DIS_DOWNLOAD_MODE', 'UART_DOWNLOAD_DIS'];

/** Download mode over USB: what chips call it. */
export const usbDownloadFields: readonly string[] = [
  'DIS_USB_OTG_DOWNLOAD_MODE',
  'DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE',
  'DIS_USB_DOWNLOAD_MODE',
];

/** USB itself. */
const usbFields: readonly string[] = ['DIS_USB_SERIAL_JTAG', 'DIS_USB_OTG', 'DIS_USB'];

/** What the ROM prints: the boot proof may still need its lines. */
const printFields: readonly string[] = ['UART_PRINT_CONTROL', 'DIS_USB_SERIAL_JTAG_ROM_PRINT'];

/** Whether a field shuts download mode, by any of its names. */
export function shutsDownload(field: string): boolean {
  return downloadDoors.includes(field);
}

/** Whether a field (its canonical name) may be burned only behind everything else. */
export function isSettledLast(field: string): boolean {
  return shutsDownload(field) || usbDownloadFields.includes(field) || printFields.includes(field);
}

/** Whether a field (its canonical name) shuts the port of a board that is reached by the chip's own USB. */
export function shutsOwnUsb(field: string): boolean {
  return usbFields.includes(field) || usbDownloadFields.includes(field);
}
