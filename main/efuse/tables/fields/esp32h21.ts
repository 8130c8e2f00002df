// Generated from test/vectors/efuse/esp32h21.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                             0.0+32    /-
RD_DIS                             0.32+7    /0
PVT_GLITCH_EN                      0.39+1    /2
DIS_ICACHE                         0.40+1    /2
DIS_USB_JTAG                       0.41+1    /2
POWERGLITCH_EN                     0.42+1    /2
DIS_FORCE_DOWNLOAD                 0.44+1    /2
SPI_DOWNLOAD_MSPI_DIS              0.45+1    /2
DIS_TWAI                           0.46+1    /2
JTAG_SEL_ENABLE                    0.47+1    /2
SOFT_DIS_JTAG                      0.48+3    /31
DIS_PAD_JTAG                       0.51+1    /2
DIS_DOWNLOAD_MANUAL_ENCRYPT        0.52+1    /2
USB_EXCHG_PINS                     0.57+1    /30
VDD_SPI_AS_GPIO                    0.58+1    /30
ECDSA_CURVE_MODE                   0.59+2    /17
ECC_FORCE_CONST_TIME               0.61+1    /17
XTS_DPA_PSEUDO_LEVEL               0.62+2    /14
IO_LDO_ADJUST                      0.64+8    /-
VDD_SPI_LDO_ADJUST                 0.72+8    /-
WDT_DELAY_SEL                      0.80+2    /3
SPI_BOOT_CRYPT_CNT                 0.82+3    /4
SECURE_BOOT_KEY_REVOKE0            0.85+1    /5
SECURE_BOOT_KEY_REVOKE1            0.86+1    /6
SECURE_BOOT_KEY_REVOKE2            0.87+1    /7
KEY_PURPOSE_0                      0.88+4    /8  KEY0_PURPOSE
KEY_PURPOSE_1                      0.92+4    /9  KEY1_PURPOSE
KEY_PURPOSE_2                      0.96+4    /10 KEY2_PURPOSE
KEY_PURPOSE_3                      0.100+4   /11 KEY3_PURPOSE
KEY_PURPOSE_4                      0.104+4   /12 KEY4_PURPOSE
KEY_PURPOSE_5                      0.108+4   /13 KEY5_PURPOSE
SEC_DPA_LEVEL                      0.112+2   /14
IO_LDO_1P8                         0.114+1   /-
CRYPT_DPA_ENABLE                   0.115+1   /14
SECURE_BOOT_EN                     0.116+1   /15
SECURE_BOOT_AGGRESSIVE_REVOKE      0.117+1   /16
POWERGLITCH_EN1                    0.118+5   /2
DCDC_CCM_EN                        0.123+1   /-
FLASH_TPUW                         0.124+4   /18
DIS_DOWNLOAD_MODE                  0.128+1   /18
DIS_DIRECT_BOOT                    0.129+1   /18
DIS_USB_SERIAL_JTAG_ROM_PRINT      0.130+1   /18
FLASH_LDO_EFUSE_SEL                0.131+1   /-
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE  0.132+1   /18
ENABLE_SECURITY_DOWNLOAD           0.133+1   /18
UART_PRINT_CONTROL                 0.134+2   /18
FORCE_SEND_RESUME                  0.136+1   /18
SECURE_VERSION                     0.137+16  /18
SECURE_BOOT_DISABLE_FAST_WAKE      0.153+1   /18
HYS_EN_PAD0                        0.154+6   /19
HYS_EN_PAD1                        0.160+22  /19
FLASH_LDO_POWER_SEL                0.182+1   /-
MAC                                1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
MAC_EXT                            1.48+16   /20
PVT_CELL_SELECT                    1.100+7   /20
BLK_VERSION_MINOR                  1.114+3   /20
BLK_VERSION_MAJOR                  1.117+2   /20
DISABLE_BLK_VERSION_MAJOR          1.119+1   /20
FLASH_CAP                          1.120+3   /20
FLASH_VENDOR                       1.123+3   /20
TEMP                               1.126+2   /20
PVT_LIMIT                          1.133+16  /20
PVT_GLITCH_CHARGE_RESET            1.149+1   /20
PVT_GLITCH_MODE                    1.150+2   /20
PVT_PUMP_LIMIT                     1.152+8   /20
PUMP_DRV                           1.160+4   /20
WAFER_VERSION_MINOR                1.164+4   /20
WAFER_VERSION_MAJOR                1.168+2   /20
DISABLE_WAFER_VERSION_MAJOR        1.170+1   /20
PKG_VERSION                        1.171+3   /20
OPTIONAL_UNIQUE_ID                 2.0+128   /21
USER_DATA                          3.0+256   /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM               3.200+48  /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                               4.0+256   /23 BLOCK_KEY0
KEY1                               5.0+256   /24 BLOCK_KEY1
KEY2                               6.0+256   /25 BLOCK_KEY2
KEY3                               7.0+256   /26 BLOCK_KEY3
KEY4                               8.0+256   /27 BLOCK_KEY4
KEY5                               9.0+256   /28 BLOCK_KEY5
SYS_DATA_PART2                     10.0+256  /29 BLOCK_SYS_DATA2
`;
