// Generated from test/vectors/efuse/esp32.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                 0.0+16    /1
RD_DIS                 0.16+4    /0
FLASH_CRYPT_CNT        0.20+7    /2  SPI_BOOT_CRYPT_CNT
UART_DOWNLOAD_DIS      0.27+1    /2  DIS_DOWNLOAD_MODE
MAC                    0.72+8 0.64+8 0.56+8 0.48+8 0.40+8 0.32+8 /3  MAC_FACTORY
MAC_CRC                0.80+8    /3  MAC_FACTORY_CRC
DISABLE_APP_CPU        0.96+1    /3  CHIP_VER_DIS_APP_CPU
DISABLE_BT             0.97+1    /3  CHIP_VER_DIS_BT
CHIP_PACKAGE_4BIT      0.98+1    /-  CHIP_VER_PKG_4BIT
DIS_CACHE              0.99+1    /3  CHIP_VER_DIS_CACHE
SPI_PAD_CONFIG_HD      0.100+5   /-
CHIP_PACKAGE           0.105+3   /-  CHIP_VER_PKG
CHIP_CPU_FREQ_LOW      0.108+1   /-
CHIP_CPU_FREQ_RATED    0.109+1   /-
BLK3_PART_RESERVE      0.110+1   /10
CHIP_VER_REV1          0.111+1   /-
CLK8M_FREQ             0.128+8   /4  CK8M_FREQ
ADC_VREF               0.136+5   /4
XPD_SDIO_REG           0.142+1   /5
XPD_SDIO_TIEH          0.143+1   /5  SDIO_TIEH
XPD_SDIO_FORCE         0.144+1   /5  SDIO_FORCE
SPI_PAD_CONFIG_CLK     0.160+5   /6
SPI_PAD_CONFIG_Q       0.165+5   /6
SPI_PAD_CONFIG_D       0.170+5   /6
SPI_PAD_CONFIG_CS0     0.175+5   /6
CHIP_VER_REV2          0.180+1   /-
VOL_LEVEL_HP_INV       0.182+2   /3
WAFER_VERSION_MINOR    0.184+2   /-
FLASH_CRYPT_CONFIG     0.188+4   /10 ENCRYPT_CONFIG
CODING_SCHEME          0.192+2   /10
CONSOLE_DEBUG_DISABLE  0.194+1   /15
DISABLE_SDIO_HOST      0.195+1   /-
ABS_DONE_0             0.196+1   /12
ABS_DONE_1             0.197+1   /13 SECURE_BOOT_EN
JTAG_DISABLE           0.198+1   /14 DISABLE_JTAG
DISABLE_DL_ENCRYPT     0.199+1   /15
DISABLE_DL_DECRYPT     0.200+1   /15
DISABLE_DL_CACHE       0.201+1   /15
KEY_STATUS             0.202+1   /10
BLOCK1                 1.0+256   /7  ENCRYPT_FLASH_KEY
BLOCK2                 2.0+256   /8  SECURE_BOOT_KEY
CUSTOM_MAC_CRC         3.0+8     /9  MAC_CUSTOM_CRC
MAC_CUSTOM             3.8+48    /9  CUSTOM_MAC
ADC1_TP_LOW            3.96+7    /9
ADC1_TP_HIGH           3.103+9   /9
ADC2_TP_LOW            3.112+7   /9
ADC2_TP_HIGH           3.119+9   /9
SECURE_VERSION         3.128+32  /9
MAC_VERSION            3.184+8   /9  MAC_CUSTOM_VER
`;
