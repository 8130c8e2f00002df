// Generated from test/vectors/efuse/esp32h2.csv and test/vectors/efuse/esp32h2_v0.0_v1.1.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                             0.0+32         /-
RD_DIS                             0.32+7         /0
DIS_ICACHE                         0.40+1         /2
DIS_USB_JTAG                       0.41+1         /2
POWERGLITCH_EN                     0.42+1         /2
DIS_FORCE_DOWNLOAD                 0.44+1         /2
SPI_DOWNLOAD_MSPI_DIS              0.45+1         /2
DIS_TWAI                           0.46+1         /2  DIS_CAN
JTAG_SEL_ENABLE                    0.47+1         /2
SOFT_DIS_JTAG                      0.48+3         /31
DIS_PAD_JTAG                       0.51+1         /2
DIS_DOWNLOAD_MANUAL_ENCRYPT        0.52+1         /2
USB_EXCHG_PINS                     0.57+1         /30
VDD_SPI_AS_GPIO                    0.58+1         /30
WDT_DELAY_SEL                      0.80+2         /3
SPI_BOOT_CRYPT_CNT                 0.82+3         /4
SECURE_BOOT_KEY_REVOKE0            0.85+1         /5
SECURE_BOOT_KEY_REVOKE1            0.86+1         /6
SECURE_BOOT_KEY_REVOKE2            0.87+1         /7
KEY_PURPOSE_0                      0.88+4         /8  KEY0_PURPOSE
KEY_PURPOSE_1                      0.92+4         /9  KEY1_PURPOSE
KEY_PURPOSE_2                      0.96+4         /10 KEY2_PURPOSE
KEY_PURPOSE_3                      0.100+4        /11 KEY3_PURPOSE
KEY_PURPOSE_4                      0.104+4        /12 KEY4_PURPOSE
KEY_PURPOSE_5                      0.108+4        /13 KEY5_PURPOSE
SEC_DPA_LEVEL                      0.112+2        /14
ECDSA_FORCE_USE_HARDWARE_K         0.114+1        /17
CRYPT_DPA_ENABLE                   0.115+1        /14
SECURE_BOOT_EN                     0.116+1        /15
SECURE_BOOT_AGGRESSIVE_REVOKE      0.117+1        /16
POWERGLITCH_EN1                    0.118+5        /2
FLASH_TPUW                         0.124+4        /18
DIS_DOWNLOAD_MODE                  0.128+1        /18
DIS_DIRECT_BOOT                    0.129+1        /18
DIS_USB_SERIAL_JTAG_ROM_PRINT      0.130+1        /18 DIS_USB_PRINT
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE  0.132+1        /18
ENABLE_SECURITY_DOWNLOAD           0.133+1        /18
UART_PRINT_CONTROL                 0.134+2        /18
FORCE_SEND_RESUME                  0.136+1        /18
SECURE_VERSION                     0.137+16       /18
SECURE_BOOT_DISABLE_FAST_WAKE      0.153+1        /18
HYS_EN_PAD0                        0.154+6        /19
HYS_EN_PAD1                        0.160+22       /19
MAC                                1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
MAC_EXT                            1.56+8 1.48+8  /20
RXIQ_VERSION                       1.64+3         /20
RXIQ_0                             1.67+7         /20
RXIQ_1                             1.74+7         /20
ACTIVE_HP_DBIAS                    1.81+5         /20
ACTIVE_LP_DBIAS                    1.86+5         /20
DSLP_DBIAS                         1.91+4         /20
DBIAS_VOL_GAP                      1.95+5         /20
LSLP_HP_DBIAS                      1.100+3        /20
WAFER_VERSION_MINOR                1.114+3        /20
WAFER_VERSION_MAJOR                1.117+2        /20
DISABLE_WAFER_VERSION_MAJOR        1.119+1        /20
FLASH_CAP                          1.120+3        /20
FLASH_TEMP                         1.123+2        /20
FLASH_VENDOR                       1.125+3        /20
PKG_VERSION                        1.128+3        /20
OPTIONAL_UNIQUE_ID                 2.0+128        /21
BLK_VERSION_MINOR                  2.130+3        /21
BLK_VERSION_MAJOR                  2.133+2        /21
DISABLE_BLK_VERSION_MAJOR          2.135+1        /21
TEMP_CALIB                         2.136+9        /21
ADC1_AVE_INITCODE_ATTEN0           2.145+10       /21
ADC1_AVE_INITCODE_ATTEN1           2.155+10       /21
ADC1_AVE_INITCODE_ATTEN2           2.165+10       /21
ADC1_AVE_INITCODE_ATTEN3           2.175+10       /21
ADC1_HI_DOUT_ATTEN0                2.185+10       /21
ADC1_HI_DOUT_ATTEN1                2.195+10       /21
ADC1_HI_DOUT_ATTEN2                2.205+10       /21
ADC1_HI_DOUT_ATTEN3                2.215+10       /21
ADC1_CH0_ATTEN0_INITCODE_DIFF      2.225+4        /21
ADC1_CH1_ATTEN0_INITCODE_DIFF      2.229+4        /21
ADC1_CH2_ATTEN0_INITCODE_DIFF      2.233+4        /21
ADC1_CH3_ATTEN0_INITCODE_DIFF      2.237+4        /21
ADC1_CH4_ATTEN0_INITCODE_DIFF      2.241+4        /21
USER_DATA                          3.0+256        /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM               3.200+48       /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                               4.0+256        /23 BLOCK_KEY0
KEY1                               5.0+256        /24 BLOCK_KEY1
KEY2                               6.0+256        /25 BLOCK_KEY2
KEY3                               7.0+256        /26 BLOCK_KEY3
KEY4                               8.0+256        /27 BLOCK_KEY4
KEY5                               9.0+256        /28 BLOCK_KEY5
SYS_DATA_PART2                     10.0+256       /29 BLOCK_SYS_DATA2
`;
