// ESP32-P4 before v3.0.

import { fields } from './fields/esp32p4-v1.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32p4v1 = tableOf({
  chip: 'esp32p4',
  name: 'esp32p4-v1',
  revisions: { min: 0, max: 103 },
  source: 'esp-idf 102122904ad components/efuse/esp32p4/esp_efuse_table.csv',
  base: 0x5012d000,
  purposes: [...basicPurposes, ...hmacPurposes, 'XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2', 'ECDSA_KEY', 'KM_INIT_KEY'],
  refusals: {
    ECDSA_KEY: 'the ECDSA peripheral of ESP32-P4 can be used from v3.0 only (esp-idf: ecdsa_ll_is_supported)',
  },
  crystalMHz: [40],
  times: [],
  fields,
});
