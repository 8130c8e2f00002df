// Generated from test/vectors/efuse/esp32c61.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                                   0.0+32    /-
RD_DIS                                   0.32+7    /0
DIS_ICACHE                               0.39+1    /2
DIS_USB_JTAG                             0.40+1    /2
DIS_FORCE_DOWNLOAD                       0.42+1    /2
SPI_DOWNLOAD_MSPI_DIS                    0.43+1    /2
JTAG_SEL_ENABLE                          0.44+1    /2
DIS_PAD_JTAG                             0.45+1    /2
DIS_DOWNLOAD_MANUAL_ENCRYPT              0.46+1    /2
USB_EXCHG_PINS                           0.51+1    /30
VDD_SPI_AS_GPIO                          0.52+1    /30
WDT_DELAY_SEL                            0.53+2    /3
SPI_BOOT_CRYPT_CNT                       0.55+3    /4
SECURE_BOOT_KEY_REVOKE0                  0.58+1    /5
SECURE_BOOT_KEY_REVOKE1                  0.59+1    /6
SECURE_BOOT_KEY_REVOKE2                  0.60+1    /7
KEY_PURPOSE_0                            0.64+4    /8  KEY0_PURPOSE
KEY_PURPOSE_1                            0.68+4    /9  KEY1_PURPOSE
KEY_PURPOSE_2                            0.72+4    /10 KEY2_PURPOSE
KEY_PURPOSE_3                            0.76+4    /11 KEY3_PURPOSE
KEY_PURPOSE_4                            0.80+4    /12 KEY4_PURPOSE
KEY_PURPOSE_5                            0.84+4    /13 KEY5_PURPOSE
SEC_DPA_LEVEL                            0.88+2    /14
SECURE_BOOT_EN                           0.90+1    /15
SECURE_BOOT_AGGRESSIVE_REVOKE            0.91+1    /16
FLASH_TPUW                               0.92+4    /18
DIS_DOWNLOAD_MODE                        0.96+1    /18
DIS_DIRECT_BOOT                          0.97+1    /18
DIS_USB_SERIAL_JTAG_ROM_PRINT            0.98+1    /18
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE        0.99+1    /18
ENABLE_SECURITY_DOWNLOAD                 0.100+1   /18
UART_PRINT_CONTROL                       0.101+2   /18
FORCE_SEND_RESUME                        0.103+1   /18
SECURE_VERSION                           0.104+16  /18
SECURE_BOOT_DISABLE_FAST_WAKE            0.120+1   /18
HYS_EN_PAD                               0.121+1   /2
XTS_DPA_CLK_ENABLE                       0.122+1   /14
XTS_DPA_PSEUDO_LEVEL                     0.123+2   /14
DIS_WIFI6                                0.125+1   /2
ECDSA_DISABLE_P192                       0.126+1   /14
ECC_FORCE_CONST_TIME                     0.127+1   /14
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION  0.128+4   /-
BOOTLOADER_ANTI_ROLLBACK_EN              0.132+1   /-
BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM   0.133+1   /-
RECOVERY_BOOTLOADER_FLASH_SECTOR         0.134+12  /-
REPEAT_DATA4                             0.160+24  /-
MAC                                      1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
WAFER_VERSION_MINOR                      1.64+4    /20
WAFER_VERSION_MAJOR                      1.68+2    /20
DISABLE_WAFER_VERSION_MAJOR              1.70+1    /20
DISABLE_BLK_VERSION_MAJOR                1.71+1    /20
BLK_VERSION_MINOR                        1.72+3    /20
BLK_VERSION_MAJOR                        1.75+2    /20
FLASH_CAP                                1.77+3    /20
FLASH_VENDOR                             1.80+3    /20
PSRAM_CAP                                1.83+3    /20
PSRAM_VENDOR                             1.86+2    /20
TEMP                                     1.88+2    /20
PKG_VERSION                              1.90+3    /20
ACTIVE_HP_DBIAS                          1.93+4    /20
ACTIVE_LP_DBIAS                          1.97+4    /20
LSLP_HP_DBG                              1.101+2   /20
LSLP_HP_DBIAS                            1.103+4   /20
DSLP_LP_DBG                              1.107+4   /20
DSLP_LP_DBIAS                            1.111+5   /20
LP_HP_DBIAS_VOL_GAP                      1.116+5   /20
OPTIONAL_UNIQUE_ID                       2.0+128   /21
TEMPERATURE_SENSOR                       2.128+9   /21
OCODE                                    2.137+8   /21
ADC1_AVE_INIT_CODE_ATTEN0                2.145+10  /21
ADC1_AVE_INIT_CODE_ATTEN1                2.155+10  /21
ADC1_AVE_INIT_CODE_ATTEN2                2.165+10  /21
ADC1_AVE_INIT_CODE_ATTEN3                2.175+10  /21
ADC1_HI_DOUT_ATTEN0                      2.185+10  /21
ADC1_HI_DOUT_ATTEN1                      2.195+10  /21
ADC1_HI_DOUT_ATTEN2                      2.205+10  /21
ADC1_HI_DOUT_ATTEN3                      2.215+10  /21
ADC1_CH0_ATTEN0_INITCODE_DIFF            2.225+4   /21
ADC1_CH1_ATTEN0_INITCODE_DIFF            2.229+4   /21
ADC1_CH2_ATTEN0_INITCODE_DIFF            2.233+4   /21
ADC1_CH3_ATTEN0_INITCODE_DIFF            2.237+4   /21
USER_DATA                                3.0+256   /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM                     3.200+48  /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                                     4.0+256   /23 BLOCK_KEY0
KEY1                                     5.0+256   /24 BLOCK_KEY1
KEY2                                     6.0+256   /25 BLOCK_KEY2
KEY3                                     7.0+256   /26 BLOCK_KEY3
KEY4                                     8.0+256   /27 BLOCK_KEY4
KEY5                                     9.0+256   /28 BLOCK_KEY5
SYS_DATA_PART2                           10.0+256  /29 BLOCK_SYS_DATA2
`;
