import type { ChipKind, Revision } from '../../model/chip.ts';

/** What a ROM prints of itself and of the way it boots. */
export interface RomBanner {
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
  /** Reset cause of a start from off, and what is printed where download mode is off for ever. */
  readonly powerOn?: string;
  readonly disabled?: string;
  /** Whether it greets with the bare text of `rom` and tells its flash pins, as only the first ROM does. */
  readonly classic?: true;
  /** Whether mode and clock stand in one line `SPI mode:` (P4, C5), or behind `SPIWP:` in a line `mode:`. */
  readonly spiModeInOneLine: boolean;
}

/**
 * Banners by ROM. C3: FACTS 17 (an emulated chip with its real ROM). P4, C5, C6, C61, H2, S2, S3: console captures that owners of boards
 * published (ESP32 too, esp-idf issues 6106 and 8054); of P4 v3.x only the name of the ROM, the rest as v1.x. The download lines of C6, C61, H2, C5 and S2 are inferred from their
 * neighbours.
 */
const banners: Readonly<Record<ChipKind | 'esp32p4-v3', RomBanner>> = {
  esp32p4: {
    rom: 'esp32p4-eco2-20240710',
    build: 'Jul 10 2024',
    flashBoot: '0x30f',
    downloadBoot: '0x307',
    downloadName: 'DOWNLOAD(USB/UART0/SPI)',
    waiting: 'waiting for download',
    romReset: 'rst:0xc (SW_CPU_RESET)',
    spiModeInOneLine: true,
  },
  'esp32p4-v3': {
    rom: 'esp32p4-eco5-20250430',
    build: 'Apr 30 2025',
    flashBoot: '0x30f',
    downloadBoot: '0x307',
    downloadName: 'DOWNLOAD(USB/UART0/SPI)',
    waiting: 'waiting for download',
    romReset: 'rst:0xc (SW_CPU_RESET)',
    spiModeInOneLine: true,
  },
  esp32s3: {
    rom: 'esp32s3-20210327',
    build: 'Mar 27 2021',
    flashBoot: '0x8',
    downloadBoot: '0x0',
    downloadName: 'DOWNLOAD(USB/UART0)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (RTC_SW_SYS_RST)',
    spiModeInOneLine: false,
  },
  esp32c3: {
    rom: 'esp32c3-api1-20210207',
    build: 'Feb  7 2021',
    flashBoot: '0x8',
    downloadBoot: '0x2',
    downloadName: 'UART0_BOOT',
    waiting: 'wait uart0 download',
    romReset: 'rst:0x3 (RTC_SW_SYS_RST)',
    spiModeInOneLine: false,
  },
  esp32c6: {
    rom: 'esp32c6-20220919',
    build: 'Sep 19 2022',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(USB/UART0/SDIO_REI_FEO)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (LP_SW_HPSYS)',
    spiModeInOneLine: false,
  },
  esp32h2: {
    rom: 'esp32h2-20221101',
    build: 'Nov  1 2022',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(USB/UART0/SPI)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (LP_SW_HPSYS)',
    spiModeInOneLine: false,
  },
  esp32c5: {
    rom: 'esp32c5-eco2-20250121',
    build: 'Jan 21 2025',
    flashBoot: '0x18',
    downloadBoot: '0x8',
    downloadName: 'DOWNLOAD(USB/UART0/SPI)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (LP_SW_HPSYS)',
    spiModeInOneLine: true,
  },
  esp32s2: {
    rom: 'esp32s2-rc4-20191025',
    build: 'Oct 25 2019',
    flashBoot: '0x8',
    downloadBoot: '0x0',
    downloadName: 'DOWNLOAD(USB/UART0)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (RTC_SW_SYS_RST)',
    spiModeInOneLine: false,
  },
  esp32c61: {
    rom: 'esp32c61-eco3-20250228',
    build: 'Feb 28 2025',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(USB/UART0/SPI)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (LP_SW_HPSYS)',
    spiModeInOneLine: true,
  },
  esp32c2: {
    rom: 'esp8684-api2-20220127',
    build: 'Jan 27 2022',
    flashBoot: '0xc',
    downloadBoot: '0x4',
    downloadName: 'DOWNLOAD(UART0)',
    waiting: 'waiting for download',
    romReset: 'rst:0x3 (RTC_SW_SYS_RST)',
    spiModeInOneLine: false,
  },
  esp32: {
    rom: 'ets Jul 29 2019 12:21:46',
    build: '',
    flashBoot: '0x13',
    downloadBoot: '0x3',
    downloadName: 'DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)',
    waiting: 'waiting for download',
    romReset: 'rst:0x1 (POWERON_RESET)',
    powerOn: 'POWERON_RESET',
    disabled: 'Download mode is disabled. Restart with GPIO0 high.',
    classic: true,
    spiModeInOneLine: false,
  },
};

export function romBanner(kind: ChipKind, revision: Revision): RomBanner {
  return banners[kind === 'esp32p4' && revision >= 300 ? 'esp32p4-v3' : kind];
}

/** The three lines of a power-on that boots from flash. */
export function flashBootLines(banner: RomBanner): string[] {
  const { powerOn = 'POWERON', flashBoot } = banner;
  return [...greeting(banner), `rst:0x1 (${powerOn}),boot:${flashBoot} (SPI_FAST_FLASH_BOOT)`];
}

/** What is printed with the download strap: the three lines and the waiting one; or, with DIS_DOWNLOAD_MODE, its refusal (FACTS 17). */
export function downloadBootLines(banner: RomBanner, downloadDisabled: boolean): string[] {
  const { powerOn = 'POWERON', disabled = 'Download boot modes disabled', romReset, waiting } = banner;
  const boot = `boot:${banner.downloadBoot} (${banner.downloadName})`;
  return downloadDisabled
    ? [...greeting(banner), `${romReset},${boot}`, disabled]
    : [...greeting(banner), `rst:0x1 (${powerOn}),${boot}`, waiting];
}

function greeting({ classic, rom, build }: RomBanner): string[] {
  return classic ? [rom, ''] : [`ESP-ROM:${rom}`, `Build:${build}`];
}
