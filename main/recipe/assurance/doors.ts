import { asked, built, type Line, notApplicable, type Section } from './line.ts';
import type { Product } from './product.ts';

/** Hard locks of JTAG, as chips name them. */
const hardLocks = ['DIS_PAD_JTAG', 'HARD_DIS_JTAG', 'DIS_USB_JTAG', 'JTAG_DISABLE'];

/** Whether a key opens JTAG again. */
const isOfJtag = (role: string) => role === 'hmac-down-jtag' || role === 'hmac-down-all';

/** As ESP-IDF judges it: soft off counts where an HMAC key can open it again, else every hard lock has to be set (FACTS 3.6). */
export function isJtagShut(product: Product): {
  readonly shut: boolean;
  readonly soft: boolean;
  readonly evidence: string;
} {
  const hard = product.those(...hardLocks);
  const key = product.keys(isOfJtag).length > 0;
  const soft = product.isFull('SOFT_DIS_JTAG') && key;
  const shutHard = hard.length > 0 && hard.every((field) => product.value(field) === 1);
  const evidence = `${product.show([...hard, ...product.those('SOFT_DIS_JTAG')])}${key ? ', with an HMAC key that opens it again' : ''}`;
  return { shut: soft || shutHard, soft: soft && !shutHard, evidence };
}

/** DIS_DOWNLOAD_MODE is UART_DOWNLOAD_DIS on the classic ESP32, which has no secure download mode. */
export const downloadFields = ['DIS_DOWNLOAD_MODE', 'UART_DOWNLOAD_DIS', 'ENABLE_SECURITY_DOWNLOAD'];

export function isDownloadShut(product: Product): boolean {
  return product.those(...downloadFields).some((field) => product.value(field) === 1);
}

/** Security overview, Debug Interfaces. */
export const debugInterfaces: Section = {
  title: 'Debug interfaces',
  lines(product) {
    const { shut, soft, evidence } = isJtagShut(product);
    const waivers = ['jtag-open'];
    const asks = 'doors.jtag';
    const key = product.keys(isOfJtag);
    const wayBack = 'The key that opens JTAG again is hidden';
    const escrow = 'What opens JTAG again is in escrow under two custodians';
    return [
      asked('JTAG is off', shut, evidence, { waivers, asks }),
      soft
        ? asked(
            wayBack,
            key.every((one) => product.hidden(one) && product.locked(one)),
            `block ${key[0]!.blocks.join()}`,
            {
              waivers,
              asks,
            },
          )
        : notApplicable(wayBack, 'JTAG is not off the soft way', { asks }),
      soft
        ? asked(
            escrow,
            product.isInEscrow('jtag-token'),
            product.isInEscrow('jtag-token') ? 'put away' : 'not put away',
            {
              waivers,
              asks: 'escrow_key',
            },
          )
        : notApplicable(escrow, 'JTAG is not off the soft way', { asks }),
      built(product, 'A crash opens no debugger on the console', ['lint-panic'], { asks: 'firmware' }),
      built(product, 'The build expects no debugger', ['lint-ocdaware'], { asks: 'firmware' }),
    ];
  },
};

/** Security overview, UART Download Mode; FACTS 13.3 for the other doors of a chip. */
export const downloadMode: Section = {
  title: 'UART download mode',
  lines(product) {
    const directBoot = product.profile.production.directBoot;
    const off = product.those('DIS_DOWNLOAD_MODE', 'UART_DOWNLOAD_DIS').some((field) => product.value(field) === 1);
    const how = off ? 'off, as the guide prefers' : isDownloadShut(product) ? 'secure' : 'open';
    return [
      asked('Download mode is disabled or secure', isDownloadShut(product), `${product.show(downloadFields)}: ${how}`, {
        waivers: ['download-open'],
        asks: 'doors.download_mode',
      }),
      asked(
        'No boot past the second stage',
        directBoot.every((field) => product.value(field) === 1),
        product.show(directBoot),
        { waivers: ['direct-boot-open'], asks: 'doors.direct_boot' },
      ),
      usbDoors(product, off),
      forcedDownload(product, off),
      romPrint(product),
      built(
        product,
        'The application leaves download mode as the recipe says',
        ['lint-download-mode', 'lint-download-mode-other'],
        {
          waivers: ['download-open'],
          asks: 'firmware',
        },
      ),
    ];
  },
};

function usbDoors(product: Product, off: boolean): Line {
  const what = 'No other way leads into the loader (USB)';
  const asks = 'doors.usb_download';
  const fields = product.those(
    'DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE',
    'DIS_USB_DOWNLOAD_MODE',
    'DIS_USB_OTG_DOWNLOAD_MODE',
  );
  if (fields.length === 0) return notApplicable(what, 'the chip has no loader on USB', { asks });
  const each = fields.every((field) => product.value(field) === 1);
  const shut = off || each || isDownloadShut(product);
  const how = off
    ? 'download mode is off on every port'
    : each
      ? ''
      : shut
        ? 'the loader is secure on every port'
        : 'open';
  return asked(what, shut, [product.show(fields), how].filter((part) => part !== '').join('; '), {
    waivers: ['download-open'],
    asks,
  });
}

/** Software that has been taken over could otherwise send the chip into its loader at the next reset. */
function forcedDownload(product: Product, off: boolean): Line {
  const what = 'No program leads into the loader';
  const field = 'DIS_FORCE_DOWNLOAD';
  const more = { asks: 'doors.force_download', waivers: ['download-open'] };
  if (!product.has(field)) return notApplicable(what, `the chip has no ${field}`, more);
  const shut = off || isDownloadShut(product) || product.value(field) === 1;
  const how = off ? '; download mode is off' : isDownloadShut(product) ? '; the loader is secure' : '';
  return asked(what, shut, `${product.show([field])}${how}`, more);
}

/** The guide leaves it to the product: a silent ROM tells less, a speaking one helps to find faults. */
function romPrint(product: Product): Line {
  const what = 'The ROM tells nothing on the console';
  const fields = ['UART_PRINT_CONTROL', 'DIS_USB_SERIAL_JTAG_ROM_PRINT'];
  const more = { asks: 'doors.rom_print' };
  if (product.value('UART_PRINT_CONTROL') === 3) return asked(what, true, product.show(fields), more);
  return notApplicable(what, `the guide leaves it to the product; ${product.show(fields)}`, more);
}
