import type { ChipKind, Revision } from '../model/chip.ts';
import type { SecureBootScheme } from '../model/recipe.ts';

/** What a kind of chip shows on its bus, besides eFuses (FACTS 1.5; esptool's targets name the registers). */
export interface KindFacts {
  /** Silicon that is common now: what a virtual chip is unless told otherwise. By major version, the first is the default. */
  readonly revisions: readonly Revision[];
  readonly flashSize: number;
  /** First bytes of Espressif's MAC addresses for it. */
  readonly macPrefix: readonly [number, number, number];
  readonly packageVersion: number;
  /** Other fields that the factory burns and tools look at, by name. */
  readonly factory?: Readonly<Record<string, number>>;
  /** Word at 0x40001000, in the ROM. */
  readonly romMagic: number;
  readonly crystalMHz: number;
  /** Others that its boards come with. */
  readonly otherCrystals?: readonly number[];
  /** MHz that its ROM always counts with, whatever the crystal (FACTS 1.6). */
  readonly romCountsWith?: number;
  readonly uartClockDivider: number;
  readonly spiBase: number;
  /** Offsets of its registers; CMD stands at the base on all of them. */
  readonly spi: { readonly usr: number; readonly usr2: number; readonly misoLength: number; readonly w0: number };
  /** Registers that do not reset to zero; on silicon from a revision on. */
  readonly resetValues: readonly (readonly [address: number, value: number, from?: Revision])[];
  /** Base of the watchdog that resets the whole chip: offsets of CONFIG0, CONFIG1 and WPROTECT. */
  readonly watchdog: { readonly config0: number; readonly config1: number; readonly protect: number };
  /** Where it keeps why it was reset: ChipProfile's belief, from the same source (ESP-IDF soc/rtc_cntl_reg.h). */
  readonly resetState?: number;
  /** Where a pointer written by the host makes READ_FLASH_SLOW start a stub with Secure Boot on (FACTS 1.6); null elsewhere. */
  readonly readHook: number | null;
  /** Whether boards come with flash of eight data lines, to which the factory sets its chip up (FLASH_TYPE). */
  readonly octalFlash?: true;
  /** Application cores. */
  readonly cores: 1 | 2;
  /** Fastest flash clock of its second stage, MHz: what the other speeds divide. */
  readonly flashMHz: number;
  /** Schemes of Secure Boot V2 that the ROM verifies, from a revision on; the last that fits counts (FACTS 4.1). */
  readonly secureBoot: readonly { readonly from: Revision; readonly schemes: readonly SecureBootScheme[] }[];
  /** First revision whose ECDSA peripheral works with a key from eFuse (FACTS 8); null: there is none. */
  readonly ecdsaFrom: Revision | null;
  /** First revision that runs no code of the ones before, nor they its own (FACTS 0.1). */
  readonly otherCodeFrom?: Revision;
  /** Revisions that leave the flash without supply in download mode until the host switches it on, and from which the ROM can (FACTS 1.6). */
  readonly flashOff?: { readonly revisions: readonly Revision[]; readonly byRomFrom: Revision };
  /** The bits of its security info that SPI_DOWNLOAD_MSPI_DIS sets, where it sets any (run; C6 has the fuse and tells nothing). */
  readonly mspiFlags?: number;
}

const mebi = 1024 * 1024;
/** SPI flash controller of all kinds but the first (FACTS 1.5; esptool's targets). */
const spi: KindFacts['spi'] = { usr: 0x18, usr2: 0x20, misoLength: 0x28, w0: 0x58 };

