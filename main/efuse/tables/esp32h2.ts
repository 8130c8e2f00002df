import { fields as fieldsBefore12 } from './fields/esp32h2-v0.ts';
import { fields as fieldsFrom12 } from './fields/esp32h2-v1.2.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

const shared = {
  chip: 'esp32h2',
  base: 0x600b0800,
  purposes: [...basicPurposes, ...hmacPurposes, 'ECDSA_KEY'],
  // BLOCK9 cannot hold flash and ECDSA keys (SOC_EFUSE_BLOCK9_KEY_PURPOSE_QUIRK).
  forbidden: { XTS_AES_128_KEY: [5], ECDSA_KEY: [5] },
  crystalMHz: [32],
  times: 'common',
} as const;

/** Before v1.2: the three fields of v1.2 are reserved bits, and one is gone after it. */
export const esp32h2v0 = tableOf({
  ...shared,
  name: 'esp32h2-v0',
  revisions: { min: 0, max: 101 },
  source: 'esp-idf 102122904ad components/efuse/esp32h2/esp_efuse_table_v0.0_v1.1.csv',
  fields: fieldsBefore12,
});

export const esp32h2v12 = tableOf({
  ...shared,
  name: 'esp32h2-v1.2',
  revisions: { min: 102, max: 102 },
  source: 'esp-idf 102122904ad components/efuse/esp32h2/esp_efuse_table.csv',
  fields: fieldsFrom12,
});
