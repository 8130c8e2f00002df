// Generated from test/vectors/efuse/esp32s2.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                         0.0+32    /-
RD_DIS                         0.32+7    /0
DIS_ICACHE                     0.40+1    /2
DIS_DCACHE                     0.41+1    /2
DIS_DOWNLOAD_ICACHE            0.42+1    /2
DIS_DOWNLOAD_DCACHE            0.43+1    /2
DIS_FORCE_DOWNLOAD             0.44+1    /2
DIS_USB                        0.45+1    /2  DIS_USB_OTG
DIS_TWAI                       0.46+1    /2  DIS_CAN
DIS_BOOT_REMAP                 0.47+1    /2
SOFT_DIS_JTAG                  0.49+1    /2
HARD_DIS_JTAG                  0.50+1    /2  DIS_PAD_JTAG
DIS_DOWNLOAD_MANUAL_ENCRYPT    0.51+1    /2
USB_EXCHG_PINS                 0.56+1    /30
USB_EXT_PHY_ENABLE             0.57+1    /30 EXT_PHY_ENABLE
USB_FORCE_NOPERSIST            0.58+1    /30
BLOCK0_VERSION                 0.59+2    /30
VDD_SPI_XPD                    0.68+1    /3
VDD_SPI_TIEH                   0.69+1    /3
VDD_SPI_FORCE                  0.70+1    /3
WDT_DELAY_SEL                  0.80+2    /3
SPI_BOOT_CRYPT_CNT             0.82+3    /4
SECURE_BOOT_KEY_REVOKE0        0.85+1    /5
SECURE_BOOT_KEY_REVOKE1        0.86+1    /6
SECURE_BOOT_KEY_REVOKE2        0.87+1    /7
KEY_PURPOSE_0                  0.88+4    /8  KEY0_PURPOSE
KEY_PURPOSE_1                  0.92+4    /9  KEY1_PURPOSE
KEY_PURPOSE_2                  0.96+4    /10 KEY2_PURPOSE
KEY_PURPOSE_3                  0.100+4   /11 KEY3_PURPOSE
KEY_PURPOSE_4                  0.104+4   /12 KEY4_PURPOSE
KEY_PURPOSE_5                  0.108+4   /13 KEY5_PURPOSE
SECURE_BOOT_EN                 0.116+1   /15
SECURE_BOOT_AGGRESSIVE_REVOKE  0.117+1   /16
FLASH_TPUW                     0.124+4   /18
DIS_DOWNLOAD_MODE              0.128+1   /18
DIS_LEGACY_SPI_BOOT            0.129+1   /18 DIS_DIRECT_BOOT
UART_PRINT_CHANNEL             0.130+1   /18
DIS_USB_DOWNLOAD_MODE          0.132+1   /18
ENABLE_SECURITY_DOWNLOAD       0.133+1   /18
UART_PRINT_CONTROL             0.134+2   /18
PIN_POWER_SELECTION            0.136+1   /18
FLASH_TYPE                     0.137+1   /18
FORCE_SEND_RESUME              0.138+1   /18
SECURE_VERSION                 0.139+16  /18
DISABLE_WAFER_VERSION_MAJOR    0.160+1   /-
DISABLE_BLK_VERSION_MAJOR      0.161+1   /-
MAC                            1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
SPI_PAD_CONFIG_CLK             1.48+6    /20
SPI_PAD_CONFIG_Q               1.54+6    /20
SPI_PAD_CONFIG_D               1.60+6    /20
SPI_PAD_CONFIG_CS              1.66+6    /20
SPI_PAD_CONFIG_HD              1.72+6    /20
SPI_PAD_CONFIG_WP              1.78+6    /20
SPI_PAD_CONFIG_DQS             1.84+6    /20
SPI_PAD_CONFIG_D4              1.90+6    /20
SPI_PAD_CONFIG_D5              1.96+6    /20
SPI_PAD_CONFIG_D6              1.102+6   /20
SPI_PAD_CONFIG_D7              1.108+6   /20
WAFER_VERSION_MAJOR            1.114+2   /20
WAFER_VERSION_MINOR_HI         1.116+1   /20
FLASH_VERSION                  1.117+4   /20
BLK_VERSION_MAJOR              1.121+2   /20
PSRAM_VERSION                  1.124+4   /20
PKG_VERSION                    1.128+4   /20
WAFER_VERSION_MINOR_LO         1.132+3   /20
OPTIONAL_UNIQUE_ID             2.0+128   /21
ADC_CALIB                      2.128+4   /21
BLK_VERSION_MINOR              2.132+3   /21
TEMP_CALIB                     2.135+9   /21
RTCCALIB_V1IDX_A10H            2.144+8   /21
RTCCALIB_V1IDX_A11H            2.152+8   /21
RTCCALIB_V1IDX_A12H            2.160+8   /21
RTCCALIB_V1IDX_A13H            2.168+8   /21
RTCCALIB_V1IDX_A20H            2.176+8   /21
RTCCALIB_V1IDX_A21H            2.184+8   /21
RTCCALIB_V1IDX_A22H            2.192+8   /21
RTCCALIB_V1IDX_A23H            2.200+8   /21
RTCCALIB_V1IDX_A10L            2.208+6   /21
RTCCALIB_V1IDX_A11L            2.214+6   /21
RTCCALIB_V1IDX_A12L            2.220+6   /21
RTCCALIB_V1IDX_A13L            2.226+6   /21
RTCCALIB_V1IDX_A20L            2.232+6   /21
RTCCALIB_V1IDX_A21L            2.238+6   /21
RTCCALIB_V1IDX_A22L            2.244+6   /21
RTCCALIB_V1IDX_A23L            2.250+6   /21
USER_DATA                      3.0+256   /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM           3.200+48  /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                           4.0+256   /23 BLOCK_KEY0
KEY1                           5.0+256   /24 BLOCK_KEY1
KEY2                           6.0+256   /25 BLOCK_KEY2
KEY3                           7.0+256   /26 BLOCK_KEY3
KEY4                           8.0+256   /27 BLOCK_KEY4
KEY5                           9.0+256   /28 BLOCK_KEY5
SYS_DATA_PART2                 10.0+256  /29 BLOCK_SYS_DATA2
`;
