// Generated from test/vectors/efuse/esp32h4.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                             0.0+32         /-
RD_DIS                             0.32+7         /0
DIS_USB_JTAG                       0.39+1         /2
DIS_FORCE_DOWNLOAD                 0.41+1         /2
SPI_DOWNLOAD_MSPI_DIS              0.42+1         /2
DIS_TWAI                           0.43+1         /2
JTAG_SEL_ENABLE                    0.44+1         /2
DIS_PAD_JTAG                       0.45+1         /2
DIS_DOWNLOAD_MANUAL_ENCRYPT        0.46+1         /2
PVT_GLITCH_EN                      0.50+1         /2
PVT_GLITCH_MODE                    0.52+2         /2
DIS_CORE1                          0.54+1         /-
SPI_BOOT_CRYPT_CNT                 0.55+3         /4
SECURE_BOOT_KEY_REVOKE0            0.58+1         /5
SECURE_BOOT_KEY_REVOKE1            0.59+1         /6
SECURE_BOOT_KEY_REVOKE2            0.60+1         /7
KEY_PURPOSE_0                      0.64+5         /8  KEY0_PURPOSE
KEY_PURPOSE_1                      0.69+5         /9  KEY1_PURPOSE
KEY_PURPOSE_2                      0.74+5         /10 KEY2_PURPOSE
KEY_PURPOSE_3                      0.79+5         /11 KEY3_PURPOSE
KEY_PURPOSE_4                      0.84+5         /12 KEY4_PURPOSE
KEY_PURPOSE_5                      0.89+5         /13 KEY5_PURPOSE
SEC_DPA_LEVEL                      0.94+2         /14
XTS_DPA_PSEUDO_LEVEL               0.96+2         /14
XTS_DPA_CLK_ENABLE                 0.98+1         /14
ECC_FORCE_CONST_TIME               0.99+1         /14
SECURE_BOOT_SHA384_EN              0.100+1        /14
SECURE_BOOT_EN                     0.101+1        /15
SECURE_BOOT_AGGRESSIVE_REVOKE      0.102+1        /16
KM_DISABLE_DEPLOY_MODE             0.103+5        /1
KM_RND_SWITCH_CYCLE                0.108+2        /1
KM_DEPLOY_ONLY_ONCE                0.110+5        /1
FORCE_USE_KEY_MANAGER_KEY          0.115+5        /1
FORCE_DISABLE_SW_INIT_KEY          0.120+1        /1
KM_XTS_KEY_LENGTH_256              0.121+1        /1
LOCK_KM_KEY                        0.122+1        /1
FLASH_TPUW                         0.123+3        /18
DIS_DOWNLOAD_MODE                  0.127+1        /18
DIS_DIRECT_BOOT                    0.128+1        /18
DIS_USB_SERIAL_JTAG_ROM_PRINT      0.129+1        /18
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE  0.130+1        /18
ENABLE_SECURITY_DOWNLOAD           0.131+1        /18
UART_PRINT_CONTROL                 0.132+2        /18
FORCE_SEND_RESUME                  0.134+1        /18
SECURE_VERSION                     0.135+16       /18
HUK_GEN_STATE                      0.151+5        /19
FLASH_LDO_EFUSE_SEL                0.156+1        /-
USB_EXCHG_PINS                     0.168+1        /30
USB_OTG_FS_EXCHG_PINS              0.169+1        /30
USB_PHY_SEL                        0.170+1        /30
SOFT_DIS_JTAG                      0.171+3        /31
IO_LDO_ADJUST                      0.174+8        /-
IO_LDO_1P8                         0.182+1        /-
DCDC_CCM_EN                        0.183+1        /-
MAC                                1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
MAC_EXT                            1.56+8 1.48+8  /20
PVT_LIMIT                          1.64+16        /20
PVT_CELL_SELECT                    1.80+7         /20
PVT_PUMP_LIMIT                     1.87+8         /20
PUMP_DRV                           1.96+4         /20
WDT_DELAY_SEL                      1.100+2        /20
HYS_EN_PAD                         1.102+1        /20
PVT_GLITCH_CHARGE_RESET            1.103+1        /20
VDD_SPI_LDO_ADJUST                 1.105+8        /20
FLASH_LDO_POWER_SEL                1.113+1        /20
WAFER_VERSION_MINOR                1.114+4        /20
WAFER_VERSION_MAJOR                1.118+2        /20
DISABLE_WAFER_VERSION_MAJOR        1.120+1        /20
DISABLE_BLK_VERSION_MAJOR          1.121+1        /20
BLK_VERSION_MINOR                  1.122+3        /20
BLK_VERSION_MAJOR                  1.125+2        /20
FLASH_CAP                          1.127+3        /20
FLASH_VENDOR                       1.130+3        /20
PSRAM_CAP                          1.133+3        /20
PSRAM_VENDOR                       1.136+2        /20
TEMP                               1.138+2        /20
PKG_VERSION                        1.140+3        /20
PVT_DBIAS                          1.143+5        /20
ADJUST_1V2                         1.148+4        /20
ADJUST_1V8                         1.152+4        /20
ACTIVE_DCDC_1V25                   1.156+4        /20
ACTIVE_DCDC_1V35                   1.160+4        /20
SLP_DCDC                           1.164+5        /20
LSLP_HP_DRVB                       1.169+5        /20
DSLP_LP_DBIAS                      1.174+2        /20
TEMP_CALIB                         1.176+10       /20
OPTIONAL_UNIQUE_ID                 2.0+128        /21
OCODE                              2.128+8        /21
DCDC_OCODE                         2.136+8        /21
VDD_3V4_DOUT                       2.144+10       /21
ADC1_AVE_INITCODE_ATTEN0           2.154+9        /21
ADC1_AVE_INITCODE_ATTEN1           2.163+9        /21
ADC1_AVE_INITCODE_ATTEN2           2.172+9        /21
ADC1_AVE_INITCODE_ATTEN3           2.181+9        /21
ADC1_HI_DOUT_ATTEN0                2.190+9        /21
ADC1_HI_DOUT_ATTEN1                2.199+9        /21
ADC1_HI_DOUT_ATTEN2                2.208+9        /21
ADC1_HI_DOUT_ATTEN3                2.217+9        /21
ADC1_CH0_ATTEN0_INITCODE_DIFF      2.226+3        /21
ADC1_CH1_ATTEN0_INITCODE_DIFF      2.229+3        /21
ADC1_CH2_ATTEN0_INITCODE_DIFF      2.232+3        /21
ADC1_CH3_ATTEN0_INITCODE_DIFF      2.235+3        /21
ADC1_CH4_ATTEN0_INITCODE_DIFF      2.238+3        /21
INITCODE_DIFF_1P8_3P3              2.241+5        /21
HI_DOUT_DIFF_1P8_3P3               2.246+5        /21
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
