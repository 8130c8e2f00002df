import { bytesOfWords, viewOf } from '../base/bytes.ts';
import type { SecurityInfo } from '../model/chip.ts';
import type { RegisterWrite } from './loader.ts';
import { parseSecurityInfo } from './security-info.ts';
import { eraseTimeout, md5Timeout, timeouts, writeTimeout } from './timeouts.ts';

export type LoaderMode = 'rom' | 'stub';

/** What goes behind the header: words of the command, then for data commands the block that the checksum covers. */
export interface RequestBody {
  readonly head: Uint8Array;
  readonly block?: Uint8Array;
}

/** What came back, its status already found good. `payload` is what stands before the status. */
export interface Reply {
  readonly value: number;
  readonly payload: Uint8Array;
}

/** One command of the loader: what is sent, what comes back, who knows it (FACTS 1.2). */
export interface Command<A, R> {
  readonly name: string;
  readonly opcode: number;
  readonly rom: boolean;
  readonly stub: boolean;
  readonly secureDownload: boolean;
  /** Whether sending it twice does no more than sending it once: such a command is tried again when its answer is lost. */
  readonly repeatable: boolean;
  /** Whether its request may carry key bytes: what it was made of is zeroed as soon as the driver has it (LAW 5). */
  readonly secret: boolean;
  encode(args: A, mode: LoaderMode): RequestBody;
  /** Milliseconds until the answer must be there. */
  timeout(args: A): number;
  /** Bytes of the answer before its status; the shorter form is listed after the longer. */
  replyLengths(mode: LoaderMode): readonly number[];
  decode(reply: Reply): R;
}

type Shape<A, R> = Pick<Command<A, R>, 'name' | 'opcode'> &
  Partial<Omit<Command<A, R>, 'decode'>> & {
    decode?: (reply: Reply) => R;
  };

const empty = new Uint8Array(0);
const nothing = (): RequestBody => ({ head: empty });
const words = (...values: number[]): RequestBody => ({ head: bytesOfWords(values) });

/** A command known to ROM and stub, closed in secure download mode, without answer payload, unless said otherwise. */
function command<A = void, R = void>(shape: Shape<A, R>): Command<A, R> {
  return {
    rom: true,
    stub: true,
    secureDownload: false,
    secret: false,
    repeatable: false,
    encode: nothing,
    timeout: () => timeouts.command,
    replyLengths: () => [0],
    decode: () => undefined as R,
    ...shape,
  };
}

/** One data block: `len, seq, 0, 0`, then the data. */
export interface Block {
  readonly sequence: number;
  readonly data: Uint8Array;
  /** Bytes of flash that this block may make the chip erase and write, for the timeout. */
  readonly work?: number;
}
const block = ({ sequence, data }: Block): RequestBody => ({
  head: bytesOfWords([data.length, sequence, 0, 0]),
  block: data,
});

export interface FlashBegin {
  /** Bytes that will be written (uncompressed); the ROM erases them now. */
  readonly size: number;
  readonly blocks: number;
  readonly blockSize: number;
  readonly offset: number;
  /** null: the form of four words, without the fifth that asks for encryption: all that ESP32's ROM knows (FACTS 1.2). */
  readonly encrypt: boolean | null;
}
const begin = ({ size, blocks, blockSize, offset, encrypt }: FlashBegin): RequestBody =>
  words(size, blocks, blockSize, offset, ...(encrypt === null ? [] : [encrypt ? 1 : 0]));

/** SYNC's fixed text: 07 07 12 20 and 32 times 55. */
const syncText = Uint8Array.from([0x07, 0x07, 0x12, 0x20, ...new Array<number>(32).fill(0x55)]);

