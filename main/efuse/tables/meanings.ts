// What each eFuse field does, in our words, once for all chips; the tables carry place and names only.
// Sources: Espressif's chip manuals and the ESP-IDF eFuse tables at 102122904ad (July 2026); FACTS 2.7 and 2.9.

const security = `
WR_DIS                              one bit a group of fields or a block: 1 = its remaining 0 bits can never be burned
RD_DIS                              each bit hides a key block, a half of one or BLOCK_SYS_DATA2 from software for ever
SPI_BOOT_CRYPT_CNT                  flash is decrypted on boot while an odd number of these bits is 1; 7 is final
DIS_DOWNLOAD_MANUAL_ENCRYPT         download mode cannot use the flash encryption engine
SPI_DOWNLOAD_MSPI_DIS               download mode cannot reach flash or PSRAM through the memory-mapped SPI controller
DIS_DOWNLOAD_ICACHE                 instruction cache off in download mode
DIS_DOWNLOAD_DCACHE                 data cache off in download mode
SECURE_BOOT_EN                      the ROM boots only a second stage whose signature it has verified
SECURE_BOOT_AGGRESSIVE_REVOKE       the ROM revokes a key at the first signature that does not verify
SECURE_BOOT_KEY_REVOKE0             the digest of purpose SECURE_BOOT_DIGEST0 is no longer trusted
SECURE_BOOT_KEY_REVOKE1             the digest of purpose SECURE_BOOT_DIGEST1 is no longer trusted
SECURE_BOOT_KEY_REVOKE2             the digest of purpose SECURE_BOOT_DIGEST2 is no longer trusted
SECURE_BOOT_SHA384_EN               Secure Boot hashes with SHA-384 (for ECDSA P-384)
SECURE_BOOT_DISABLE_FAST_WAKE       full verification after deep sleep too
DIS_DOWNLOAD_MODE                   no serial or USB download mode at all
ENABLE_SECURITY_DOWNLOAD            download mode is the secure one: no registers, no RAM code, no reading
DOWNLOAD_MODE_XPD_ON                flash power on in download mode, by the ROM
DIS_DIRECT_BOOT                     no boot of unverified code straight from flash
DIS_LEGACY_SPI_BOOT                 no boot of unverified code straight from flash
DIS_BOOT_REMAP                      RAM cannot take the place of the ROM at boot
DIS_FORCE_DOWNLOAD                  software cannot force download mode at the next reset
HARD_DIS_JTAG                       JTAG off for ever
DIS_PAD_JTAG                        JTAG on pads off for ever
DIS_USB_JTAG                        JTAG through USB off for ever
SOFT_DIS_JTAG                       JTAG off while an odd number of these bits is 1; an HMAC key can open it again
JTAG_SEL_ENABLE                     a strapping pin chooses pad or USB JTAG
STRAP_JTAG_SEL                      a strapping pin chooses pad or USB JTAG
DIS_USB_SERIAL_JTAG                 the USB-Serial-JTAG device off
DIS_USB_SERIAL_JTAG_ROM_PRINT       no ROM log on USB-Serial-JTAG
DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE   no download over USB-Serial-JTAG
DIS_USB_OTG_DOWNLOAD_MODE           no download over USB-OTG
DIS_USB_OTG                         the USB-OTG peripheral off
DIS_USB                             the USB-OTG peripheral off
DIS_USB_DOWNLOAD_MODE               no download over USB
UART_PRINT_CONTROL                  ROM log: 0 always, 1 if the strap is low, 2 if it is high, 3 never
CUSTOM_MAC_USED                     the product's own MAC address stands in BLOCK_USR_DATA
SECURE_VERSION                      anti-rollback floor: the number of bits that are 1
BOOTLOADER_ANTI_ROLLBACK_EN         the ROM checks the second stage's own version
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION     floor of the second stage's version
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO  floor of the second stage's version, low bits
BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI  floor of the second stage's version, high bits
BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM      the ROM raises the second stage's floor by itself
RECOVERY_BOOTLOADER_FLASH_SECTOR    flash sector of a recovery second stage; 0 = off, all ones = off for ever
SEC_DPA_LEVEL                       clock jitter against power analysis, level
CRYPT_DPA_ENABLE                    clock jitter against power analysis, on
XTS_DPA_CLK_ENABLE                  clock jitter against power analysis of flash encryption, on
XTS_DPA_PSEUDO_LEVEL                dummy rounds in flash encryption: 0 by register, 1..3 ever more
ECC_FORCE_CONST_TIME                elliptic-curve engine in constant time
ECDSA_ENABLE_SOFT_K                 its name and its published text disagree: leave 0
ECDSA_DISABLE_SOFT_K                ECDSA takes its nonce from hardware only
ECDSA_FORCE_USE_HARDWARE_K          ECDSA takes its nonce from hardware only
ECDSA_DISABLE_P192                  the ECDSA peripheral works with P-256 only
ECDSA_CURVE_MODE                    0 P-256 only, 1 P-192 only, 2 both, 3 P-256 only and locked
KM_DISABLE_DEPLOY_MODE              Key Manager: deployment off, a bit a kind of key
KM_DEPLOY_ONLY_ONCE                 Key Manager: one deployment only, a bit a kind of key
KM_RND_SWITCH_CYCLE                 Key Manager: how often it changes its random numbers
FORCE_USE_KEY_MANAGER_KEY           keys must come from the Key Manager, a bit a kind of key: eFuse keys are dead then
FORCE_DISABLE_SW_INIT_KEY           Key Manager: no start key from software
KM_XTS_KEY_LENGTH_256               Key Manager: length of the flash key; the sources conflict on its sense
XTS_KEY_LENGTH_256                  ESP32-C2: the flash key fills BLOCK_KEY0, 0 = its low half; elsewhere the Key Manager's, on whose sense the sources conflict
ENA_XTS_SHADOW                      flash encryption is calculated twice, against fault injection
ENA_SPI_BOOT_CRYPT_SCRAMBLER        scrambler over the cipher text of flash and PSRAM
DIS_SM_CRYPT                        SM2 and SM3 off
RE_ENABLE_JTAG_SOURCE               what opens softly shut JTAG again: 0 RMA, 1 an HMAC key
RMA_ENA                             RMA in download mode: 1 or 2 on, 0 or 3 off
RMA_SESSION_COUNTER                 how often RMA was entered
RMA_NONCE_ENA                       RMA works with a nonce of the Key Manager
RMA_CHIP_INFO_SOURCE                what RMA knows the chip by: 0 its unique id, 1 its hardware unique key
RMA_DISABLE_FAST_VEF                RMA verifies in full
LOCK_KM_KEY                         Key Manager: a deployed key is locked
HUK_GEN_STATE                       hardware unique key: an even number of 1 bits = valid
KM_HUK_GEN_STATE                    hardware unique key: an even number of 1 bits = valid
FLASH_CRYPT_CNT                     flash is decrypted on boot while an odd number of these bits is 1; 127 is final
FLASH_CRYPT_CONFIG                  which groups of flash key bits the address changes; 15 = all, anything less is weaker
UART_DOWNLOAD_DIS                   no serial download mode at all (silicon v3.0 and later)
ABS_DONE_1                          the ROM boots only a second stage whose signature it has verified (Secure Boot V2)
CONSOLE_DEBUG_DISABLE               the ROM does not fall back to its BASIC interpreter
JTAG_DISABLE                        JTAG off for ever
DISABLE_DL_ENCRYPT                  download mode cannot encrypt flash
DISABLE_DL_DECRYPT                  download mode cannot read flash decrypted
DISABLE_DL_CACHE                    download mode has no flash cache
DISABLE_SDIO_HOST                   no download over SDIO
BLOCK1                              the flash key
BLOCK2                              the digest of Secure Boot V2, or the key of the first Secure Boot
MAC_CUSTOM                          MAC address of the product's own
CUSTOM_MAC_CRC                      check byte of the product's own MAC address
MAC_VERSION                         whether BLOCK3 holds a MAC address of the product's own
USER_DATA                           256 bits for the product
USER_DATA.MAC_CUSTOM                MAC address of the product's own`;

