import type { ChipKind, Revision } from '../model/chip.ts';

/** What tells one mask ROM from another: what it prints of itself and says of itself, and how it listens. */
export interface RomEdition {
  /** Behind `ESP-ROM:`. */
  readonly rom: string;
  readonly build: string;
  /** Strap word of a boot from flash. */
  readonly flashBoot: string;
  /** Strap word and name of the download boot, and the line the ROM then waits with. */
  readonly downloadBoot: string;
  readonly downloadName: string;
  readonly waiting: string;
  /** Reset line of a restart by the ROM itself. */
  readonly romReset: string;
  /** Reset cause of a start from off. */
  readonly powerOn: string;
  /** Whether it greets with the bare text of `rom` and tells its flash pins, as only the first ROM does. */
  readonly classic?: true;
  /**
   * Whether its download boot listens on several lines at once: until a SYNC has come over one of them, nothing is answered (run: C2, C3
   * v1.1, C5, C6, C61, H2, P4; of S2 and S3 inferred). A boot that has the UART alone answers at once (recorded: C3, ESP32).
   */
  readonly waitsForSync: boolean;
  /** Whether an empty frame follows the answer to CHANGE_BAUDRATE (recorded of a C3; run: of all but C5). */
  readonly flushesForRate: boolean;
  /** Whether mode and clock stand in one line `SPI mode:` (P4, C5), or behind `SPIWP:` in a line `mode:`. */
  readonly spiModeInOneLine: boolean;
  /** Whether the verdict of Secure Boot begins with its scheme: never; only when it is ECDSA and good; always (run; S2, S3 inferred). */
  readonly namesScheme: 'never' | 'good-ecdsa' | 'always';
  /** The last line of a boot that the ROM gives up; with `headerTries` it does so after so many bad headers, otherwise it tries for ever. */
  readonly givesUp: string;
  readonly headerTries?: number;
  /** Whether it tells that an encrypted flash has the eFuse key, for the Key Manager may have another (run: P4, C5). */
  readonly namesFlashKey?: true;
  /**
   * Last word of GET_SECURITY_INFO, the API version. null: its answer ends before chip id and version (of S2, from esptool). 'none':
   * the command is unknown (recorded of ESP32).
   */
  readonly apiVersion: number | null | 'none';
  /** What stands in the seventh key purpose byte of that answer, for which there is no slot. */
  readonly seventhPurpose: number;
  /** Whether it sees a door that a fuse shuts while its loader runs (rom-door.ts). */
  readonly seesDoorShut: boolean;
  /** Whether, refusing download mode, it prints so and resets, again and again; the first ROM is silent until a reset (recorded). */
  readonly refusesAgain: boolean;
  /** What it says when the loader is left with nowhere to go (run; ESP32 recorded: its BASIC, of which only the greeting is made). */
  readonly farewell: string;
  /** With Secure Boot on, what MEM_END does: 'runs' the entry, 'leaves' the loader by a reset (C3, run), or 'stays' (S3, FACTS 1.6). */
  readonly memEndSecured: 'runs' | 'leaves' | 'stays';
  /** Words of FLASH_BEGIN: the first ROM knows no fifth, which encrypts (recorded). */
  readonly flashBeginWords: 4 | 5;
  /** Whether FLASH_END with nothing begun is taken for complete; it depends on the ROM's uncleared memory (run). */
  readonly endsNothing: boolean;
}

const usual = {
  waiting: 'waiting for download',
  powerOn: 'POWERON',
  waitsForSync: true,
  flushesForRate: true,
  spiModeInOneLine: false,
  namesScheme: 'always',
  apiVersion: 0,
  seventhPurpose: 0x0c,
  seesDoorShut: true,
  refusesAgain: true,
  farewell: 'user code done\r\n',
  memEndSecured: 'runs',
  flashBeginWords: 5,
  endsNothing: true,
} as const;
const p4 = {
  ...usual,
  flashBoot: '0x30f',
  downloadBoot: '0x307',
  downloadName: 'DOWNLOAD(USB/UART0/SPI)',
  romReset: 'rst:0x3 (SW_SYS_RESET)',
  spiModeInOneLine: true,
  namesFlashKey: true,
} as const;
const h2 = {
  ...usual,
  flashBoot: '0xc',
  downloadBoot: '0x4',
  downloadName: 'DOWNLOAD(USB/UART0)',
  romReset: 'rst:0x3 (LP_SW_HPSYS)',
  givesUp: 'ets_main.c 320 ',
} as const;
const softwareReset = 'rst:0x3 (RTC_SW_SYS_RST)';
const c3 = { ...usual, memEndSecured: 'leaves', endsNothing: false } as const;

/**
 * Mask ROMs. C2, C3 (both), C5, C6, C61, H2 and P4 v3: run in the ROM (test/rom); C3 before v1.1 recorded besides. ESP32: recorded in
 * an emulator. P4 v1.3: the ROM before it was run, its own name is from a console that an owner published; S2 and S3: such consoles
 * alone, their software reset inferred from the C3.
 */
