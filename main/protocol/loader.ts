import type { SecurityInfo } from '../model/chip.ts';

/** One entry of a WRITE_REG packet: `mask` selects the bits written, then the chip waits `delayUs`. */
export interface RegisterWrite {
  readonly address: number;
  readonly value: number;
  readonly mask?: number;
  readonly delayUs?: number;
}

export interface FlashWrite {
  /** Absolute flash address; a multiple of 4. */
  readonly offset: number;
  /**
   * As it is to lie in flash. The chip's own engine is never asked to encrypt on the way (fifth word of FLASH_BEGIN): on chips with a Key
   * Manager it does so under another key than the eFuses hold until SPI_BOOT_CRYPT_CNT is burned, and nobody could ever read it (FACTS 19).
   */
  readonly data: Uint8Array;
  /** 'auto': compressed where a sample of the data shows that it pays and the loader can; ciphertext goes plain. */
  readonly compression?: 'auto' | 'none' | 'always';
}

export interface TransferOptions {
  /** Stops between blocks; the loader stays usable for a new FLASH_BEGIN. */
  readonly signal?: AbortSignal;
  /** Bytes of `data` that the chip has acknowledged. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** How a loader's door is found (see Loader.writeToDoor). */
export type DoorState = 'open' | 'secure' | 'disabled' | 'silent';

/** Counters for budgets and fixture health. */
export interface LoaderCounters {
  /** Times that something was sent and its answers waited for: so often a line's latency is felt. */
  readonly exchanges: number;
  /** Commands in them: several READ_REG may go in one. */
  readonly commands: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly resyncs: number;
  readonly retries: number;
  /** Resets into the loader that found nobody. */
  readonly contactRetries: number;
  /** Rates that were asked for and did not carry. */
  readonly slowerRates: number;
}

/**
 * A conversation with the serial loader of one chip: ROM or stub. All exchanges go through one loop that owns the port; calls queue.
 * Faults: FixtureFault `protocol.no-answer` (nothing comes), `protocol.timeout`, `protocol.garbled`, `protocol.restarted` (a stub
 * ran, a ROM answers); BoardFault `protocol.refused`
 * (the loader's error by name, details {opcode, status, error}), `protocol.secure-download` (the command is closed in secure download
 * mode), `protocol.download-disabled` (the ROM printed that download boot is off).
 */
export interface Loader {
  /** Ends every wait for the board with its reason, from the moment it is set; null: none does. */
  signal: AbortSignal | null;
  readonly mode: 'rom' | 'stub';
  /** From GET_SECURITY_INFO, the first thing asked after SYNC; null on chips without it. */
  readonly security: SecurityInfo | null;
  readonly secureDownload: boolean;
  /** Lines the chip printed before it answered. */
  readonly console: readonly string[];
  readonly baudRate: number;
  /** Whether the port's lines can reset the board. */
  readonly canReset: boolean;
  readonly counters: LoaderCounters;
  /** Why the chip was reset, each time that it said so on its console (`rst:0x1`), the latest last. */
  readonly resetCauses: readonly number[];

  readRegister(address: number): Promise<number>;
  /** Several, read in this order: in one exchange where ROM and port are known to take it (see LoaderSession), else one by one. */
  readRegisters(addresses: readonly number[]): Promise<number[]>;
  /** Sends the writes in as few packets as the loader takes, in order. */
  writeRegisters(writes: readonly RegisterWrite[]): Promise<void>;
  /**
   * Sends writes whose last one makes the eFuse controller read what was burned, after a burn that shuts the loader's own door, and looks
   * what became of the loader, without a reset by the port's lines (see `knock`). open: it answers as before. secure: it came back in
   * secure download mode. disabled: it printed that download mode is off. silent: nothing of these. `register` is read to see whether it
   * answers.
   */
  writeToDoor(writes: readonly RegisterWrite[], register: number): Promise<DoorState>;
  /** Asks for security info anew. */
  readSecurityInfo(): Promise<SecurityInfo>;

  /** Loads and starts the flasher stub (from the carrier package) and greets it. No effect when it already runs. */
  startStub(stub: StubImage): Promise<void>;
  /** New rate on both ends; verified with one exchange, back to the old one and `false` when the new one does not carry. */
  changeBaudRate(rate: number): Promise<boolean>;

  /** SPI_ATTACH and, with a size, SPI_SET_PARAMS. Called once before flash work. */
  attachFlash(sizeBytes: number | null): Promise<void>;
  writeFlash(write: FlashWrite, options?: TransferOptions): Promise<void>;
  /** MD5 (hex) of flash as it lies there, computed by the chip. */
  flashMd5(offset: number, length: number, options?: TransferOptions): Promise<string>;
  readFlash(offset: number, length: number, options?: TransferOptions): Promise<Uint8Array>;
  eraseRegion(offset: number, length: number): Promise<void>;
  /** JEDEC id of the flash, by the SPI peripheral's registers (u24: manufacturer in the low byte). Flash must be attached. */
  readFlashId(spi: SpiRegisters): Promise<number>;

  /** Resets into the download loader again and syncs (ROM, 115200 baud, security info read). FixtureFault `protocol.no-reset` without lines. */
  resetToLoader(): Promise<void>;
  /**
   * Lets the board boot from flash and gives its console as text lines without line ends, until the caller stops iterating or `signal`
   * aborts. The loader cannot be used afterwards until `resetToLoader`. FixtureFault `protocol.no-reset` without lines unless
   * `resetBy: 'operator'`.
   */
  bootAndListen(options: {
    readonly signal?: AbortSignal;
    readonly resetBy?: 'lines' | 'operator';
  }): AsyncIterable<string>;
  /** Sends one line to the running firmware (only during bootAndListen). */
  sendLine(text: string): Promise<void>;
  close(): Promise<void>;
}

/** The SPI peripheral in front of the flash: its base address, and register offsets from it (ChipProfile.spiRegisters). */
export interface SpiRegisters {
  readonly base: number;
  readonly usr: number;
  readonly usr1: number;
  readonly usr2: number;
  readonly w0: number;
  readonly mosiDlen: number;
  readonly misoDlen: number;
}

/** A RAM program for the loader: the JSON of the flasher stub packages, decoded. */
export interface StubImage {
  readonly name: string;
  readonly entry: number;
  readonly text: Uint8Array;
  readonly textStart: number;
  readonly data: Uint8Array;
  readonly dataStart: number;
  readonly bssStart: number | null;
}
