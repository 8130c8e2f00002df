import type { ChipKind, Revision } from '../../model/chip.ts';
import type { NorFlash } from '../flash.ts';
import type { KindFacts } from '../kinds.ts';
import type { DoorFound, EfuseSilicon } from '../silicon.ts';
import type { RegisterSpace } from './registers.ts';

/** What a loader in the chip (ROM or stub) finds around it. */
export interface LoaderHost {
  readonly kind: ChipKind;
  readonly revision: Revision;
  readonly facts: KindFacts;
  readonly efuse: EfuseSilicon;
  readonly flash: NorFlash;
  readonly registers: RegisterSpace;
  /** Payloads of frames, sent as one answer. */
  answer(payloads: readonly Uint8Array[]): void;
  /** Bytes as they are. */
  sendRaw(bytes: Uint8Array): void;
  setBaudRate(rate: number): void;
  /** Data through the flash encryption engine, for an absolute address. */
  encrypt(plain: Uint8Array, address: number): Uint8Array;
  /** The stub that was loaded takes over. */
  startStub(): void;
  /** The loader is left for what lies in flash. */
  bootFromFlash(): void;
  /** Jumped to code that is none: nothing answers any more. */
  hang(): void;
  /** The ROM resets the chip in software: it starts anew with the strap as it was latched. */
  softwareReset(): void;
  /** VirtualChipOptions.doorFound of the board. */
  readonly doorFound: DoorFound;
}

/** Opcodes of the loaders (FACTS 1.2). */
export const opcode = {
  flashBegin: 0x02,
  flashData: 0x03,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  spiSetParams: 0x0b,
  spiAttach: 0x0d,
  readFlashSlow: 0x0e,
  changeBaudRate: 0x0f,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  flashMd5: 0x13,
  securityInfo: 0x14,
  eraseFlash: 0xd0,
  eraseRegion: 0xd1,
  readFlash: 0xd2,
  runUserCode: 0xd3,
} as const;

/** Request and answer: direction, opcode, length (u16), checksum or value (u32). */
export const headerLength = 8;
/** Data behind the 16-byte sub-header of MEM_DATA, FLASH_DATA and FLASH_DEFL_DATA. */
export const blockStart = headerLength + 16;
/** SYNC is answered so often by ROM and stub. */
export const syncAnswers = 8;

/** A loader handles one request at a time; a promise means that it is busy until then. */
export interface ChipLoader {
  readonly mode: 'rom' | 'stub';
  /** The frame lies at the front of `buffer`; what is behind `length` is older. */
  handle(buffer: Uint8Array, length: number): Promise<void> | void;
  close(): void;
}

/** 0xEF XOR all bytes (FACTS 1.1). */
export function checksumOf(bytes: Uint8Array): number {
  let sum = 0xef;
  for (let i = 0; i < bytes.length; i++) sum ^= bytes[i]!;
  return sum;
}