const editions: Readonly<Record<ChipKind, RomEdition>> = {
  esp32p4: { ...p4, rom: 'esp32p4-eco2-20240710', build: 'Jul 10 2024', givesUp: 'ets_main.c 337 ' },
  esp32s3: {
    ...usual,
    rom: 'esp32s3-20210327',
    build: 'Mar 27 2021',
    flashBoot: '0x8',
    downloadBoot: '0x0',
    downloadName: 'DOWNLOAD(USB/UART0)',
    romReset: softwareReset,
    namesScheme: 'never',
    givesUp: 'ets_main.c 333 ',
    memEndSecured: 'stays',
  },
  esp32c3: {
    ...c3,
    rom: 'esp32c3-api1-20210207',
    build: 'Feb  7 2021',
    flashBoot: '0x8',
    downloadBoot: '0x2',
    downloadName: 'UART0_BOOT',
    waiting: 'wait uart0 download',
    waitsForSync: false,
    romReset: softwareReset,
    apiVersion: 3,
    namesScheme: 'never',
    givesUp: 'ets_main.c 333 ',
  },
  esp32c6: {
    ...usual,
    rom: 'esp32c6-20220919',
    build: 'Sep 19 2022',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(USB/UART0/SDIO_FEI_FEO)',
    romReset: 'rst:0x3 (LP_SW_HPSYS)',
    givesUp: 'ets_main.c 331 ',
  },
  esp32h2: { ...h2, rom: 'esp32h2-20221101', build: 'Nov  1 2022' },
  esp32c5: {
    ...usual,
    rom: 'esp32c5-eco2-20250121',
    build: 'Jan 21 2025',
    flashBoot: '0x18',
    downloadBoot: '0x8',
    downloadName: 'DOWNLOAD(UART0/USB)',
    romReset: 'rst:0x3 (RTC_SW_HPSYS)',
    spiModeInOneLine: true,
    flushesForRate: false,
    apiVersion: 2,
    seventhPurpose: 0x13,
    givesUp: 'assertion "result == ETS_OK" failed: file "ets_main.c", line 369, function: ets_flash_boot',
    headerTries: 3,
    namesFlashKey: true,
  },
  esp32s2: {
    ...usual,
    rom: 'esp32s2-rc4-20191025',
    build: 'Oct 25 2019',
    flashBoot: '0x8',
    downloadBoot: '0x0',
    downloadName: 'DOWNLOAD(USB/UART0)',
    romReset: softwareReset,
    apiVersion: null,
    namesScheme: 'never',
    givesUp: 'ets_main.c 333 ',
  },
  esp32c61: {
    ...usual,
    rom: 'esp32c61-eco3-20250228',
    build: 'Feb 28 2025',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(USB/UART0/SDIO_FEI_FEO)',
    romReset: 'rst:0x3 (RTC_SW_HPSYS)',
    spiModeInOneLine: true,
    apiVersion: 3,
    seventhPurpose: 0x10,
    givesUp: 'assertion "result == ETS_OK" failed: file "ets_main.c", line 386, function: ets_flash_boot',
    headerTries: 3,
  },
  esp32c2: {
    ...usual,
    rom: 'esp8684-api2-20220127',
    build: 'Jan 27 2022',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(UART0)',
    romReset: softwareReset,
    apiVersion: 1,
    seventhPurpose: 0,
    endsNothing: false,
    namesScheme: 'good-ecdsa',
    givesUp: 'ets_main.c 321 ',
  },
  esp32: {
    ...usual,
    rom: 'ets Jul 29 2019 12:21:46',
    build: '',
    flashBoot: '0x13',
    downloadBoot: '0x3',
    downloadName: 'DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)',
    romReset: 'rst:0x3 (SW_RESET)',
    powerOn: 'POWERON_RESET',
    waitsForSync: false,
    classic: true,
    seesDoorShut: false,
    refusesAgain: false,
    farewell: 'flash read err, 631\r\nFalling back to built-in command interpreter.\r\nOK\r\n>',
    flashBeginWords: 4,
    apiVersion: 'none',
    namesScheme: 'never',
    givesUp: '',
  },
  // Its name and build from the ROM itself (espflash 4.7.0 resources/roms); answers run in it (test/rom), mode words as its text has them.
  esp32s31: {
    ...p4,
    rom: 'esp32s31-20251218',
    build: 'Dec 18 2025',
    flashBoot: '0x18',
    downloadBoot: '0x8',
    seventhPurpose: 0x14,
    givesUp:
      'assertion "result == ETS_OK" failed: file "rom/ets_kernel/ets_main.c", line 496, function: ets_flash_boot',
    headerTries: 3,
  },
  // Nobody published a ROM of the two below, nor a console: all of it inferred from ESP32-H2, and the names say so.
  esp32h21: { ...h2, rom: 'esp32h21-unseen', build: 'unseen' },
  esp32h4: { ...h2, rom: 'esp32h4-unseen', build: 'unseen' },
};

/** What later silicon carries instead. */
const laterEditions: Readonly<Partial<Record<ChipKind, { readonly from: Revision; readonly edition: RomEdition }>>> = {
  esp32p4: {
    from: 300,
    edition: {
      ...p4,
      rom: 'esp32p4-eco5-20250430',
      build: 'Apr 30 2025',
      apiVersion: 5,
      seventhPurpose: 0x13,
      givesUp: 'ets_main.c 372 ',
      headerTries: 3,
    },
  },
  esp32c3: {
    from: 101,
    edition: {
      ...c3,
      rom: 'esp32c3-eco7-20230720',
      build: 'Jul 20 2023',
      flashBoot: '0xc',
      downloadBoot: '0x7',
      downloadName: 'DOWNLOAD(USB/UART0)',
      romReset: softwareReset,
      apiVersion: 7,
      namesScheme: 'never',
      givesUp: 'ets_main.c 333 ',
    },
  },
};

/** The ROM that silicon of this revision carries. */
export function romEdition(kind: ChipKind, revision: Revision): RomEdition {
  const later = laterEditions[kind];
  return later !== undefined && revision >= later.from ? later.edition : editions[kind];
}
