// Generated from test/vectors/efuse/esp32s31.csv by `npm run generate`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = `
WR_DIS                                   0.0+32         /-
RD_DIS                                   0.32+7         /0
DIS_USB_JTAG                             0.42+1         /2
DIS_FORCE_DOWNLOAD                       0.44+1         /2
SPI_DOWNLOAD_MSPI_DIS                    0.45+1         /2
DIS_TWAI                                 0.46+1         /2
JTAG_SEL_ENABLE                          0.47+1         /2
SOFT_DIS_JTAG                            0.48+3         /31
DIS_PAD_JTAG                             0.51+1         /2
DIS_DOWNLOAD_MANUAL_ENCRYPT              0.52+1         /2
HUK_GEN_STATE                            0.55+5         /19
KM_RND_SWITCH_CYCLE                      0.64+1         /1
KM_DISABLE_DEPLOY_MODE                   0.66+5         /1
KM_DEPLOY_ONLY_ONCE                      0.71+5         /1
FORCE_USE_KEY_MANAGER_KEY                0.76+5         /1
FORCE_DISABLE_SW_INIT_KEY                0.81+1         /1
KM_XTS_KEY_LENGTH_256                    0.82+1         /1
WDT_DELAY_SEL                            0.83+1         /2
DIS_SM_CRYPT                             0.84+1         /14
SPI_BOOT_CRYPT_CNT                       0.85+3         /4
SECURE_BOOT_KEY_REVOKE0                  0.88+1         /5
SECURE_BOOT_KEY_REVOKE1                  0.89+1         /6
SECURE_BOOT_KEY_REVOKE2                  0.90+1         /7
KEY_PURPOSE_0                            0.96+5         /8  KEY0_PURPOSE
KEY_PURPOSE_1                            0.101+5        /9  KEY1_PURPOSE
KEY_PURPOSE_2                            0.106+5        /10 KEY2_PURPOSE
KEY_PURPOSE_3                            0.111+5        /11 KEY3_PURPOSE
KEY_PURPOSE_4                            0.116+5        /12 KEY4_PURPOSE
ECC_FORCE_CONST_TIME                     0.121+1        /14
ECDSA_DISABLE_SOFT_K                     0.122+1        /14
SEC_DPA_LEVEL                            0.123+2        /14
XTS_DPA_CLK_ENABLE                       0.125+1        /14
XTS_DPA_PSEUDO_LEVEL                     0.128+2        /14
SECURE_BOOT_EN                           0.130+1        /15
SECURE_BOOT_AGGRESSIVE_REVOKE            0.131+1        /16
FLASH_TYPE                               0.133+1        /18
DIS_USB_OTG_DOWNLOAD_MODE                0.137+1        /18
FLASH_TPUW                               0.140+4        /18
DIS_DOWNLOAD_MODE                        0.144+1        /18
DIS_DIRECT_BOOT                          0.145+1        /18
DIS_USB_SERIAL_JTAG_ROM_PRINT            0.146+1        /18
LOCK_KM_KEY                              0.147+1        /1
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE        0.148+1        /18
ENABLE_SECURITY_DOWNLOAD                 0.149+1        /18
UART_PRINT_CONTROL                       0.150+2        /18
FORCE_SEND_RESUME                        0.152+1        /18
SECURE_VERSION                           0.160+16       /18
SECURE_BOOT_DISABLE_FAST_WAKE            0.176+1        /2
HYS_EN_PAD                               0.177+1        /-
DCDC_VSET_EN                             0.194+1        /-
DIS_WDT                                  0.195+1        /2
DIS_SWD                                  0.196+1        /2
SECURE_BOOT_SHA384_EN                    0.203+1        /-
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION  0.204+4        /-
BOOTLOADER_ANTI_ROLLBACK_EN              0.208+1        /-
BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM   0.209+1        /-
RECOVERY_BOOTLOADER_FLASH_SECTOR         0.210+12       /-
RMA_ENA                                  0.222+2        /-  SDC_ENA
RMA_SESSION_COUNTER                      0.224+3        /-  SDC_SESSION_COUNTER
RMA_NONCE_ENA                            0.227+2        /14 SDC_NONCE_ENA
RMA_CHIP_INFO_SOURCE                     0.229+1        /14 SDC_CHIP_INFO_SOURCE
RMA_DISABLE_FAST_VEF                     0.230+1        /14 SDC_DISABLE_FAST_VEF
PVT_0_GLITCH_EN                          0.231+1        /3
PVT_0_GLITCH_MODE                        0.232+2        /3
PVT_1_GLITCH_EN                          0.234+1        /3
PVT_1_GLITCH_MODE                        0.235+2        /3
PMU_FLASH_POWER_SEL                      0.237+1        /2
PMU_FLASH_POWER_SEL_EN                   0.238+1        /2
POWER_GLITCH_EN                          0.239+4        /2
ENA_XTS_SHADOW                           0.243+1        /14
ENA_SPI_BOOT_CRYPT_SCRAMBLER             0.244+1        /14
RE_ENABLE_JTAG_SOURCE                    0.245+1        /14
MAC                                      1.40+8 1.32+8 1.24+8 1.16+8 1.8+8 1.0+8 /20 MAC_FACTORY
MAC_EXT                                  1.56+8 1.48+8  /20
WAFER_VERSION_MINOR                      1.114+4        /20
WAFER_VERSION_MAJOR                      1.118+2        /20
DISABLE_WAFER_VERSION_MAJOR              1.120+1        /20
DISABLE_BLK_VERSION_MAJOR                1.121+1        /20
BLK_VERSION_MINOR                        1.122+3        /20
BLK_VERSION_MAJOR                        1.125+2        /20
PSRAM_CAP                                1.127+3        /20
TEMP                                     1.130+2        /20
PSRAM_VENDOR                             1.132+2        /20
PKG_VERSION                              1.134+2        /20
OPTIONAL_UNIQUE_ID                       2.0+128        /21
USER_DATA                                3.0+256        /22 BLOCK_USR_DATA
USER_DATA.MAC_CUSTOM                     3.200+48       /22 MAC_CUSTOM CUSTOM_MAC USER_DATA_MAC_CUSTOM
KEY0                                     4.0+256        /23 BLOCK_KEY0
KEY1                                     5.0+256        /24 BLOCK_KEY1
KEY2                                     6.0+256        /25 BLOCK_KEY2
KEY3                                     7.0+256        /26 BLOCK_KEY3
KEY4                                     8.0+256        /27 BLOCK_KEY4
SYS_DATA_PART2                           9.0+32         /28 BLOCK_SYS_DATA2
USB_DEVICE_EXCHG_PINS                    9.192+1        /28
`;
