import { fields } from './fields/esp32s2.ts';
import { basicPurposes, hmacPurposes, tableOf } from './silicon.ts';

export const esp32s2 = tableOf({
  chip: 'esp32s2',
  name: 'esp32s2',
  revisions: { min: 0, max: 100 },
  source: 'esp-idf 102122904ad components/efuse/esp32s2/esp_efuse_table.csv',
  base: 0x3f41a000,
  purposes: [...basicPurposes, ...hmacPurposes, 'XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'],
  // ESP-IDF's register header and espefuse 5.6.0: the last repeat error word stands apart.
  registers: { repeatErrors: [0x17c, 0x180, 0x184, 0x188, 0x190], wrTimConf1: 0x1f4, wrTimConf2: 0x1f8 },
  crystalMHz: [40],
  // Its manual's times for a bus clock of 40 MHz (FACTS 2.2): burning, the burning voltage, reading.
  times: [
    { offset: 0x1f0, mask: 0xffffffff, value: (0x190 << 16) | (2 << 8) | 1 }, // TPGM, TPGM_INACTIVE, THP_A
    { offset: 0x1f4, mask: 0xffffff, value: (0x5100 << 8) | 1 }, // PWR_ON_NUM, TSUP_A
    { offset: 0x1e8, mask: 0xff, value: 0x50 }, // DAC_CLK_DIV
    { offset: 0x1f8, mask: 0xffff, value: 0x80 }, // PWR_OFF_NUM
    { offset: 0x1ec, mask: 0xffffff, value: (1 << 16) | (2 << 8) | 1 }, // TSUR_A, TRD, THR_A
  ],
  fields,
});
