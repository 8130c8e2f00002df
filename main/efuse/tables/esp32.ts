// RD_DIS bit 3 hides four fields of BLOCK0.
//
// The first controller: BLOCK0 is single bits without copies, BLOCK1 to BLOCK3 carry what CODING_SCHEME says (none on all silicon that can
// do Secure Boot V2), and one program command burns whatever is staged for any block (FACTS 2.10).

import type { EfuseBlock } from '../types.ts';
import { fields } from './fields/esp32.ts';
import { tableOf } from './silicon.ts';

const blocks: readonly EfuseBlock[] = [
  block(0, 0x000, 0x01c, 7, null, []),
  block(1, 0x038, 0x098, 8, 7, [0]),
  block(2, 0x058, 0x0b8, 8, 8, [1]),
  block(3, 0x078, 0x0d8, 8, 9, [2]),
];

function block(
  number: number,
  readOffset: number,
  writeOffset: number,
  words: number,
  writeDisableBit: number | null,
  readDisableBits: readonly number[],
): EfuseBlock {
  return {
    number,
    name: `BLOCK${number}`,
    readOffset,
    writeOffset,
    words,
    writeDisableBit,
    readDisableBits,
    coding: 'bits',
  };
}

const hiddenByBit3 = ['BLK3_PART_RESERVE', 'FLASH_CRYPT_CONFIG', 'CODING_SCHEME', 'KEY_STATUS'];

/** Clock dividers by crystal (its manual, chapter eFuse Controller, Timing Configuration; FACTS 2.10): SEL0, SEL1, DAC_CLK_DIV. */
const dividers: Readonly<Record<number, readonly [number, number, number]>> = {
  40: [160, 255, 80],
  26: [250, 255, 52],
};
const clk = 0x0f8;
const dacConf = 0x118;

const table = tableOf({
  chip: 'esp32',
  name: 'esp32',
  revisions: { min: 0, max: 301 },
  source: 'esp-idf 102122904ad components/efuse/esp32/esp_efuse_table.csv',
  base: 0x3ff5a000,
  purposes: ['FLASH_ENCRYPTION', 'SECURE_BOOT_DIGEST0'],
  forbidden: { FLASH_ENCRYPTION: [1], SECURE_BOOT_DIGEST0: [0] },
  blocks,
  keyBlocks: [
    { block: 1, purposeField: null },
    { block: 2, purposeField: null },
  ],
  // Before ABS_DONE_1 the bits of BLOCK2 may be the secret key of the first Secure Boot.
  layout: { SECURE_BOOT_DIGEST0: { publicWhen: [{ field: 'ABS_DONE_1', value: 1 }] } },
  // Words are staged in the blocks' own registers. DEC_STATUS, four bits a block, stands where others have their Reed-Solomon errors.
  registers: {
    pgmData0: 0x01c,
    checkValue0: 0x01c,
    repeatErrors: [],
    rsErr0: 0x11c,
    rsErr1: null,
    clk,
    conf: 0x0fc,
    status: 0x11c,
    cmd: 0x104,
    dacConf,
    date: 0x1fc,
  },
  crystalMHz: [40, 26],
  times: (crystalMHz) => {
    const [sel0, sel1, dac] = dividers[crystalMHz]!;
    return [
      { offset: dacConf, mask: 0xff, value: dac },
      { offset: clk, mask: 0xffff, value: (sel1 << 8) | sel0 },
    ];
  },
  fields,
  revisionFields: 'chip-version',
});

export const esp32: typeof table = {
  ...table,
  fields: table.fields.map((field) => (hiddenByBit3.includes(field.name) ? { ...field, readDisableBits: [3] } : field)),
};
