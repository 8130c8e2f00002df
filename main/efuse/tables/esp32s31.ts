// BLOCK0 has nine words and there are five key blocks. A nine-word BLOCK0 is staged in PGM_DATA0 to 7 and CHECK_VALUE0 behind them
// (esp-idf components/efuse/esp32s31/esp_efuse_utility.c copies nine words to PGM_DATA0; espefuse efuse/esp32s31/fields.py writes them so).
//
// Where the sources differ: the error nibble of BLOCK_SYS_DATA2 is the ninth here as in soc/esp32s31/register/soc/efuse_reg.h and
// efuse_hal.c; espefuse 5.6.0 looks at the tenth. The station never burns that block.

import type { EfuseBlock, KeyBlock } from '../types.ts';
import { fields } from './fields/esp32s31.ts';
import { basicPurposes, block, hmacPurposes, p4Purposes, tableOf } from './silicon.ts';

const slots = [0, 1, 2, 3, 4];

const blocks: readonly EfuseBlock[] = [
  block(0, 'BLOCK0', 0x02c, 9, null),
  block(1, 'MAC_SPI_8M_0', 0x050, 6, 20),
  block(2, 'BLOCK_SYS_DATA', 0x068, 8, 21),
  block(3, 'BLOCK_USR_DATA', 0x088, 8, 22),
  ...slots.map((slot) => block(4 + slot, `BLOCK_KEY${slot}`, 0x0a8 + 0x20 * slot, 8, 23 + slot, [slot])),
  // The bit of RD_DIS as espefuse has it; ESP-IDF's table names none for this block.
  block(9, 'BLOCK_SYS_DATA2', 0x148, 8, 28, [5]),
];

const keyBlocks: readonly KeyBlock[] = slots.map((slot) => ({ block: 4 + slot, purposeField: `KEY_PURPOSE_${slot}` }));

export const esp32s31 = tableOf({
  chip: 'esp32s31',
  name: 'esp32s31',
  // The one revision that ESP-IDF names (Kconfig.hw_support).
  revisions: { min: 0, max: 0 },
  source: 'esp-idf 102122904ad components/efuse/esp32s31/esp_efuse_table.csv',
  base: 0x20715000,
  registers: {
    repeatErrors: [0x168, 0x16c, 0x170, 0x174, 0x178, 0x17c, 0x180, 0x184],
    rsErr0: 0x188,
    rsErr1: 0x18c,
    status: 0x1d4,
    cmd: 0x1d8,
    dacConf: 0x1ec,
    wrTimConf1: 0x1f4,
    wrTimConf2: 0x1f8,
    date: 0x190,
  },
  blocks,
  keyBlocks,
  purposes: [...basicPurposes, ...hmacPurposes, ...p4Purposes],
  crystalMHz: [40],
  // efuse_hal_set_timing keeps the reset values.
  times: [],
  fields,
});