const board = `
ABS_DONE_0                          the first Secure Boot, which no new product takes any more
CODING_SCHEME                       code of BLOCK1 to BLOCK3: 0 none, 1 three quarters of the bits are data
KEY_STATUS                          reserved
DIS_CACHE                           flash cache off: the chip no longer runs from flash
DISABLE_APP_CPU                     second core off
DISABLE_BT                          Bluetooth off
XPD_SDIO_REG                        flash regulator on
XPD_SDIO_TIEH                       flash voltage: 0 1.8 V, 1 3.3 V
XPD_SDIO_FORCE                      flash voltage from eFuse instead of the strap
DIS_ICACHE                          instruction cache off: the chip no longer runs from flash
DIS_DCACHE                          data cache off
FLASH_TPUW                          wait for the flash after power-up, milliseconds
FLASH_ECC_EN                        error correction of the boot flash
FLASH_ECC_MODE                      kind of error correction of the boot flash
FLASH_TYPE                          flash with four or eight data lines
FLASH_PAGE_SIZE                     page size of the flash
FORCE_SEND_RESUME                   the ROM sends a resume command to the flash on boot
WDT_DELAY_SEL                       start-up timeout of the watchdog, longer the higher
DIS_WDT                             watchdog off: never burn
DIS_SWD                             super watchdog off: never burn
DIS_TWAI                            TWAI (CAN) off
DIS_APP_CPU                         second core off
DIS_CORE1                           second core off
SWAP_UART_SDIO_EN                   pads of UART and SDIO change places
HYS_EN_PAD                          hysteresis of the pads
HYS_EN_PAD0                         hysteresis of pads 0 to 5
HYS_EN_PAD1                         hysteresis of pads 6 to 27
HP_PWR_SRC_SEL                      core supply: 0 LDO, 1 DCDC. A property of the board
DCDC_CCM_EN                         mode of the DCDC
IO_LDO_ADJUST                       regulator of the pads: mode and voltage. A property of the board
IO_LDO_1P8                          voltage of the pads: 0 3.3 V, 1 1.8 V
FLASH_LDO_EFUSE_SEL                 flash voltage from eFuse instead of the strap
FLASH_LDO_POWER_SEL                 which flash regulator: 0 1.8 V, 1 1.2 V
PMU_FLASH_POWER_SEL                 flash voltage: 0 1.8 V, 1 3.3 V
PMU_FLASH_POWER_SEL_EN              flash voltage from eFuse instead of the strap
VDD_SPI_LDO_ADJUST                  flash regulator: mode and voltage. A property of the board
DCDC_VSET                           core voltage of the DCDC
DCDC_VSET_EN                        core voltage of the DCDC comes from eFuse
POWERGLITCH_EN                      power glitch monitor on
POWER_GLITCH_EN                     power glitch monitors on
POWERGLITCH_EN1                     power glitch monitors on at power-up
PVT_GLITCH_EN                       voltage glitch monitor on
PVT_GLITCH_MODE                     voltage glitch monitor, mode
PVT_0_GLITCH_EN                     first voltage glitch monitor on
PVT_0_GLITCH_MODE                   first voltage glitch monitor, mode
PVT_1_GLITCH_EN                     second voltage glitch monitor on
PVT_1_GLITCH_MODE                   second voltage glitch monitor, mode
PIN_POWER_SELECTION                 supply of GPIO33 to GPIO37
ERR_RST_ENABLE                      reset when BLOCK0 reads with an error
VDD_SPI_XPD                         flash regulator on
VDD_SPI_TIEH                        flash voltage: 0 1.8 V, 1 3.3 V
VDD_SPI_FORCE                       flash voltage from eFuse instead of the strap
VDD_SPI_AS_GPIO                     the flash supply pin is an ordinary pin
USB_EXCHG_PINS                      USB D+ and D- change places
USB_DEVICE_EXCHG_PINS               D+ and D- of the USB device change places
USB_OTG11_EXCHG_PINS                D+ and D- of USB-OTG 1.1 change places
USB_OTG_FS_EXCHG_PINS               D+ and D- of USB-OTG change places
USB_FORCE_NOPERSIST                 the USB PHY always sees a valid bus
UART_PRINT_CHANNEL                  which UART the ROM log goes to
DIS_WIFI6                           Wi-Fi 6 off
USB_PHY_SEL                         which USB controller has which PHY
USB_EXT_PHY_ENABLE                  external USB PHY
XTAL_48M_SEL                        crystal of 48 MHz while an odd number of bits is 1
XTAL_48M_SEL_MODE                   what tells the crystal frequency in download mode`;