const kinds: Readonly<Record<ChipKind, KindFacts>> = {
  esp32p4: {
    revisions: [301, 103],
    flashSize: 16 * mebi,
    macPrefix: [0x30, 0xed, 0xa0],
    packageVersion: 0,
    romMagic: 0,
    crystalMHz: 40,
    uartClockDivider: 0x500ca014,
    spiBase: 0x5008d000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x50116000, config1: 0x50116004, protect: 0x50116018 },
    readHook: null,
    cores: 2,
    flashMHz: 80,
    secureBoot: [
      { from: 0, schemes: ['rsa3072', 'ecdsa-p256'] },
      { from: 300, schemes: ['rsa3072', 'ecdsa-p256', 'ecdsa-p384'] },
    ],
    ecdsaFrom: 300,
    otherCodeFrom: 300,
    flashOff: { revisions: [301, 302], byRomFrom: 302 },
    mspiFlags: (1 << 9) | (1 << 10),
  },
  esp32s3: {
    resetState: 0x60008038,
    octalFlash: true,
    revisions: [2],
    flashSize: 8 * mebi,
    macPrefix: [0xf4, 0x12, 0xfa],
    packageVersion: 0,
    romMagic: 0x9,
    crystalMHz: 40,
    uartClockDivider: 0x60000014,
    spiBase: 0x60002000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x60008098, config1: 0x6000809c, protect: 0x600080b0 },
    readHook: 0x3fcef688,
    cores: 2,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['rsa3072'] }],
    ecdsaFrom: null,
  },
  esp32c3: {
    resetState: 0x60008038,
    revisions: [4],
    flashSize: 4 * mebi,
    macPrefix: [0x34, 0x85, 0x18],
    packageVersion: 0,
    romMagic: 0x1b31506f,
    crystalMHz: 40,
    uartClockDivider: 0x60000014,
    spiBase: 0x60002000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x60008090, config1: 0x60008094, protect: 0x600080a8 },
    readHook: null,
    cores: 1,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['rsa3072'] }],
    ecdsaFrom: null,
  },
  esp32c6: {
    revisions: [2],
    flashSize: 8 * mebi,
    macPrefix: [0x40, 0x4c, 0xca],
    packageVersion: 0,
    romMagic: 0x2ce0806f,
    crystalMHz: 40,
    uartClockDivider: 0x60000014,
    spiBase: 0x60003000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x600b1c00, config1: 0x600b1c04, protect: 0x600b1c18 },
    readHook: null,
    cores: 1,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['rsa3072', 'ecdsa-p256'] }],
    ecdsaFrom: null,
  },
  esp32h2: {
    revisions: [102],
    flashSize: 4 * mebi,
    macPrefix: [0x74, 0x4d, 0xbd],
    packageVersion: 0,
    romMagic: 0xd7b73e80,
    crystalMHz: 32,
    uartClockDivider: 0x60000014,
    spiBase: 0x60003000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x600b1c00, config1: 0x600b1c04, protect: 0x600b1c1c },
    readHook: null,
    cores: 1,
    flashMHz: 48,
    secureBoot: [{ from: 0, schemes: ['rsa3072', 'ecdsa-p256'] }],
    ecdsaFrom: 0,
    mspiFlags: 1 << 10,
  },
  esp32c5: {
    revisions: [100],
    flashSize: 8 * mebi,
    macPrefix: [0xd0, 0xcf, 0x13],
    packageVersion: 0,
    romMagic: 0x1101406f,
    crystalMHz: 48,
    uartClockDivider: 0x60000014,
    spiBase: 0x60003000,
    spi,
    // PCR_SYSCLK_CONF: the crystal (MHz) that the ROM expects, bits 30:24
    resetValues: [[0x60096110, 48 << 24]],
    watchdog: { config0: 0x600b1c00, config1: 0x600b1c04, protect: 0x600b1c18 },
    readHook: null,
    cores: 1,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['rsa3072', 'ecdsa-p256', 'ecdsa-p384'] }],
    ecdsaFrom: 0,
    mspiFlags: (1 << 9) | (1 << 10),
  },
  esp32s2: {
    resetState: 0x3f408038,
    revisions: [100],
    flashSize: 4 * mebi,
    macPrefix: [0x7c, 0xdf, 0xa1],
    packageVersion: 0,
    romMagic: 0x7c6,
    crystalMHz: 40,
    uartClockDivider: 0x3f400014,
    spiBase: 0x3f402000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x3f408094, config1: 0x3f408098, protect: 0x3f4080ac },
    readHook: null,
    cores: 1,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['rsa3072'] }],
    ecdsaFrom: null,
  },
  esp32c61: {
    revisions: [100],
    flashSize: 8 * mebi,
    macPrefix: [0x30, 0x30, 0xf9],
    packageVersion: 0,
    romMagic: 0,
    crystalMHz: 40,
    uartClockDivider: 0x60000014,
    spiBase: 0x60003000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x600b1c00, config1: 0x600b1c04, protect: 0x600b1c18 },
    readHook: null,
    cores: 1,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['ecdsa-p256'] }],
    ecdsaFrom: 0,
    mspiFlags: (1 << 9) | (1 << 10),
  },
  esp32c2: {
    revisions: [102],
    flashSize: 4 * mebi,
    macPrefix: [0x08, 0x3a, 0x8d],
    packageVersion: 0,
    romMagic: 0x6f51306f,
    crystalMHz: 40,
    otherCrystals: [26],
    romCountsWith: 40,
    uartClockDivider: 0x60000014,
    spiBase: 0x60002000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x60008084, config1: 0x60008088, protect: 0x6000809c },
    readHook: null,
    cores: 1,
    flashMHz: 80,
    secureBoot: [{ from: 0, schemes: ['ecdsa-p256'] }],
    ecdsaFrom: null,
  },
  esp32: {
    resetState: 0x3ff48034,
    revisions: [301, 100],
    flashSize: 4 * mebi,
    macPrefix: [0x24, 0x6f, 0x28],
    packageVersion: 1,
    romMagic: 0x00f01d83,
    crystalMHz: 40,
    uartClockDivider: 0x3ff40014,
    spiBase: 0x3ff42000,
    spi: { usr: 0x1c, usr2: 0x24, misoLength: 0x2c, w0: 0x80 },
    // RTCCALICFG1: what the ROM measured of its crystal against the 8 MHz clock; with CK8M_FREQ 50 in eFuse it makes 40 MHz
    resetValues: [
      [0x3ff5f06c, 2048 << 7],
      // APB_CTRL_DATE: bit 31 tells v3 from v2, which have the same eFuse bits (esptool targets/esp32.py); its value is recorded
      [0x3ff6607c, 0x96042000, 300],
    ],
    watchdog: { config0: 0x3ff4808c, config1: 0x3ff48090, protect: 0x3ff480a4 },
    readHook: null,
    cores: 2,
    flashMHz: 80,
    secureBoot: [{ from: 300, schemes: ['rsa3072'] }],
    ecdsaFrom: null,
  },
  // Registers of the three below from source (esptool 5.6 targets, ESP-IDF soc headers); nothing of them was seen on silicon.
  esp32s31: {
    revisions: [0],
    flashSize: 16 * mebi,
    macPrefix: [0x30, 0xed, 0xa0],
    packageVersion: 0,
    romMagic: 0,
    crystalMHz: 40,
    uartClockDivider: 0x2038a014,
    spiBase: 0x20501000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x20801000, config1: 0x20801004, protect: 0x20801018 },
    readHook: null,
    cores: 2,
    flashMHz: 80,
    // The ROM has ECDSA as well (its symbols say so); ESP-IDF does not build for it, and nobody has shown that it works.
    secureBoot: [{ from: 0, schemes: ['rsa3072'] }],
    ecdsaFrom: 0,
    mspiFlags: (1 << 9) | (1 << 10),
  },
  esp32h21: {
    revisions: [0],
    flashSize: 4 * mebi,
    macPrefix: [0x74, 0x4d, 0xbd],
    packageVersion: 0,
    romMagic: 0,
    crystalMHz: 32,
    uartClockDivider: 0x60000014,
    spiBase: 0x60003000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x600b1c00, config1: 0x600b1c04, protect: 0x600b1c1c },
    readHook: null,
    cores: 1,
    flashMHz: 64,
    secureBoot: [{ from: 0, schemes: ['rsa3072'] }],
    ecdsaFrom: 0,
  },
  esp32h4: {
    revisions: [0],
    flashSize: 4 * mebi,
    macPrefix: [0x74, 0x4d, 0xbd],
    packageVersion: 0,
    // The one temperature range by which esptool knows a whole name for it.
    factory: { TEMP: 1 },
    romMagic: 0,
    crystalMHz: 32,
    uartClockDivider: 0x60012014,
    spiBase: 0x60099000,
    spi,
    resetValues: [],
    watchdog: { config0: 0x60090048, config1: 0x6009004c, protect: 0x60090064 },
    readHook: null,
    cores: 2,
    flashMHz: 64,
    // ESP-IDF has no Secure Boot for it (SOC_SECURE_BOOT_SUPPORTED 0).
    secureBoot: [],
    ecdsaFrom: 0,
  },
};

