// Generated from test/vectors/efuse/esp32c3.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                             0.0+32    /-
RD_DIS                             0.32+7    /0
DIS_ICACHE                         0.40+1    /2
DIS_USB_JTAG                       0.41+1    /2
DIS_DOWNLOAD_ICACHE                0.42+1    /2
DIS_USB_SERIAL_JTAG                0.43+1    /2  DIS_USB_DEVICE
DIS_FORCE_DOWNLOAD                 0.44+1    /2
DIS_TWAI                           0.46+1    /2  DIS_CAN
JTAG_SEL_ENABLE                    0.47+1    /2
SOFT_DIS_JTAG                      0.48+3    /31
DIS_PAD_JTAG                       0.51+1    /2
DIS_DOWNLOAD_MANUAL_ENCRYPT        0.52+1    /2
USB_EXCHG_PINS                     0.57+1    /30
VDD_SPI_AS_GPIO                    0.58+1    /30
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
SECURE_BOOT_EN                     0.116+1   /15
SECURE_BOOT_AGGRESSIVE_REVOKE      0.117+1   /16
FLASH_TPUW                         0.124+4   /18
DIS_DOWNLOAD_MODE                  0.128+1   /18
DIS_DIRECT_BOOT                    0.129+1   /18 DIS_LEGACY_SPI_BOOT
DIS_USB_SERIAL_JTAG_ROM_PRINT      0.130+1   /18 UART_PRINT_CHANNEL
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE  0.132+1   /18 DIS_USB_DOWNLOAD_MODE
ENABLE_SECURITY_DOWNLOAD           0.133+1   /18
UART_PRINT_CONTROL                 0.134+2   /18
FORCE_SEND_RESUME                  0.141+1   /18
SECURE_VERSION                     0.142+16  /18
ERR_RST_ENABLE                     0.159+1   /19
DISABLE_WAFER_VERSION_MAJOR        0.160+1   /19
DISABLE_BLK_VERSION_MAJOR          0.161+1   /19
MAC                                1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
SPI_PAD_CONFIG_CLK                 1.48+6    /20
SPI_PAD_CONFIG_Q                   1.54+6    /20
SPI_PAD_CONFIG_D                   1.60+6    /20
SPI_PAD_CONFIG_CS                  1.66+6    /20
SPI_PAD_CONFIG_HD                  1.72+6    /20
SPI_PAD_CONFIG_WP                  1.78+6    /20
SPI_PAD_CONFIG_DQS                 1.84+6    /20
SPI_PAD_CONFIG_D4                  1.90+6    /20
SPI_PAD_CONFIG_D5                  1.96+6    /20
SPI_PAD_CONFIG_D6                  1.102+6   /20
SPI_PAD_CONFIG_D7                  1.108+6   /20
WAFER_VERSION_MINOR_LO             1.114+3   /20
PKG_VERSION                        1.117+3   /20
BLK_VERSION_MINOR                  1.120+3   /20
FLASH_CAP                          1.123+3   /20
FLASH_TEMP                         1.126+2   /20
FLASH_VENDOR                       1.128+3   /20
K_RTC_LDO                          1.135+7   /20
K_DIG_LDO                          1.142+7   /20
V_RTC_DBIAS20                      1.149+8   /20
V_DIG_DBIAS20                      1.157+8   /20
DIG_DBIAS_HVT                      1.165+5   /20
THRES_HVT                          1.170+10  /20
WAFER_VERSION_MINOR_HI             1.183+1   /20
WAFER_VERSION_MAJOR                1.184+2   /20
OPTIONAL_UNIQUE_ID                 2.0+128   /21
BLK_VERSION_MAJOR                  2.128+2   /21
TEMP_CALIB                         2.131+9   /21
OCODE                              2.140+8   /21
ADC1_INIT_CODE_ATTEN0              2.148+10  /21
ADC1_INIT_CODE_ATTEN1              2.158+10  /21
ADC1_INIT_CODE_ATTEN2              2.168+10  /21
ADC1_INIT_CODE_ATTEN3              2.178+10  /21
ADC1_CAL_VOL_ATTEN0                2.188+10  /21
ADC1_CAL_VOL_ATTEN1                2.198+10  /21
ADC1_CAL_VOL_ATTEN2                2.208+10  /21
ADC1_CAL_VOL_ATTEN3                2.218+10  /21
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
