import { fields } from './fields/esp32c6.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32c6 = tableOf({
  chip: 'esp32c6',
  name: 'esp32c6',
  revisions: { min: 0, max: 2 },
  source: 'esp-idf 102122904ad components/efuse/esp32c6/esp_efuse_table.csv',
  base: 0x600b0800,
  purposes: [...basicPurposes, ...hmacPurposes],
  // BLOCK9 cannot hold flash keys (SOC_EFUSE_BLOCK9_KEY_PURPOSE_QUIRK; espefuse does not stop it, ESP-IDF does).
  forbidden: { XTS_AES_128_KEY: [5] },
  crystalMHz: [40],
  times: 'common',
  fields,
});
