import type { RandomSource } from '../base/random.ts';
import type { EfuseSnapshot, EfuseTable } from '../efuse/types.ts';
import type { ChipKind, Revision } from '../model/chip.ts';

/**
 * When the ROM finds the door shut that an eFuse read command has just put in force: at the next command, which it leaves unanswered
 * (recorded of a C3), or already before it answers the command that started the reading. The ROMs look seven times before each answer, so
 * on silicon it depends on how fast the controller is (FACTS 19): both happen.
 */
export type DoorFound = 'at-next-command' | 'before-answer';

/** What makes one virtual chip: everything it does follows from this (and from what is sent to it). */
export interface VirtualChipOptions {
  readonly kind: ChipKind;
  /** major * 100 + minor; default: the newest common one of the kind. */
  readonly revision?: Revision;
  /** Version of the eFuse blocks that the factory burned, major * 100 + minor; default v0.1. */
  readonly blockVersion?: Revision;
  /** ESP32-S3: whether its factory set it up for flash with eight data lines (FLASH_TYPE). */
  readonly octalFlash?: boolean;
  /** `aa:bb:...`; default: made from the seed. */
  readonly mac?: string;
  readonly seed?: number;
  readonly flashSize?: number;
  /** What is burned in a new chip, instead of what its factory burns: revision and MAC are in it. Its errors and hidden keys are not. */
  readonly efuses?: EfuseSnapshot;
  /** File that holds eFuses and flash between sessions; absent: memory only. */
  readonly stateFile?: string;
  /** Default: as recorded, 'at-next-command'. */
  readonly doorFound?: DoorFound;
  /** Faults to come, by name and trigger. */
  readonly faults?: readonly VirtualFault[];
  /** Line pacing: 'line' sends and receives no faster than its baud rate; 'none' as fast as it can. */
  readonly pacing?: 'line' | 'none';
  /** ESP32-C2: the board's crystal. With 26 its ROM, which counts with 40, prints at 74880 baud. Default 40. */
  readonly crystalMHz?: number;
  /** Added to every answer, milliseconds (adapter latency). */
  readonly latencyMs?: number;
  /** Whether flash takes time to erase and program, as serial NOR typically does; default 'none'. */
  readonly flashTimes?: 'none' | 'typical';
  /** How long after EN's release the chip starts and reads its strap, milliseconds (the capacitor at EN); default 5. */
  readonly enRiseMs?: number;
  /**
   * The application is a release build that shuts the download door by itself at every start (FACTS 13.2); an image does not show
   * with which options it was built, so it is said here.
   */
  readonly firmwareShutsDoors?: boolean;
  /** The application is built to force constant time on the elliptic-curve engine (CONFIG_ESP_CRYPTO_FORCE_ECC_CONSTANT_TIME_POINT_MUL). */
  readonly firmwareForcesConstantTime?: boolean;
  /** The application prints the chip's MAC when it starts, as many do. */
  readonly firmwarePrintsMac?: boolean;
  /** The bootloader is one that encrypts flash at its first start, in release mode; an image does not show it either. */
  readonly firmwareEncrypts?: boolean;
}

/** A fault that the silicon, its supply or its line has. `after` counts occasions of the trigger, from 1. */
export type VirtualFault =
  /** Power goes in the middle of the n-th eFuse program command: only some of its bits are in. The line goes dead until `powerOn`. */
  | { readonly kind: 'power-cut-in-burn'; readonly after: number }
  /** The same, and what is in is one half of the block. */
  | { readonly kind: 'power-cut-in-half'; readonly after: number }
  /** Power goes right after the n-th eFuse program command was carried out. */
  | { readonly kind: 'power-cut-after-burn'; readonly after: number }
  /** One bit of the n-th eFuse program command does not take at the first try. */
  | { readonly kind: 'weak-burn'; readonly after: number }
  /** One bit of the n-th eFuse program command never takes. */
  | { readonly kind: 'dead-bit'; readonly after: number }
  /** Power goes after so many bytes of flash were written. */
  | { readonly kind: 'power-cut-in-flash'; readonly afterBytes: number }
  /** A flash cell does not take what is written at this address. */
  | { readonly kind: 'bad-flash'; readonly address: number }
  /** The n-th answer does not come. */
  | { readonly kind: 'lost-answer'; readonly after: number }
  /** A bit of the n-th answer is flipped. */
  | { readonly kind: 'garbled-answer'; readonly after: number }
  /** A byte of the n-th request is lost on the way. */
  | { readonly kind: 'lost-request-byte'; readonly after: number }
  /** The port vanishes (unplugged) after so many bytes in both directions. */
  | { readonly kind: 'unplug'; readonly afterBytes: number }
  /** The chip does not answer at all. */
  | { readonly kind: 'mute' }
  /** The supply breaks down at the n-th answer, which does not come: the chip starts again, its strap as latched, and says why. */
  | { readonly kind: 'brown-out'; readonly after: number }
  /** The supply breaks down once as the chip starts for the n-th time. */
  | { readonly kind: 'brown-out-at-start'; readonly after: number }
  /** From the n-th answer on: nothing. */
  | { readonly kind: 'mute-from'; readonly after: number }
  /** From the n-th answer on: whole frames of a command that nobody sent, every 20 ms. */
  | { readonly kind: 'chatter-from'; readonly after: number }
  /** From the n-th answer on: half of each. */
  | { readonly kind: 'half-from'; readonly after: number }
  /** From the n-th answer on: a frame that does not end. */
  | { readonly kind: 'endless-from'; readonly after: number }
  /** From the n-th answer on: bytes by chance, as fast as the line carries them. */
  | { readonly kind: 'babble-from'; readonly after: number }
  /** The new baud rate does not carry: garbage after CHANGE_BAUDRATE above this rate. */
  | { readonly kind: 'baud-limit'; readonly rate: number };

