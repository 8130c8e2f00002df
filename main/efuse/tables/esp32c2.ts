// The one key block holds either a flash key of 256 bits (XTS_KEY_LENGTH_256 tells the hardware so), or in its low half a flash key of 128
// bits, which the hardware extends by SHA-256, and in its high half the first 128 bits of the Secure Boot digest (FACTS 2.9).

import type { TimingWrite } from '../types.ts';
import { fields } from './fields/esp32c2.ts';
import { block, tableOf } from './silicon.ts';

const key = { whole: { bit: 0, length: 256 }, low: { bit: 0, length: 128 }, high: { bit: 128, length: 128 } };

/** DAC_NUM 0xFF, DAC_CLK_DIV 0x28, PWR_ON_NUM 0x3000, PWR_OFF_NUM 0x190, and TPGM_INACTIVE by the crystal (FACTS 2.2). */
function times(crystalMHz: number): readonly TimingWrite[] {
  return [
    { offset: 0x108, mask: 0x1feff, value: (0xff << 9) | 0x28 },
    { offset: 0x114, mask: 0xffff00, value: 0x3000 << 8 },
    { offset: 0x118, mask: 0xffff, value: 0x190 },
    { offset: 0x110, mask: 0xff00, value: (crystalMHz === 40 ? 200 : 130) << 8 },
  ];
}

export const esp32c2 = tableOf({
  chip: 'esp32c2',
  name: 'esp32c2',
  revisions: { min: 0, max: 200 },
  source: 'esp-idf 102122904ad components/efuse/esp32c2/esp_efuse_table.csv',
  base: 0x60008800,
  registers: {
    repeatErrors: [0x080],
    rsErr0: 0x084,
    rsErr1: null,
    clk: 0x088,
    conf: 0x08c,
    status: 0x090,
    cmd: 0x094,
    dacConf: 0x108,
    wrTimConf1: 0x114,
    wrTimConf2: 0x118,
  },
  blocks: [
    block(0, 'BLOCK0', 0x02c, 2, null),
    block(1, 'BLOCK_USR_DATA', 0x034, 3, 5),
    block(2, 'BLOCK_SYS_DATA', 0x040, 8, 6),
    block(3, 'BLOCK_KEY0', 0x060, 8, 7, [0, 1]),
  ],
  keyBlocks: [{ block: 3, purposeField: null }],
  purposes: ['XTS_AES_128_KEY', 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS', 'SECURE_BOOT_DIGEST0'],
  layout: {
    XTS_AES_128_KEY: { part: key.whole, marks: [{ field: 'XTS_KEY_LENGTH_256', value: 1 }] },
    XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS: { part: key.low },
    SECURE_BOOT_DIGEST0: {
      part: key.high,
      // Before that the upper half of a flash key may stand there.
      publicWhen: [
        { field: 'SECURE_BOOT_EN', value: 1 },
        { field: 'XTS_KEY_LENGTH_256', value: 0 },
      ],
    },
  },
  crystalMHz: [40, 26],
  times,
  fields,
});
