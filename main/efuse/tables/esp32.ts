// Fields generated from ESP-IDF components/efuse/esp32/esp_efuse_table.csv (master 102122904ad, July 2026).
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. Meanings: meanings.ts.
// FLASH_CRYPT_CNT, ABS_DONE_1 and UART_DOWNLOAD_DIS are also known by the names that later chips gave to the same office.
//
// RD_DIS bit 3 hides four fields of BLOCK0.
//
// The first controller: BLOCK0 is single bits without copies, BLOCK1 to BLOCK3 carry what CODING_SCHEME says (none on all silicon that can
// do Secure Boot V2), and one program command burns whatever is staged for any block (FACTS 2.10).

import type { EfuseBlock } from '../types.ts';
import { tableOf } from './silicon.ts';

const fields = `
WR_DIS                  0.0+16   /1
RD_DIS                  0.16+4   /0
FLASH_CRYPT_CNT         0.20+7   /2  SPI_BOOT_CRYPT_CNT
UART_DOWNLOAD_DIS       0.27+1   /2  DIS_DOWNLOAD_MODE
MAC                     0.72+8 0.64+8 0.56+8 0.48+8 0.40+8 0.32+8 /3 MAC_FACTORY
MAC_CRC                 0.80+8   /3  MAC_FACTORY_CRC
DISABLE_APP_CPU         0.96+1   /3  CHIP_VER_DIS_APP_CPU
DISABLE_BT              0.97+1   /3  CHIP_VER_DIS_BT
CHIP_PACKAGE_4BIT       0.98+1   /-  CHIP_VER_PKG_4BIT
DIS_CACHE               0.99+1   /3  CHIP_VER_DIS_CACHE
SPI_PAD_CONFIG_HD       0.100+5  /-
CHIP_PACKAGE            0.105+3  /-  CHIP_VER_PKG
CHIP_CPU_FREQ_LOW       0.108+1  /-
CHIP_CPU_FREQ_RATED     0.109+1  /-
BLK3_PART_RESERVE       0.110+1  /10
CHIP_VER_REV1           0.111+1  /-
CLK8M_FREQ              0.128+8  /4  CK8M_FREQ
ADC_VREF                0.136+5  /4
XPD_SDIO_REG            0.142+1  /5
XPD_SDIO_TIEH           0.143+1  /5  SDIO_TIEH
XPD_SDIO_FORCE          0.144+1  /5  SDIO_FORCE
SPI_PAD_CONFIG_CLK      0.160+5  /6
SPI_PAD_CONFIG_Q        0.165+5  /6
SPI_PAD_CONFIG_D        0.170+5  /6
SPI_PAD_CONFIG_CS0      0.175+5  /6
CHIP_VER_REV2           0.180+1  /-
VOL_LEVEL_HP_INV        0.182+2  /3
WAFER_VERSION_MINOR     0.184+2  /-
FLASH_CRYPT_CONFIG      0.188+4  /10 ENCRYPT_CONFIG
CODING_SCHEME           0.192+2  /10
CONSOLE_DEBUG_DISABLE   0.194+1  /15
DISABLE_SDIO_HOST       0.195+1  /-
ABS_DONE_0              0.196+1  /12
ABS_DONE_1              0.197+1  /13 SECURE_BOOT_EN
JTAG_DISABLE            0.198+1  /14 DISABLE_JTAG
DISABLE_DL_ENCRYPT      0.199+1  /15
DISABLE_DL_DECRYPT      0.200+1  /15
DISABLE_DL_CACHE        0.201+1  /15
KEY_STATUS              0.202+1  /10
BLOCK1                  1.0+256  /7  ENCRYPT_FLASH_KEY
BLOCK2                  2.0+256  /8  SECURE_BOOT_KEY
CUSTOM_MAC_CRC          3.0+8    /9  MAC_CUSTOM_CRC
MAC_CUSTOM              3.8+48   /9  CUSTOM_MAC
ADC1_TP_LOW             3.96+7   /9
ADC1_TP_HIGH            3.103+9  /9
ADC2_TP_LOW             3.112+7  /9
ADC2_TP_HIGH            3.119+9  /9
SECURE_VERSION          3.128+32 /9
MAC_VERSION             3.184+8  /9  MAC_CUSTOM_VER
`;

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
  revisions: { min: 0, max: 399 },
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
});

export const esp32: typeof table = {
  ...table,
  fields: table.fields.map((field) => (hiddenByBit3.includes(field.name) ? { ...field, readDisableBits: [3] } : field)),
};
