// Fields generated from ESP-IDF components/efuse/esp32c2/esp_efuse_table.csv (master 102122904ad, July 2026).
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. Meanings: meanings.ts.
//
// The one key block holds either a flash key of 256 bits (XTS_KEY_LENGTH_256 tells the hardware so), or in its low half a flash key of 128
// bits, which the hardware extends by SHA-256, and in its high half the first 128 bits of the Secure Boot digest (FACTS 2.9).

import type { TimingWrite } from '../types.ts';
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
  revisions: { min: 0, max: 999 },
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
  fields: `
WR_DIS                       0.0+8     /-
RD_DIS                       0.32+2    /0
WDT_DELAY_SEL                0.34+2    /1
DIS_PAD_JTAG                 0.36+1    /1
DIS_DOWNLOAD_ICACHE          0.37+1    /1
DIS_DOWNLOAD_MANUAL_ENCRYPT  0.38+1    /2
SPI_BOOT_CRYPT_CNT           0.39+3    /2
XTS_KEY_LENGTH_256           0.42+1    /2
UART_PRINT_CONTROL           0.43+2    /3
FORCE_SEND_RESUME            0.45+1    /3
DIS_DOWNLOAD_MODE            0.46+1    /3
DIS_DIRECT_BOOT              0.47+1    /3
ENABLE_SECURITY_DOWNLOAD     0.48+1    /3
FLASH_TPUW                   0.49+4    /3
SECURE_BOOT_EN               0.53+1    /2
SECURE_VERSION               0.54+4    /4
CUSTOM_MAC_USED              0.58+1    /4 ENABLE_CUSTOM_MAC
DISABLE_WAFER_VERSION_MAJOR  0.59+1    /4
DISABLE_BLK_VERSION_MAJOR    0.60+1    /4
USER_DATA                    1.0+88    /5 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM         1.0+48    /5 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
MAC                          2.40+8 2.32+8 2.24+8 2.16+8 2.8+8 2.0+8 /6 MAC_FACTORY
WAFER_VERSION_MINOR          2.48+4    /6
WAFER_VERSION_MAJOR          2.52+2    /6
PKG_VERSION                  2.54+3    /6
BLK_VERSION_MINOR            2.57+3    /6
BLK_VERSION_MAJOR            2.60+2    /6
OCODE                        2.62+7    /6
TEMP_CALIB                   2.69+9    /6
ADC1_INIT_CODE_ATTEN0        2.78+8    /6
ADC1_INIT_CODE_ATTEN3        2.86+5    /6
ADC1_CAL_VOL_ATTEN0          2.91+8    /6
ADC1_CAL_VOL_ATTEN3          2.99+6    /6
DIG_DBIAS_HVT                2.105+5   /6
DIG_LDO_SLP_DBIAS2           2.110+7   /6
DIG_LDO_SLP_DBIAS26          2.117+8   /6
DIG_LDO_ACT_DBIAS26          2.125+6   /6
DIG_LDO_ACT_STEPD10          2.131+4   /6
RTC_LDO_SLP_DBIAS13          2.135+7   /6
RTC_LDO_SLP_DBIAS29          2.142+9   /6
RTC_LDO_SLP_DBIAS31          2.151+6   /6
RTC_LDO_ACT_DBIAS31          2.157+6   /6
RTC_LDO_ACT_DBIAS13          2.163+8   /6
ADC_CALIBRATION_3            2.192+11  /6
FLASH_VENDOR                 2.248+3   /6
FLASH_TEMP                   2.251+2   /6
FLASH_CAP                    2.253+3   /6
KEY0                         3.0+256   /7 BLOCK_KEY0
KEY0.FE_256BIT               3.0+256   /7
KEY0.FE_128BIT               3.0+128   /7 BLOCK_KEY0_LOW_128
KEY0.SB_128BIT               3.128+128 /7 BLOCK_KEY0_HI_128
`,
});