export function kindFacts(kind: ChipKind): KindFacts {
  return kinds[kind];
}

/** Schemes of Secure Boot V2 that the ROM of a revision verifies. */
export function secureBootSchemes(kind: ChipKind, revision: Revision): readonly SecureBootScheme[] {
  return kinds[kind].secureBoot.findLast(({ from }) => revision >= from)?.schemes ?? [];
}

/** Whether a revision has an ECDSA peripheral that works with a key from eFuse. */
export function hasEcdsaPeripheral(kind: ChipKind, revision: Revision): boolean {
  const { ecdsaFrom } = kinds[kind];
  return ecdsaFrom !== null && revision >= ecdsaFrom;
}

/** The common revision of a kind, or of one major version of it (P4: 1 -> v1.3, 3 -> v3.1); null where there is none of that major. */
export function commonRevision(kind: ChipKind, major?: number): Revision | null {
  const { revisions } = kinds[kind];
  if (major === undefined) return revisions[0]!;
  return revisions.find((revision) => Math.trunc(revision / 100) === major) ?? null;
}

/** How fast a ROM's clock really is by what it believes. */
export function romClockRatio({ crystalMHz, romCountsWith = crystalMHz }: KindFacts): number {
  return crystalMHz / romCountsWith;
}
/** PMU_DATE of the P4: bits 1:0 force the flash supply on. LP_SYSTEM ANA_XPD_PAD_GROUP: bit 0 switches the pads on. */
export const flashPowerRegisters = { pmuDate: 0x501153fc, forceOn: 0x3, padGroup: 0x5011010c } as const;