const factory = `
MAC                                 factory MAC address
MAC_CRC                             check byte of the factory MAC address
CHIP_PACKAGE                        package, low bits
CHIP_PACKAGE_4BIT                   package, high bit
CHIP_CPU_FREQ_LOW                   rated for 160 MHz instead of 240
CHIP_CPU_FREQ_RATED                 rated for a frequency
CHIP_VER_REV1                       chip revision, first bit
CHIP_VER_REV2                       chip revision, second bit
BLK3_PART_RESERVE                   BLOCK3 holds calibration of the ADC
CLK8M_FREQ                          calibration of the 8 MHz clock
ADC_VREF                            calibration of the ADC
VOL_LEVEL_HP_INV                    supply for 240 MHz
MAC_EXT                             the two bytes that make an EUI-64 of the MAC
OPTIONAL_UNIQUE_ID                  128-bit number of this one chip
SYS_DATA_PART2                      system data, reserved
WAFER_VERSION_MAJOR                 chip revision, major
WAFER_VERSION_MAJOR_LO              chip revision, major, low bits
WAFER_VERSION_MAJOR_HI              chip revision, major, high bit
WAFER_VERSION_MINOR                 chip revision, minor
WAFER_VERSION_MINOR_LO              chip revision, minor, low bits
WAFER_VERSION_MINOR_HI              chip revision, minor, high bit
BLK_VERSION_MAJOR                   layout of the calibration data, major
BLK_VERSION_MINOR                   layout of the calibration data, minor
DISABLE_WAFER_VERSION_MAJOR         images are not checked against the chip's major revision
DISABLE_BLK_VERSION_MAJOR           images are not checked against the layout of the calibration data
PKG_VERSION                         package
FLASH_VERSION                       flash in the package, size code
PSRAM_VERSION                       PSRAM in the package, size code
BLOCK0_VERSION                      layout of BLOCK0
REPEAT_DATA4                        reserved
FLASH_CAP                           flash in the package, size code
FLASH_TEMP                          flash in the package, temperature code
FLASH_VENDOR                        flash in the package, maker code
PSRAM_CAP                           PSRAM in the package, size code
PSRAM_TEMP                          PSRAM in the package, temperature code
PSRAM_VENDOR                        PSRAM in the package, maker code
TEMP                                temperature range of the chip, code`;