/** Flash with NOR behaviour: programming only clears bits, erasing sets a sector. */
export interface VirtualFlash {
  readonly size: number;
  read(address: number, length: number): Uint8Array;
  /** Clears bits only. */
  program(address: number, data: Uint8Array): void;
  /** 4 KiB sectors. */
  erase(address: number, length: number): void;
}

/** The eFuse controller as the bus sees it, and the unprotected view that only a test or a boot ROM has. */
export interface VirtualEfuse {
  readonly table: EfuseTable;
  /** Register access, offset from the controller's base. */
  readRegister(offset: number): number;
  writeRegister(offset: number, value: number): void;
  /** Words of a block as hardware sees them, read protection ignored. */
  hardwareBlock(block: number): readonly number[];
  /** Value of a field as latched by the last read command (what the ROM obeys). */
  field(name: string): number;
  /** Power-on: latches all values as a read command does. */
  powerOn(): void;
}

/** A whole eFuse controller with the array behind it, as a chip in software has one. */
export interface EfuseSilicon extends VirtualEfuse {
  /** Time that passes for the controller, microseconds: delays inside one packet of register writes. */
  advance(micros: number): void;
  /** Reset without loss of power: staged words are gone, the latched values stay. */
  reset(): void;
  /** Burns a field as code on the chip does, and reads it back at once. Write protection holds for it too. */
  burnField(name: string, value: number): void;
  /** Puts a block as the factory delivers it. */
  setFactoryBlock(block: number, bytes: Uint8Array): void;
  /** Copy of the array, block by block, for the state file. */
  burned(): Uint8Array[];
  /** Puts an array that `burned` gave. RangeError where its shape is another chip's. */
  restore(array: readonly Uint8Array[]): void;
}

/** Bytes out of the chip's UART. */
export type UartSink = (bytes: Uint8Array) => void;

/** What a boot needs of the chip; what it gives back is console text and the running firmware. */
export interface BootContext {
  readonly kind: ChipKind;
  readonly revision: Revision;
  readonly mac: string;
  readonly efuse: VirtualEfuse;
  readonly flash: VirtualFlash;
  readonly random: RandomSource;
  /** VirtualChipOptions.firmwareShutsDoors of the board. */
  readonly firmwareShutsDoors?: boolean;
  /** VirtualChipOptions.firmwareForcesConstantTime of the board. */
  readonly firmwareForcesConstantTime?: boolean;
  /** VirtualChipOptions.firmwarePrintsMac of the board. */
  readonly firmwarePrintsMac?: boolean;
  /** eFuse writes by ROM or firmware (aggressive revocation, SECURE_VERSION, doors shut by a release application). */
  burn(field: string, value: number): void;
  /** Set where the board has VirtualChipOptions.firmwareEncrypts: what a bootloader that encrypts flash needs beyond. */
  readonly encrypts?: {
    /** A key block as firmware burns it: data and parity, 44 bytes. */
    burnKey(block: number, codeword: Uint8Array): void;
    /** Whether the supply is still there: firmware goes no further without. */
    powered(): boolean;
  };
}

/** How a boot from flash ended. */
export interface BootResult {
  /** Console lines without line ends, ROM first. */
  readonly lines: readonly string[];
  /** 'running': the application runs and may answer lines; 'halted': it stays there; 'resetting': it repeats for ever. */
  readonly state: 'running' | 'halted' | 'resetting';
  readonly firmware: RunningFirmware | null;
}

export interface RunningFirmware {
  /** Answers one line from the host (without line end) with lines; empty: nothing is said. */
  answer(line: string): readonly string[];
}

/** Boot from flash as ROM and second stage do it. */
export type BootFromFlash = (context: BootContext) => BootResult;
