import { fields } from './fields/esp32c5.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32c5 = tableOf({
  chip: 'esp32c5',
  name: 'esp32c5',
  revisions: { min: 0, max: 102 },
  source: 'esp-idf 102122904ad components/efuse/esp32c5/esp_efuse_table.csv',
  base: 0x600b4800,
  purposes: [
    ...basicPurposes,
    ...hmacPurposes,
    'ECDSA_KEY',
    'KM_INIT_KEY',
    'XTS_AES_128_PSRAM_KEY',
    'ECDSA_KEY_P192',
    'ECDSA_KEY_P384_L',
    'ECDSA_KEY_P384_H',
  ],
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
  crystalMHz: [40, 48],
  times: 'common',
  fields,
});
