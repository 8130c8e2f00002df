// What differs between chips, as data (FACTS 1.5, 1.6, 3.1, 3.6, 4.1, 8, 13.3; register addresses from esptool's targets).

import { efuseTableOfLine, efuseTables } from '../efuse/tables.ts';
import { bootloaderOffsets } from '../image/memory-map.ts';
import { type ChipKind, chipIds, type Revision, revisionText } from '../model/chip.ts';
import type { ChipProfile } from './board.ts';

/** SPI controller in front of the flash: the offsets are the same on all of them. */
const spi = (base: number): ChipProfile['spiRegisters'] => ({
  base,
  usr: 0x18,
  usr1: 0x1c,
  usr2: 0x20,
  mosiDlen: 0x24,
  misoDlen: 0x28,
  w0: 0x58,
});

const kilo = 1024;
const bit = (field: string, minRevision?: Revision) =>
  minRevision === undefined ? { field, value: 1 } : { field, value: 1, minRevision };

/** JTAG shut for good, the hard way and the soft way (FACTS 13.3). Never with DIS_USB_SERIAL_JTAG on S3. */
const jtag: ChipProfile['production']['jtag'] = [
  bit('DIS_PAD_JTAG'),
  bit('DIS_USB_JTAG'),
  { field: 'SOFT_DIS_JTAG', value: 7 },
];

/** Where ESP-IDF calls a chip so (tools/idf_py_actions/constants.py: PREVIEW_TARGETS). */
const preview = 'ESP-IDF master of July 2026';

/**
 * Reset causes (from source: ESP-IDF components/soc/CHIP/include/soc/reset_reasons.h, the same number on all). A brown-out that resets the
 * analog part too shows as 1, like EN and the supply itself, and cannot be told from them.
 */
const brownOut = 0x0f;
const powerGlitch = 0x17;

type Difference = Pick<
  ChipProfile,
  'title' | 'mmuPageSizes' | 'uartDateRegister' | 'spiRegisters' | 'secureBootSchemes' | 'flashEncryption'
> & {
  readonly preview?: string;
  readonly refusals?: ChipProfile['refusals'];
  readonly securityInfo?: ChipProfile['securityInfo'];
  readonly romMagic?: number;
  readonly stubs?: ChipProfile['stubs'];
  readonly ecdsaSecureBootInsecure?: boolean;
  readonly p384MinRevision?: Revision;
  readonly secureBootMinRevision?: Revision;
  readonly digests?: 1;
  readonly flashEncryptionFields?: ChipProfile['flashEncryptionFields'];
  readonly encryptedWriteAlign?: number;
  readonly uartClockDivider?: number;
  readonly downloadModes?: ChipProfile['downloadModes'];
  readonly hmac?: boolean;
  readonly memoryProtection?: false;
  readonly encryptsExternalRam?: false;
  readonly flashOff?: ChipProfile['flashOff'];
  readonly printStrapDoubted?: true;
  readonly supply?: Partial<ChipProfile['supply']>;
  readonly jtag?: ChipProfile['production']['jtag'];
  readonly directBoot?: ChipProfile['production']['directBoot'];
  readonly secureDownload?: ChipProfile['production']['secureDownload'];
  readonly release: ChipProfile['production']['flashEncryptionRelease'];
  readonly releaseWriteProtect: readonly string[];
};

