import { z } from 'zod';
import type { Doors } from '../model/recipe.ts';

// The doors of a chip, as people write what is to become of them. What a chip has and what collides is judged in the recipe room.

const offOrLeave = z.enum(['off', 'leave']);

export const doorsSchema = z
  .strictObject({
    jtag: z
      .enum(['off', 'soft', 'leave'])
      .describe(
        "'off' burns every JTAG disable bit of the chip, for ever; 'soft' lets a device be opened again by a token of its own, which is kept in escrow.",
      ),
    direct_boot: offOrLeave.describe("'off' burns DIS_DIRECT_BOOT: no start around the bootloader."),
    download_mode: z
      .enum(['disabled', 'secure', 'open'])
      .describe("'disabled' ends download mode for ever; 'secure' leaves a few commands; 'open' leaves it as it is."),
    force_download: offOrLeave
      .default('leave')
      .describe("'off' burns DIS_FORCE_DOWNLOAD: software cannot ask for download mode at the next reset."),
    rom_print: z
      .enum(['on', 'silent', 'strap-low', 'strap-high'])
      .default('on')
      .describe(
        "What the ROM prints at start: 'silent' never (UART_PRINT_CONTROL 3); 'strap-low', 'strap-high' as a strap pin says. Burned after the boot proof.",
      ),
    usb_download: offOrLeave
      .default('leave')
      .describe("'off': no download mode over USB. Needs a fixture with a UART."),
    usb_jtag: offOrLeave.default('leave').describe("'off' burns DIS_USB_JTAG alone; jtag: off does it as well."),
    usb_serial_jtag: offOrLeave
      .default('leave')
      .describe("'off' switches the USB-Serial-JTAG device off for ever. Needs a fixture with a UART."),
  })
  .describe('Ways into the chip. Shut doors stay shut: none of this can be undone.');

export function doorsOf(yaml: z.output<typeof doorsSchema>): Doors {
  return {
    jtag: yaml.jtag,
    directBoot: yaml.direct_boot,
    downloadMode: yaml.download_mode,
    forceDownload: yaml.force_download,
    romPrint: yaml.rom_print,
    usbDownload: yaml.usb_download,
    usbJtag: yaml.usb_jtag,
    usbSerialJtag: yaml.usb_serial_jtag,
  };
}
