// ESP32-P4 from v3.0.

import { fields } from './fields/esp32p4-v3.ts';
import { basicPurposes, hmacPurposes, p4Purposes, tableOf } from './silicon.ts';

export const esp32p4v3 = tableOf({
  chip: 'esp32p4',
  name: 'esp32p4-v3',
  revisions: { min: 300, max: 302 },
  source: 'esp-idf 102122904ad components/efuse/esp32p4/esp_efuse_table_v3.0.csv',
  base: 0x5012d000,
  purposes: [...basicPurposes, ...hmacPurposes, ...p4Purposes],
  crystalMHz: [40],
  times: [],
  fields,
});