export const commands = {
  /** Value: not 0 from a ROM, 0 from a stub. The answer comes eight times. */
  sync: command<void, number>({
    name: 'SYNC',
    opcode: 0x08,
    secureDownload: true,
    repeatable: true,
    encode: () => ({ head: syncText }),
    timeout: () => timeouts.sync,
    decode: (reply) => reply.value,
  }),
  getSecurityInfo: command<void, SecurityInfo>({
    name: 'GET_SECURITY_INFO',
    opcode: 0x14,
    secureDownload: true,
    repeatable: true,
    // 20 bytes; the S2 has the first 12 alone (FACTS 1.4).
    replyLengths: () => [20, 12],
    decode: (reply) => parseSecurityInfo(reply.payload),
  }),
  readRegister: command<number, number>({
    name: 'READ_REG',
    opcode: 0x0a,
    repeatable: true,
    encode: (address) => words(address),
    decode: (reply) => reply.value,
  }),
  writeRegisters: command<readonly RegisterWrite[]>({
    name: 'WRITE_REG',
    opcode: 0x09,
    secret: true,
    encode: (writes) =>
      words(...writes.flatMap((write) => [write.address, write.value, write.mask ?? 0xffffffff, write.delayUs ?? 0])),
    timeout: (writes) => timeouts.command + writes.reduce((sum, write) => sum + (write.delayUs ?? 0), 0) / 1000,
  }),
  spiAttach: command({
    name: 'SPI_ATTACH',
    opcode: 0x0d,
    secureDownload: true,
    repeatable: true,
    // Default pins; the ROM takes a second word.
    encode: (_, mode) => (mode === 'rom' ? words(0, 0) : words(0)),
  }),
  spiSetParams: command<number>({
    name: 'SPI_SET_PARAMS',
    opcode: 0x0b,
    secureDownload: true,
    repeatable: true,
    // id, size, block, sector, page, status mask
    encode: (size) => words(0, size, 0x10000, 0x1000, 0x100, 0xffff),
  }),
  changeBaudRate: command<{ readonly rate: number; readonly current: number }>({
    name: 'CHANGE_BAUDRATE',
    opcode: 0x0f,
    secureDownload: true,
    encode: ({ rate, current }, mode) => words(rate, mode === 'rom' ? 0 : current),
  }),
  memBegin: command<{
    readonly size: number;
    readonly blocks: number;
    readonly blockSize: number;
    readonly address: number;
  }>({
    name: 'MEM_BEGIN',
    opcode: 0x05,
    encode: ({ size, blocks, blockSize, address }) => words(size, blocks, blockSize, address),
  }),
  memData: command<Block>({ name: 'MEM_DATA', opcode: 0x07, encode: block }),
  memEnd: command<number>({
    name: 'MEM_END',
    opcode: 0x06,
    encode: (entry) => words(entry === 0 ? 1 : 0, entry),
    timeout: () => timeouts.memoryEnd,
  }),
  flashBegin: command<FlashBegin>({
    name: 'FLASH_BEGIN',
    opcode: 0x02,
    secureDownload: true,
    encode: begin,
    timeout: ({ size }) => eraseTimeout(size),
  }),
  flashData: command<Block>({
    name: 'FLASH_DATA',
    opcode: 0x03,
    secureDownload: true,
    encode: block,
    timeout: ({ data, work }) => writeTimeout(work ?? data.length),
  }),
  /** Ends a write and stays in the loader: for the stub, which tells here of the last block; a ROM would leave. */
  flashEnd: command<number>({
    name: 'FLASH_END',
    opcode: 0x04,
    secureDownload: true,
    encode: () => words(1),
    timeout: writeTimeout,
  }),
  deflateBegin: command<FlashBegin>({
    name: 'FLASH_DEFL_BEGIN',
    opcode: 0x10,
    encode: begin,
    timeout: ({ size }) => eraseTimeout(size),
  }),
  deflateData: command<Block>({
    name: 'FLASH_DEFL_DATA',
    opcode: 0x11,
    encode: block,
    timeout: ({ data, work }) => writeTimeout(work ?? data.length),
  }),
  deflateEnd: command<number>({
    name: 'FLASH_DEFL_END',
    opcode: 0x12,
    encode: () => words(1),
    timeout: writeTimeout,
  }),
  /** Hex in lower case. The ROM answers 32 hex digits, the stub 16 bytes. */
  flashMd5: command<{ readonly offset: number; readonly length: number }, string>({
    name: 'SPI_FLASH_MD5',
    opcode: 0x13,
    repeatable: true,
    encode: ({ offset, length }) => words(offset, length, 0, 0),
    timeout: ({ length }) => md5Timeout(length),
    replyLengths: (mode) => (mode === 'rom' ? [32] : [16]),
    decode: ({ payload }) =>
      payload.length === 32
        ? new TextDecoder().decode(payload).toLowerCase()
        : Array.from(payload, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  }),
  /** At most 64 bytes; the answer is always 64 long. */
  readFlashSlow: command<{ readonly offset: number; readonly length: number }, Uint8Array>({
    name: 'READ_FLASH_SLOW',
    opcode: 0x0e,
    stub: false,
    repeatable: true,
    encode: ({ offset, length }) => words(offset, length),
    replyLengths: () => [64],
    decode: ({ payload }) => payload,
  }),
  /** The data follow as frames of their own. */
  readFlash: command<{ readonly offset: number; readonly length: number; readonly packet: number }>({
    name: 'READ_FLASH',
    opcode: 0xd2,
    rom: false,
    encode: ({ offset, length, packet }) => words(offset, length, packet, 64),
  }),
  eraseRegion: command<{ readonly offset: number; readonly length: number }>({
    name: 'ERASE_REGION',
    opcode: 0xd1,
    rom: false,
    encode: ({ offset, length }) => words(offset, length),
    timeout: ({ length }) => eraseTimeout(length),
  }),
} as const;

/**
 * 0xEF XOR all bytes (FACTS 1.1). Words first, folded at the end: XOR does not mind which lane a byte is in, and blocks of 16 KiB at
 * 2 Mbaud on many ports make this a hot loop.
 */
export function blockChecksum(bytes: Uint8Array): number {
  const head = bytes.length < 4 ? bytes.length : -bytes.byteOffset & 3;
  const count = (bytes.length - head) >>> 2;
  const words = new Uint32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + head, count);
  let sum = 0;
  for (let i = 0; i < count; i++) sum ^= words[i] as number;
  sum ^= sum >>> 16;
  sum ^= sum >>> 8;
  for (let i = 0; i < head; i++) sum ^= bytes[i] as number;
  for (let i = head + 4 * count; i < bytes.length; i++) sum ^= bytes[i] as number;
  return (sum ^ 0xef) & 0xff;
}

/** The eight bytes before a request's body: direction 0, opcode, length, checksum. */
export function requestHeader(opcode: number, body: RequestBody): Uint8Array {
  const header = new Uint8Array(8);
  const view = viewOf(header);
  header[1] = opcode;
  view.setUint16(2, body.head.length + (body.block?.length ?? 0), true);
  if (body.block) view.setUint32(4, blockChecksum(body.block), true);
  return header;
}
