// Generated from test/vectors/efuse/esp32c2.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                       0.0+8      /-
RD_DIS                       0.32+2     /0
WDT_DELAY_SEL                0.34+2     /1
DIS_PAD_JTAG                 0.36+1     /1
DIS_DOWNLOAD_ICACHE          0.37+1     /1
DIS_DOWNLOAD_MANUAL_ENCRYPT  0.38+1     /2
SPI_BOOT_CRYPT_CNT           0.39+3     /2
XTS_KEY_LENGTH_256           0.42+1     /2
UART_PRINT_CONTROL           0.43+2     /3
FORCE_SEND_RESUME            0.45+1     /3
DIS_DOWNLOAD_MODE            0.46+1     /3
DIS_DIRECT_BOOT              0.47+1     /3
ENABLE_SECURITY_DOWNLOAD     0.48+1     /3
FLASH_TPUW                   0.49+4     /3
SECURE_BOOT_EN               0.53+1     /2
SECURE_VERSION               0.54+4     /4
CUSTOM_MAC_USED              0.58+1     /4  ENABLE_CUSTOM_MAC
DISABLE_WAFER_VERSION_MAJOR  0.59+1     /4
DISABLE_BLK_VERSION_MAJOR    0.60+1     /4
USER_DATA                    1.0+88     /5  BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM         1.0+48     /5  MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
MAC                          2.40+8 2.32+8 2.24+8 2.16+8 2.8+8 2.0+8 /6  MAC_FACTORY
WAFER_VERSION_MINOR          2.48+4     /6
WAFER_VERSION_MAJOR          2.52+2     /6
PKG_VERSION                  2.54+3     /6
BLK_VERSION_MINOR            2.57+3     /6
BLK_VERSION_MAJOR            2.60+2     /6
OCODE                        2.62+7     /6
TEMP_CALIB                   2.69+9     /6
ADC1_INIT_CODE_ATTEN0        2.78+8     /6
ADC1_INIT_CODE_ATTEN3        2.86+5     /6
ADC1_CAL_VOL_ATTEN0          2.91+8     /6
ADC1_CAL_VOL_ATTEN3          2.99+6     /6
DIG_DBIAS_HVT                2.105+5    /6
DIG_LDO_SLP_DBIAS2           2.110+7    /6
DIG_LDO_SLP_DBIAS26          2.117+8    /6
DIG_LDO_ACT_DBIAS26          2.125+6    /6
DIG_LDO_ACT_STEPD10          2.131+4    /6
RTC_LDO_SLP_DBIAS13          2.135+7    /6
RTC_LDO_SLP_DBIAS29          2.142+9    /6
RTC_LDO_SLP_DBIAS31          2.151+6    /6
RTC_LDO_ACT_DBIAS31          2.157+6    /6
RTC_LDO_ACT_DBIAS13          2.163+8    /6
ADC_CALIBRATION_3            2.192+11   /6
FLASH_VENDOR                 2.248+3    /6
FLASH_TEMP                   2.251+2    /6
FLASH_CAP                    2.253+3    /6
KEY0                         3.0+256    /7  BLOCK_KEY0
KEY0.FE_256BIT               3.0+256    /7
KEY0.FE_128BIT               3.0+128    /7  BLOCK_KEY0_LOW_128
KEY0.SB_128BIT               3.128+128  /7  BLOCK_KEY0_HI_128
`;