const differences: Readonly<Record<ChipKind, Difference>> = {
  esp32p4: {
    title: 'ESP32-P4',
    supply: { causes: [brownOut, powerGlitch] },
    printStrapDoubted: true,
    // espefuse hides the field: Espressif does not describe it.
    refusals: {
      'usb-serial-jtag': 'Espressif describes no eFuse by which its USB-Serial-JTAG device could be switched off',
    },
    flashOff: { revisions: [301, 302], byRomFrom: 302 },
    mmuPageSizes: [64 * kilo],
    uartDateRegister: 0x500ca08c,
    spiRegisters: spi(0x5008d000),
    stubs: [
      { min: 0, max: 299, name: 'esp32p4-rev1' },
      { min: 300, max: 399, name: 'esp32p4' },
    ],
    secureBootSchemes: ['rsa3072', 'ecdsa-p256', 'ecdsa-p384'],
    ecdsaSecureBootInsecure: true,
    p384MinRevision: 300,
    flashEncryption: ['xts-aes-128', 'xts-aes-256'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('SPI_DOWNLOAD_MSPI_DIS'), bit('XTS_DPA_PSEUDO_LEVEL', 300)],
    releaseWriteProtect: [],
    // Where no host can switch the flash on any more, the ROM has to (from source: esptool targets/esp32p4.py, power_on_flash).
    secureDownload: [bit('DOWNLOAD_MODE_XPD_ON', 302)],
  },
  esp32s3: {
    title: 'ESP32-S3',
    // RTC_CNTL_RESET_STATE_REG, bits 5 to 0 (from source: ESP-IDF soc/rtc_cntl_reg.h of these four).
    supply: { register: 0x60008038 },
    mmuPageSizes: [64 * kilo],
    uartDateRegister: 0x60000080,
    spiRegisters: spi(0x60002000),
    secureBootSchemes: ['rsa3072'],
    flashEncryption: ['xts-aes-128', 'xts-aes-256'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('DIS_DOWNLOAD_ICACHE'), bit('DIS_DOWNLOAD_DCACHE')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32c3: {
    title: 'ESP32-C3',
    supply: { register: 0x60008038 },
    mmuPageSizes: [64 * kilo],
    uartDateRegister: 0x6000007c,
    spiRegisters: spi(0x60002000),
    secureBootSchemes: ['rsa3072'],
    flashEncryption: ['xts-aes-128'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('DIS_DOWNLOAD_ICACHE')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32c6: {
    title: 'ESP32-C6',
    mmuPageSizes: [8 * kilo, 16 * kilo, 32 * kilo, 64 * kilo],
    uartDateRegister: 0x6000007c,
    spiRegisters: spi(0x60003000),
    secureBootSchemes: ['rsa3072', 'ecdsa-p256'],
    flashEncryption: ['xts-aes-128'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('DIS_DOWNLOAD_ICACHE')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32h2: {
    title: 'ESP32-H2',
    mmuPageSizes: [8 * kilo, 16 * kilo, 32 * kilo, 64 * kilo],
    uartDateRegister: 0x6000007c,
    spiRegisters: spi(0x60003000),
    secureBootSchemes: ['rsa3072', 'ecdsa-p256'],
    ecdsaSecureBootInsecure: true,
    flashEncryption: ['xts-aes-128'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('XTS_DPA_PSEUDO_LEVEL', 102)],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32c5: {
    title: 'ESP32-C5',
    printStrapDoubted: true,
    mmuPageSizes: [64 * kilo],
    uartDateRegister: 0x6000007c,
    spiRegisters: spi(0x60003000),
    secureBootSchemes: ['rsa3072', 'ecdsa-p256', 'ecdsa-p384'],
    ecdsaSecureBootInsecure: true,
    flashEncryption: ['xts-aes-128'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('SPI_DOWNLOAD_MSPI_DIS'), bit('XTS_DPA_PSEUDO_LEVEL')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32s2: {
    title: 'ESP32-S2',
    securityInfo: 'nameless',
    supply: { register: 0x3f408038 },
    romMagic: 0x7c6,
    mmuPageSizes: [64 * kilo],
    uartDateRegister: 0x60000078,
    spiRegisters: spi(0x3f402000),
    secureBootSchemes: ['rsa3072'],
    flashEncryption: ['xts-aes-128', 'xts-aes-256'],
    // One bit of SOFT_DIS_JTAG, and no JTAG through USB.
    jtag: [bit('HARD_DIS_JTAG'), bit('SOFT_DIS_JTAG')],
    directBoot: ['DIS_LEGACY_SPI_BOOT', 'DIS_BOOT_REMAP'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('DIS_DOWNLOAD_ICACHE'), bit('DIS_DOWNLOAD_DCACHE')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32c61: {
    title: 'ESP32-C61',
    mmuPageSizes: [8 * kilo, 16 * kilo, 32 * kilo, 64 * kilo],
    uartDateRegister: 0x6000007c,
    spiRegisters: spi(0x60003000),
    secureBootSchemes: ['ecdsa-p256'],
    ecdsaSecureBootInsecure: true,
    flashEncryption: ['xts-aes-128'],
    // Without HMAC peripheral JTAG has no soft lock.
    hmac: false,
    jtag: [bit('DIS_PAD_JTAG'), bit('DIS_USB_JTAG')],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('SPI_DOWNLOAD_MSPI_DIS'), bit('XTS_DPA_PSEUDO_LEVEL')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32c2: {
    title: 'ESP32-C2',
    refusals: {
      'device-encryption':
        'has one key block for flash key and Secure Boot digest, which is burned once: a device could not add its key beside a digest that the station burned',
    },
    mmuPageSizes: [16 * kilo, 32 * kilo, 64 * kilo],
    uartDateRegister: 0x6000007c,
    uartClockDivider: 0x60000014,
    spiRegisters: spi(0x60002000),
    // Silicon v0.x is left to the ROM (esptool targets/esp32c2.py).
    stubs: [{ min: 100, max: 9999, name: 'esp32c2' }],
    secureBootSchemes: ['ecdsa-p256'],
    digests: 1,
    flashEncryption: ['xts-aes-128', 'xts-aes-128-derived'],
    hmac: false,
    jtag: [bit('DIS_PAD_JTAG')],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('DIS_DOWNLOAD_ICACHE')],
    // It also freezes XTS_KEY_LENGTH_256, which says how the key block is read; ESP-IDF calls the mode DEVELOPMENT without it
    // (from source: bootloader_support flash_encrypt.c, esp_get_flash_encryption_mode).
    releaseWriteProtect: ['SPI_BOOT_CRYPT_CNT'],
  },
  esp32: {
    title: 'ESP32',
    securityInfo: 'none',
    refusals: {
      'device-encryption':
        'has no security info, by which a station could see that a device has encrypted its flash once the door is shut',
    },
    memoryProtection: false,
    encryptsExternalRam: false,
    supply: { register: 0x3ff48034 },
    romMagic: 0x00f01d83,
    mmuPageSizes: [64 * kilo],
    uartDateRegister: 0x3ff40078,
    uartClockDivider: 0x3ff40014,
    spiRegisters: { base: 0x3ff42000, usr: 0x1c, usr1: 0x20, usr2: 0x24, mosiDlen: 0x28, misoDlen: 0x2c, w0: 0x80 },
    secureBootSchemes: ['rsa3072'],
    secureBootMinRevision: 300,
    digests: 1,
    flashEncryption: ['aes-256'],
    flashEncryptionFields: [{ field: 'FLASH_CRYPT_CONFIG', value: 15 }],
    encryptedWriteAlign: 32,
    hmac: false,
    // UART_DOWNLOAD_DIS exists from v3.0 on; there is no secure download mode.
    downloadModes: { disabled: 300, secure: null },
    jtag: [bit('JTAG_DISABLE')],
    // Its ROM has no direct boot; what starts without a second stage is the BASIC interpreter.
    directBoot: ['CONSOLE_DEBUG_DISABLE'],
    release: [bit('DISABLE_DL_ENCRYPT'), bit('DISABLE_DL_DECRYPT'), bit('DISABLE_DL_CACHE')],
    releaseWriteProtect: ['DIS_CACHE'],
  },
  // The three below as ESP-IDF 102122904ad (July 2026) has them: soc_caps.h, bootloader_support/src/CHIP/*_secure_features.c.
  esp32s31: {
    title: 'ESP32-S31',
    printStrapDoubted: true,
    preview,
    mmuPageSizes: [16 * kilo, 32 * kilo, 64 * kilo, 128 * kilo, 256 * kilo],
    uartDateRegister: 0x2038a08c,
    spiRegisters: spi(0x20501000),
    secureBootSchemes: ['rsa3072'],
    flashEncryption: ['xts-aes-128', 'xts-aes-256'],
    refusals: {
      'soft-jtag':
        'RE_ENABLE_JTAG_SOURCE decides whether RMA or an HMAC key opens its JTAG again, and what the sources say of that bit differs',
    },
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('SPI_DOWNLOAD_MSPI_DIS'), bit('XTS_DPA_PSEUDO_LEVEL')],
    releaseWriteProtect: [],
  },
  esp32h21: {
    title: 'ESP32-H21',
    printStrapDoubted: true,
    preview,
    mmuPageSizes: [8 * kilo, 16 * kilo, 32 * kilo, 64 * kilo],
    uartDateRegister: 0x6000008c,
    spiRegisters: spi(0x60003000),
    secureBootSchemes: ['rsa3072'],
    flashEncryption: ['xts-aes-128'],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('XTS_DPA_PSEUDO_LEVEL')],
    releaseWriteProtect: ['DIS_ICACHE'],
  },
  esp32h4: {
    title: 'ESP32-H4',
    printStrapDoubted: true,
    preview,
    mmuPageSizes: [8 * kilo, 16 * kilo, 32 * kilo, 64 * kilo],
    uartDateRegister: 0x6001208c,
    spiRegisters: spi(0x60099000),
    secureBootSchemes: [],
    flashEncryption: ['xts-aes-128', 'xts-aes-256'],
    refusals: {
      'secure-boot': 'ESP-IDF has no Secure Boot for it yet (SOC_SECURE_BOOT_SUPPORTED is 0)',
      'soft-jtag': 'ESP-IDF does not shut its JTAG softly (SOC_EFUSE_SOFT_DIS_JTAG is 0)',
    },
    jtag: [bit('DIS_PAD_JTAG'), bit('DIS_USB_JTAG')],
    release: [bit('DIS_DOWNLOAD_MANUAL_ENCRYPT'), bit('SPI_DOWNLOAD_MSPI_DIS'), bit('XTS_DPA_PSEUDO_LEVEL')],
    releaseWriteProtect: [],
  },
};

function profile(kind: ChipKind): ChipProfile {
  const { release, releaseWriteProtect, jtag: ownJtag, directBoot, secureDownload, ...chip } = differences[kind];
  return {
    chipId: chipIds[kind],
    bootloaderOffset: bootloaderOffsets[kind],
    preview: null,
    refusals: {},
    securityInfo: 'names-chip',
    romMagic: null,
    stubs: [{ min: 0, max: 9999, name: kind }],
    ecdsaSecureBootInsecure: false,
    p384MinRevision: null,
    secureBootMinRevision: 0,
    digests: 3,
    flashEncryptionFields: [],
    encryptedWriteAlign: 16,
    uartClockDivider: null,
    downloadModes: { disabled: 0, secure: 0 },
    hmac: true,
    memoryProtection: true,
    encryptsExternalRam: true,
    flashOff: { revisions: [], byRomFrom: null },
    printStrapDoubted: false,
    ...chip,
    supply: { causes: [brownOut], register: null, ...chip.supply },
    kind,
    ecdsaRefusal: (revision) => ecdsaRefusal(kind, chip.title, revision),
    efuseTables: efuseTables.filter((table) => table.chip === kind),
    production: {
      jtag: ownJtag ?? jtag,
      directBoot: directBoot ?? ['DIS_DIRECT_BOOT'],
      secureDownload: secureDownload ?? [],
      flashEncryptionRelease: release,
      flashEncryptionWriteProtect: releaseWriteProtect,
    },
  };
}

function ecdsaRefusal(kind: ChipKind, title: string, revision: Revision): string | null {
  const rule = efuseTableOfLine(kind, revision).purposes.find(({ purpose }) => purpose === 'ECDSA_KEY');
  if (rule === undefined) return `${title} has no ECDSA peripheral`;
  return rule.refusal === null ? null : `${title} ${revisionText(revision)}: ${rule.refusal}`;
}

export const profiles: readonly ChipProfile[] = Object.keys(differences).map((kind) => profile(kind as ChipKind));

export function profileOf(kind: ChipKind): ChipProfile {
  return profiles.find((candidate) => candidate.kind === kind)!;
}

/** The profile of an image and security-info chip id; null for a chip that this station does not know. */
export function profileByChipId(id: number): ChipProfile | null {
  return profiles.find(({ chipId }) => chipId === id) ?? null;
}
