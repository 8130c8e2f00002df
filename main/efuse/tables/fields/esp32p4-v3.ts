// Generated from test/vectors/efuse/esp32p4_v3.0.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                             0.0+32           /-
RD_DIS                             0.32+7           /0
RECOVERY_BOOTLOADER_FLASH_SECTOR   0.39+2 0.42+1 0.53+4 0.63+1 0.64+3 0.67+1 /-
DIS_USB_JTAG                       0.41+1           /2
DIS_USB_SERIAL_JTAG                0.43+1           /2
DIS_FORCE_DOWNLOAD                 0.44+1           /2
SPI_DOWNLOAD_MSPI_DIS              0.45+1           /2
DIS_TWAI                           0.46+1           /2
JTAG_SEL_ENABLE                    0.47+1           /2
SOFT_DIS_JTAG                      0.48+3           /31
DIS_PAD_JTAG                       0.51+1           /2
DIS_DOWNLOAD_MANUAL_ENCRYPT        0.52+1           /2
USB_PHY_SEL                        0.57+1           /-
HUK_GEN_STATE                      0.58+5           /19
KM_RND_SWITCH_CYCLE                0.68+1           /1
KM_DEPLOY_ONLY_ONCE                0.69+4 0.118+1   /1
FORCE_USE_KEY_MANAGER_KEY          0.73+4 0.119+1   /1
FORCE_DISABLE_SW_INIT_KEY          0.77+1           /1
KM_XTS_KEY_LENGTH_256              0.78+1           /1
ECC_FORCE_CONST_TIME               0.79+1           /14
DOWNLOAD_MODE_XPD_ON               0.80+1           /-
WDT_DELAY_SEL                      0.81+1           /2
SPI_BOOT_CRYPT_CNT                 0.82+3           /4
SECURE_BOOT_KEY_REVOKE0            0.85+1           /5
SECURE_BOOT_KEY_REVOKE1            0.86+1           /6
SECURE_BOOT_KEY_REVOKE2            0.87+1           /7
KEY_PURPOSE_0                      0.88+4 0.155+1   /8  KEY0_PURPOSE
KEY_PURPOSE_1                      0.92+4 0.156+1   /9  KEY1_PURPOSE
KEY_PURPOSE_2                      0.96+4 0.157+1   /10 KEY2_PURPOSE
KEY_PURPOSE_3                      0.100+4 0.158+1  /11 KEY3_PURPOSE
KEY_PURPOSE_4                      0.104+4 0.159+1  /12 KEY4_PURPOSE
KEY_PURPOSE_5                      0.108+4 0.164+1  /13 KEY5_PURPOSE
SEC_DPA_LEVEL                      0.112+2          /14
XTS_DPA_CLK_ENABLE                 0.115+1          /14
SECURE_BOOT_EN                     0.116+1          /15
SECURE_BOOT_AGGRESSIVE_REVOKE      0.117+1          /16
FLASH_ECC_EN                       0.122+1          /18
DIS_USB_OTG_DOWNLOAD_MODE          0.123+1          /18
FLASH_TPUW                         0.124+4          /18
DIS_DOWNLOAD_MODE                  0.128+1          /18
DIS_DIRECT_BOOT                    0.129+1          /18
DIS_USB_SERIAL_JTAG_ROM_PRINT      0.130+1          /18
LOCK_KM_KEY                        0.131+1          /1
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE  0.132+1          /18
ENABLE_SECURITY_DOWNLOAD           0.133+1          /18
UART_PRINT_CONTROL                 0.134+2          /18
FORCE_SEND_RESUME                  0.136+1          /18
SECURE_VERSION                     0.137+16         /18
SECURE_BOOT_DISABLE_FAST_WAKE      0.153+1          /18
HYS_EN_PAD                         0.154+1          /2
PXA0_TIEH_SEL_0                    0.160+2          /2
PVT_GLITCH_EN                      0.162+1          /3
KM_DISABLE_DEPLOY_MODE             0.168+4 0.167+1  /1
XTS_DPA_PSEUDO_LEVEL               0.176+2          /14
HP_PWR_SRC_SEL                     0.178+1          /17
SECURE_BOOT_SHA384_EN              0.179+1          /-
DIS_WDT                            0.180+1          /2
DIS_SWD                            0.181+1          /2
PVT_GLITCH_MODE                    0.182+2          /3
MAC                                1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
WAFER_VERSION_MINOR                1.64+4           /20
WAFER_VERSION_MAJOR                1.68+2 1.87+1    /20
DISABLE_WAFER_VERSION_MAJOR        1.70+1           /20
DISABLE_BLK_VERSION_MAJOR          1.71+1           /20
BLK_VERSION_MINOR                  1.72+3           /20
BLK_VERSION_MAJOR                  1.75+2           /20
PSRAM_CAP                          1.77+3           /20
TEMP                               1.80+2           /20
PSRAM_VENDOR                       1.82+2           /20
PKG_VERSION                        1.84+3           /20
LDO_VO1_DREF                       1.88+4           /20
LDO_VO2_DREF                       1.92+4           /20
LDO_VO1_MUL                        1.96+3           /20
LDO_VO2_MUL                        1.99+3           /20
LDO_VO3_K                          1.102+8          /20
LDO_VO3_VOS                        1.110+6          /20
LDO_VO3_C                          1.116+6          /20
LDO_VO4_K                          1.122+8          /20
LDO_VO4_VOS                        1.130+6          /20
LDO_VO4_C                          1.136+6          /20
ACTIVE_HP_DBIAS                    1.144+4          /20
ACTIVE_LP_DBIAS                    1.148+4          /20
DSLP_DBG                           1.156+4          /20
DSLP_LP_DBIAS                      1.160+5          /20
LP_DCDC_DBIAS_VOL_GAP              1.165+5          /20
PVT_400M_BIAS                      1.171+5          /20
PVT_40M_BIAS                       1.176+5          /20
PVT_100M_BIAS                      1.181+5          /20
OPTIONAL_UNIQUE_ID                 2.0+128          /21
ADC1_AVE_INITCODE_ATTEN0           2.128+10         /21
ADC1_AVE_INITCODE_ATTEN1           2.138+10         /21
ADC1_AVE_INITCODE_ATTEN2           2.148+10         /21
ADC1_AVE_INITCODE_ATTEN3           2.158+10         /21
ADC2_AVE_INITCODE_ATTEN0           2.168+10         /21
ADC2_AVE_INITCODE_ATTEN1           2.178+10         /21
ADC2_AVE_INITCODE_ATTEN2           2.188+10         /21
ADC2_AVE_INITCODE_ATTEN3           2.198+10         /21
ADC1_HI_DOUT_ATTEN0                2.208+10         /21
ADC1_HI_DOUT_ATTEN1                2.218+10         /21
ADC1_HI_DOUT_ATTEN2                2.228+10         /21
ADC1_HI_DOUT_ATTEN3                2.238+10         /21
USER_DATA                          3.0+256          /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM               3.200+48         /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                               4.0+256          /23 BLOCK_KEY0
KEY1                               5.0+256          /24 BLOCK_KEY1
KEY2                               6.0+256          /25 BLOCK_KEY2
KEY3                               7.0+256          /26 BLOCK_KEY3
KEY4                               8.0+256          /27 BLOCK_KEY4
KEY5                               9.0+256          /28 BLOCK_KEY5
ADC2_HI_DOUT_ATTEN0                10.0+10          /29
ADC2_HI_DOUT_ATTEN1                10.10+10         /29
ADC2_HI_DOUT_ATTEN2                10.20+10         /29
ADC2_HI_DOUT_ATTEN3                10.30+10         /29
ADC1_CH0_ATTEN0_INITCODE_DIFF      10.40+4          /29
ADC1_CH1_ATTEN0_INITCODE_DIFF      10.44+4          /29
ADC1_CH2_ATTEN0_INITCODE_DIFF      10.48+4          /29
ADC1_CH3_ATTEN0_INITCODE_DIFF      10.52+4          /29
ADC1_CH4_ATTEN0_INITCODE_DIFF      10.56+4          /29
ADC1_CH5_ATTEN0_INITCODE_DIFF      10.60+4          /29
ADC1_CH6_ATTEN0_INITCODE_DIFF      10.64+4          /29
ADC1_CH7_ATTEN0_INITCODE_DIFF      10.68+4          /29
ADC2_CH0_ATTEN0_INITCODE_DIFF      10.72+4          /29
ADC2_CH1_ATTEN0_INITCODE_DIFF      10.76+4          /29
ADC2_CH2_ATTEN0_INITCODE_DIFF      10.80+4          /29
ADC2_CH3_ATTEN0_INITCODE_DIFF      10.84+4          /29
ADC2_CH4_ATTEN0_INITCODE_DIFF      10.88+4          /29
ADC2_CH5_ATTEN0_INITCODE_DIFF      10.92+4          /29
TEMPERATURE_SENSOR                 10.96+10         /29
USB_DEVICE_EXCHG_PINS              10.228+1         /29
USB_OTG11_EXCHG_PINS               10.229+1         /29
`;
