import { fields } from './fields/esp32s3.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32s3 = tableOf({
  chip: 'esp32s3',
  name: 'esp32s3',
  revisions: { min: 0, max: 2 },
  source: 'esp-idf 102122904ad components/efuse/esp32s3/esp_efuse_table.csv',
  base: 0x60007000,
  purposes: [...basicPurposes, ...hmacPurposes, 'XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'],
  // BLOCK9 cannot hold flash keys (SOC_EFUSE_BLOCK9_KEY_PURPOSE_QUIRK).
  forbidden: { XTS_AES_128_KEY: [5], XTS_AES_256_KEY_1: [5], XTS_AES_256_KEY_2: [5] },
  registers: { wrTimConf1: 0x1f4, wrTimConf2: 0x1f8 },
  crystalMHz: [40],
  times: 'common',
  fields,
  firstBlockVersion: { major: 1, minor: 1 },
  // FACTS 2.9; espefuse refuses it as well.
  neverTogether: [
    {
      code: 'efuse.s3-usb',
      fields: ['DIS_USB_JTAG', 'DIS_USB_SERIAL_JTAG'],
      effect: 'its ROM does not start any more',
      leaveOut: 'DIS_USB_SERIAL_JTAG',
    },
  ],
});
