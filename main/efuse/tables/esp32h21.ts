// The silicon of mass production (CONFIG_ESP32H21_SELECTS_REV_MP); its beta is another chip, which no table here has.

import { fields } from './fields/esp32h21.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32h21 = tableOf({
  chip: 'esp32h21',
  name: 'esp32h21',
  // The one revision that ESP-IDF names (Kconfig.hw_support).
  revisions: { min: 0, max: 0 },
  source: 'esp-idf 102122904ad components/efuse/esp32h21/esp_efuse_table.csv',
  base: 0x600b4000,
  purposes: [...basicPurposes, ...hmacPurposes, 'ECDSA_KEY'],
  // espefuse 5.6.0 refuses these in KEY_PURPOSE_5, as on ESP32-H2; ESP-IDF states no such limit for this chip. The careful one of the two.
  forbidden: { XTS_AES_128_KEY: [5], ECDSA_KEY: [5] },
  registers: { rsErr0: 0x190, rsErr1: 0x194, date: 0x198 },
  crystalMHz: [32],
  // efuse_hal_set_timing of ESP-IDF sets them; espefuse 5.6.0 leaves the reset values.
  times: 'common',
  fields,
});