/** Families of fields that say the same; most are what the factory measured. */
const families: readonly (readonly [RegExp, string])[] = [
  [/^KEY_PURPOSE_\d$/, 'what BLOCK_KEY of this number is for'],
  [/^KEY\d$/, 'a key, a digest or user data'],
  [/^KEY\d\.FE_/, 'the part of the key block that a flash key of this length takes'],
  [/^KEY\d\.SB_/, 'the part of the key block that the Secure Boot digest takes'],
  [/^SPI_PAD_CONFIG_/, 'pad of this flash line'],
  [/^PXA0_TIEH_SEL_/, 'source of an LDO setting. A property of the board'],
  [
    /^ADC\d|^ADC_CALIB|^RTCCALIB_|^OCODE$|^TEMP_CALIB$|^TEMPERATURE_SENSOR$|_DIFF_1P8_3P3$|^VDD_3V4_DOUT$/,
    'calibration of ADC or temperature sensor',
  ],
  [
    /^(LDO|RTC_LDO|PVT|PUMP|LSLP|DSLP|SLP_DCDC|DCDC_OCODE|ADJUST|ACTIVE|LP|K_|V_|DIG_|THRES|DBIAS|REF|RES|PA|TRIM|RXIQ)/,
    'calibration of supply or radio',
  ],
];

const known = new Map(
  Object.entries({ security, board, factory }).flatMap(([kind, text]) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const at = line.indexOf(' ');
        return [line.slice(0, at), { kind: kind as FieldKind, meaning: line.slice(at).trim() }] as const;
      }),
  ),
);

/** security: what a product decides. board: a property of the hardware around the chip. factory: written by the chip's maker. */
export type FieldKind = 'security' | 'board' | 'factory';

/** Whose business the field of this name is; what no list names is the factory's. */
export function fieldKindOf(name: string): FieldKind {
  if (/^KEY/.test(name)) return 'security';
  return known.get(name)?.kind ?? (/^(SPI_PAD_CONFIG|PXA0)_/.test(name) ? 'board' : 'factory');
}

/** What the field of this name does, in one line; null for a name that no table of ours has. */
export function meaningOf(name: string): string | null {
  return known.get(name)?.meaning ?? families.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
