import { fields } from './fields/esp32c61.ts';
import { basicPurposes, tableOf } from './silicon.ts';

export const esp32c61 = tableOf({
  chip: 'esp32c61',
  name: 'esp32c61',
  revisions: { min: 0, max: 101 },
  source: 'esp-idf 102122904ad components/efuse/esp32c61/esp_efuse_table.csv',
  base: 0x600b4800,
  purposes: [...basicPurposes, 'ECDSA_KEY'],
  // espefuse 5.6.0; earlier versions read the error words at the places of ESP32-C6.
  registers: { rsErr0: 0x190, rsErr1: 0x194, date: 0x198 },
  crystalMHz: [40],
  times: 'common',
  fields,
});
