import { fields } from './fields/esp32h4.ts';
import { basicPurposes, hmacPurposes, p4Purposes, tableOf } from './silicon.ts';

/** BLOCK9 cannot hold keys of flash and PSRAM (SOC_EFUSE_BLOCK9_KEY_PURPOSE_QUIRK; espefuse: every purpose XTS_AES). */
const quirk = [5];

export const esp32h4 = tableOf({
  chip: 'esp32h4',
  name: 'esp32h4',
  // The one revision that ESP-IDF names (Kconfig.hw_support).
  revisions: { min: 0, max: 0 },
  source: 'esp-idf 102122904ad components/efuse/esp32h4/esp_efuse_table.csv',
  base: 0x600b1800,
  purposes: [...basicPurposes, ...hmacPurposes, ...p4Purposes],
  forbidden: {
    XTS_AES_128_KEY: quirk,
    XTS_AES_256_KEY_1: quirk,
    XTS_AES_256_KEY_2: quirk,
    XTS_AES_256_PSRAM_KEY_1: quirk,
    XTS_AES_256_PSRAM_KEY_2: quirk,
    XTS_AES_128_PSRAM_KEY: quirk,
  },
  registers: {
    rsErr0: 0x190,
    rsErr1: 0x194,
    status: 0x1d4,
    cmd: 0x1d8,
    dacConf: 0x1ec,
    wrTimConf1: 0x1f4,
    wrTimConf2: 0x1f8,
    date: 0x198,
  },
  crystalMHz: [32],
  times: 'common',
  fields,
});
