// Generated from test/vectors/efuse/esp32c5.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                                      0.0+32           /-
RD_DIS                                      0.32+7           /0
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI  0.39+1           /-
DIS_ICACHE                                  0.40+1           /2
DIS_USB_JTAG                                0.41+1           /2
BOOTLOADER_ANTI_ROLLBACK_EN                 0.42+1           /-
DIS_FORCE_DOWNLOAD                          0.44+1           /2
SPI_DOWNLOAD_MSPI_DIS                       0.45+1           /2
DIS_TWAI                                    0.46+1           /2
JTAG_SEL_ENABLE                             0.47+1           /2
SOFT_DIS_JTAG                               0.48+3           /31
DIS_PAD_JTAG                                0.51+1           /2
DIS_DOWNLOAD_MANUAL_ENCRYPT                 0.52+1           /2
USB_EXCHG_PINS                              0.57+1           /30
VDD_SPI_AS_GPIO                             0.58+1           /30
WDT_DELAY_SEL                               0.59+2           /3
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO  0.61+3           /-
KM_DISABLE_DEPLOY_MODE                      0.64+4           /1
KM_RND_SWITCH_CYCLE                         0.68+2           /1
KM_DEPLOY_ONLY_ONCE                         0.70+4           /1
FORCE_USE_KEY_MANAGER_KEY                   0.74+4           /1
FORCE_DISABLE_SW_INIT_KEY                   0.78+1           /1
BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM      0.79+1           /-
SPI_BOOT_CRYPT_CNT                          0.80+3           /4
SECURE_BOOT_KEY_REVOKE0                     0.83+1           /5
SECURE_BOOT_KEY_REVOKE1                     0.84+1           /6
SECURE_BOOT_KEY_REVOKE2                     0.85+1           /7
KEY_PURPOSE_0                               0.86+5           /8  KEY0_PURPOSE
KEY_PURPOSE_1                               0.91+5           /9  KEY1_PURPOSE
KEY_PURPOSE_2                               0.96+5           /10 KEY2_PURPOSE
KEY_PURPOSE_3                               0.101+5          /11 KEY3_PURPOSE
KEY_PURPOSE_4                               0.106+5          /12 KEY4_PURPOSE
KEY_PURPOSE_5                               0.111+5          /13 KEY5_PURPOSE
SEC_DPA_LEVEL                               0.116+2          /14
SECURE_BOOT_EN                              0.121+1          /15
SECURE_BOOT_AGGRESSIVE_REVOKE               0.122+1          /16
KM_XTS_KEY_LENGTH_256                       0.123+1          /1
FLASH_TPUW                                  0.124+4          /18
DIS_DOWNLOAD_MODE                           0.128+1          /18
DIS_DIRECT_BOOT                             0.129+1          /18
DIS_USB_SERIAL_JTAG_ROM_PRINT               0.130+1          /18
LOCK_KM_KEY                                 0.131+1          /1
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE           0.132+1          /18
ENABLE_SECURITY_DOWNLOAD                    0.133+1          /18
UART_PRINT_CONTROL                          0.134+2          /18
FORCE_SEND_RESUME                           0.136+1          /18
SECURE_VERSION                              0.137+9          /18
SECURE_BOOT_DISABLE_FAST_WAKE               0.153+1          /18
HYS_EN_PAD                                  0.154+1          /2
XTS_DPA_PSEUDO_LEVEL                        0.155+2          /14
XTS_DPA_CLK_ENABLE                          0.157+1          /14
SECURE_BOOT_SHA384_EN                       0.159+1          /14
HUK_GEN_STATE                               0.160+9          /19
XTAL_48M_SEL                                0.169+3          /17
XTAL_48M_SEL_MODE                           0.172+1          /17
ECC_FORCE_CONST_TIME                        0.173+1          /14
RECOVERY_BOOTLOADER_FLASH_SECTOR            0.174+9 0.118+3  /-
MAC                                         1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
MAC_EXT                                     1.48+16          /20
WAFER_VERSION_MINOR                         1.64+4           /20
WAFER_VERSION_MAJOR                         1.68+2           /20
DISABLE_WAFER_VERSION_MAJOR                 1.70+1           /20
DISABLE_BLK_VERSION_MAJOR                   1.71+1           /20
BLK_VERSION_MINOR                           1.72+3           /20
BLK_VERSION_MAJOR                           1.75+2           /20
FLASH_CAP                                   1.77+3           /20
FLASH_VENDOR                                1.80+3           /20
PSRAM_CAP                                   1.83+3           /20
PSRAM_VENDOR                                1.86+2           /20
TEMP                                        1.88+2           /20
PKG_VERSION                                 1.90+3           /20
PA_TRIM_VERSION                             1.93+3           /20
TRIM_N_BIAS                                 1.96+5           /20
TRIM_P_BIAS                                 1.101+5          /20
ACTIVE_HP_DBIAS                             1.106+4          /20
ACTIVE_LP_DBIAS                             1.110+4          /20
LSLP_HP_DBG                                 1.114+2          /20
LSLP_HP_DBIAS                               1.116+4          /20
DSLP_LP_DBG                                 1.120+4          /20
DSLP_LP_DBIAS                               1.124+5          /20
LP_HP_DBIAS_VOL_GAP                         1.129+5          /20
REF_CURR_CODE                               1.134+4          /20
RES_TUNE_CODE                               1.138+5          /20
OPTIONAL_UNIQUE_ID                          2.0+128          /21
TEMPERATURE_SENSOR                          2.128+9          /21
OCODE                                       2.137+8          /21
ADC1_AVE_INITCODE_ATTEN0                    2.145+10         /21
ADC1_AVE_INITCODE_ATTEN1                    2.155+10         /21
ADC1_AVE_INITCODE_ATTEN2                    2.165+10         /21
ADC1_AVE_INITCODE_ATTEN3                    2.175+10         /21
ADC1_HI_DOUT_ATTEN0                         2.185+10         /21
ADC1_HI_DOUT_ATTEN1                         2.195+10         /21
ADC1_HI_DOUT_ATTEN2                         2.205+10         /21
ADC1_HI_DOUT_ATTEN3                         2.215+10         /21
ADC1_CH0_ATTEN0_INITCODE_DIFF               2.225+4          /21
ADC1_CH1_ATTEN0_INITCODE_DIFF               2.229+4          /21
ADC1_CH2_ATTEN0_INITCODE_DIFF               2.233+4          /21
ADC1_CH3_ATTEN0_INITCODE_DIFF               2.237+4          /21
ADC1_CH4_ATTEN0_INITCODE_DIFF               2.241+4          /21
ADC1_CH5_ATTEN0_INITCODE_DIFF               2.245+4          /21
PVT_DBIAS                                   2.249+5          /21
USER_DATA                                   3.0+256          /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM                        3.200+48         /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                                        4.0+256          /23 BLOCK_KEY0
KEY1                                        5.0+256          /24 BLOCK_KEY1
KEY2                                        6.0+256          /25 BLOCK_KEY2
KEY3                                        7.0+256          /26 BLOCK_KEY3
KEY4                                        8.0+256          /27 BLOCK_KEY4
KEY5                                        9.0+256          /28 BLOCK_KEY5
SYS_DATA_PART2                              10.0+256         /29 BLOCK_SYS_DATA2
`;
