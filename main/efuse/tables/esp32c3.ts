import { fields } from './fields/esp32c3.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32c3 = tableOf({
  chip: 'esp32c3',
  name: 'esp32c3',
  revisions: { min: 0, max: 101 },
  source: 'esp-idf 102122904ad components/efuse/esp32c3/esp_efuse_table.csv',
  base: 0x60008800,
  purposes: [...basicPurposes, ...hmacPurposes],
  // BLOCK9 cannot hold flash keys (SOC_EFUSE_BLOCK9_KEY_PURPOSE_QUIRK).
  forbidden: { XTS_AES_128_KEY: [5] },
  rsFailBitShift: 1,
  crystalMHz: [40],
  times: 'common',
  fields,
});
