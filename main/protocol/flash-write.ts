import { promisify } from 'node:util';
import { constants, deflate as deflateCallback } from 'node:zlib';
import { padTo } from '../base/bytes.ts';
import { type Fault, isFault } from '../model/fault.ts';
import { type Block, type Command, commands, type FlashBegin } from './commands.ts';
import { isLineDamage } from './errors.ts';
import { type Exchange, isLost, type Wire } from './exchange.ts';
import { misaligned } from './faults.ts';
import type { FlashWrite, TransferOptions } from './loader.ts';
import { isChipUsb } from './reset.ts';

const deflate = promisify(deflateCallback);

/** Data bytes of a block (FACTS 1.2). Over the chip's own USB-OTG both loaders take less; 0x800 suits every chip's USB. */
const blockSizes = { rom: 0x400, stub: 0x4000 } as const;
const sectorSize = 0x1000;
/** Begun again so many times in one write before the line is called bad. */
const mostRestarts = 3;

/**
 * How much may be on its way to the chip. The stub holds two frames: one that it writes, one that it receives. It acknowledges a block
 * when it *begins* to write it, so sending the next block on each acknowledgement already writes and receives at once; what is lost is
 * the way of the acknowledgement, once a block. Sending one block more ahead closes that gap as long as the chip writes a block faster
 * than the wire carries the next; when it does not, the frame finds no buffer and is dropped. So the window opens only while
 * acknowledgements come on time, and stays shut for good once a block was lost.
 */
export class SendWindow {
  readonly #exchange: Exchange;
  readonly #mayOpen: boolean;
  #shut = false;
  #onTime = false;
  #wireFreeAt = 0;
  #best = Number.POSITIVE_INFINITY;
  readonly #due: { readonly at: number; readonly ms: number }[] = [];

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    // Without a rate nothing tells when a block has arrived; USB inside the chip outruns its flash.
    this.#mayOpen = exchange.mode === 'stub' && exchange.port.hasBaudRate && !isChipUsb(exchange.port);
  }

  get size(): 1 | 2 {
    return this.#mayOpen && this.#onTime && !this.#shut ? 2 : 1;
  }

  /** A block of so many wire bytes was handed over. */
  sent(bytes: number, startedAt: number): void {
    const ms = (bytes * 10_000) / this.#exchange.port.baudRate;
    this.#wireFreeAt = Math.max(this.#wireFreeAt, startedAt) + ms;
    this.#due.push({ at: this.#wireFreeAt, ms });
  }

  /** The oldest block was acknowledged at that time. On time: within a quarter of a block of the best seen. */
  acknowledged(at: number): void {
    const due = this.#due.shift();
    if (!due) return;
    const late = at - due.at;
    // The first acknowledgement of a write meets an idle chip and says nothing about its writing.
    this.#onTime = this.#best !== Number.POSITIVE_INFINITY && late - Math.min(this.#best, late) <= due.ms / 4;
    this.#best = Math.min(this.#best, late);
  }

  /** A new FLASH_BEGIN: nothing is on its way. `lost`: because a block was lost. */
  restart(lost: boolean): void {
    if (lost) this.#shut = true;
    this.#due.length = 0;
    this.#best = Number.POSITIVE_INFINITY;
    this.#onTime = false;
  }
}

interface Stream {
  readonly begin: Command<FlashBegin, void>;
  readonly data: Command<Block, void>;
  readonly end: Command<number, void>;
  /** The bytes that go on the wire, and those that they become in flash. */
  readonly bytes: Uint8Array;
  readonly flashLength: number;
  readonly compressed: boolean;
  readonly blockSize: number;
  /** Granularity of the last block: the ROM wants whole blocks, the stub whole words. */
  readonly unit: number;
}

/** Writes flash and gives back when the chip has taken every block (with the stub: written it). Verify by MD5 afterwards. */
export async function writeFlash(
  exchange: Exchange,
  window: SendWindow,
  write: FlashWrite,
  options: TransferOptions,
): Promise<void> {
  if (write.offset % 4 !== 0)
    throw misaligned(`A flash write at 0x${write.offset.toString(16)} is not aligned to 4 bytes.`);
  if (write.data.length === 0) return;
  const stream = await streamOf(exchange, write);
  let from = 0;
  let reported = 0;
  const progress = (sent: number): void => {
    const done = stream.compressed
      ? Math.floor((sent / stream.bytes.length) * write.data.length)
      : Math.min(sent, write.data.length);
    if (done > reported) options.onProgress?.(done, write.data.length);
    reported = Math.max(reported, done);
  };
  await exchange.transact(async (wire) => {
    for (let restarts = 0; ; restarts++) {
      const state = { acknowledged: from };
      try {
        await pass(exchange, wire, window, write, stream, state, from, progress, options.signal);
        return;
      } catch (error) {
        if (!mayRestart(error) || restarts === mostRestarts) throw error;
        exchange.countRetry();
        window.restart(true);
        await wire.resync();
        from = safeRestart(exchange, write, stream, state.acknowledged);
      }
    }
  });
}

async function streamOf(exchange: Exchange, write: FlashWrite): Promise<Stream> {
  const { mode, port } = exchange;
  const blockSize = isChipUsb(port) ? 0x800 : blockSizes[mode];
  const unit = mode === 'rom' ? blockSize : 4;
  const asked = write.compression ?? 'auto';
  const may = !exchange.secureDownload && asked !== 'none';
  if (may && (asked === 'always' || (await compressionPays(write.data)))) {
    const bytes = await deflate(write.data, { level: constants.Z_BEST_COMPRESSION });
    // The ROM counts in whole blocks, the stub in bytes (FACTS 1.2).
    const flashLength = mode === 'rom' ? Math.ceil(write.data.length / blockSize) * blockSize : write.data.length;
    return {
      begin: commands.deflateBegin,
      data: commands.deflateData,
      end: commands.deflateEnd,
      bytes,
      flashLength,
      compressed: true,
      blockSize,
      unit: 1,
    };
  }
  const flashLength = mode === 'rom' ? write.data.length : Math.ceil(write.data.length / unit) * unit;
  return {
    begin: commands.flashBegin,
    data: commands.flashData,
    end: commands.flashEnd,
    bytes: write.data,
    flashLength,
    compressed: false,
    blockSize,
    unit,
  };
}

/** Three samples tell: an image is code here and padding there. Quick compression of 48 KiB costs less than a millisecond. */
async function compressionPays(data: Uint8Array): Promise<boolean> {
  const size = 0x4000;
  if (data.length < 0x1000) return false;
  const last = Math.max(0, data.length - size);
  const starts = data.length <= 3 * size ? [0] : [0, Math.floor(last / 2), last];
  const end = data.length <= 3 * size ? data.length : size;
  let before = 0;
  let after = 0;
  for (const start of starts) {
    const sample = data.subarray(start, start + end);
    before += sample.length;
    after += (await deflate(sample, { level: constants.Z_BEST_SPEED })).length;
  }
  return after < 0.9 * before;
}

/** One FLASH_BEGIN and its blocks from `from` (a byte of the stream). */
async function pass(
  exchange: Exchange,
  wire: Wire,
  window: SendWindow,
  write: FlashWrite,
  stream: Stream,
  state: { acknowledged: number },
  from: number,
  progress: (sent: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bytes, blockSize } = stream;
  const blocks = Math.ceil((bytes.length - from) / blockSize);
  window.restart(false);
  signal?.throwIfAborted();
  await wire.ask(stream.begin, {
    size: stream.flashLength - from,
    blocks,
    blockSize,
    offset: write.offset + from,
    encrypt: exchange.mode === 'rom' && exchange.firstRom ? null : false,
  });
  const onTheWay: Block[] = [];
  let sequence = 0;
  let answered = 0;
  while (answered < blocks) {
    const windowSize = stream.compressed ? 1 : window.size;
    while (sequence < blocks && onTheWay.length < windowSize && !signal?.aborted) {
      const start = from + sequence * blockSize;
      const data = padTo(bytes.subarray(start, start + blockSize), stream.unit, 0xff);
      const block = { sequence, data, work: stream.compressed ? stream.flashLength : data.length };
      const startedAt = exchange.clock.monotonic();
      window.sent(await wire.send(stream.data, block), startedAt);
      onTheWay.push(block);
      sequence++;
    }
    const oldest = onTheWay.shift();
    // Aborted, and what was on its way has been answered: the loader is ready for a new FLASH_BEGIN.
    if (!oldest) break;
    await wire.answer(stream.data, oldest);
    window.acknowledged(wire.answeredAt());
    answered++;
    state.acknowledged = Math.min(bytes.length, from + answered * blockSize);
    progress(state.acknowledged);
  }
  signal?.throwIfAborted();
  // The stub's answer to this comes when the last block is written, with its error. A ROM would leave its loader.
  if (exchange.mode === 'stub') await wire.ask(stream.end, stream.flashLength);
}

/** Where to begin again: what is certainly in flash, at a sector border; a compressed stream has no middle. */
function safeRestart(exchange: Exchange, write: FlashWrite, stream: Stream, acknowledged: number): number {
  if (stream.compressed || write.offset % sectorSize !== 0) return 0;
  // The stub acknowledges the last block before it writes it.
  const certain = exchange.mode === 'stub' ? acknowledged - stream.blockSize : acknowledged;
  return Math.max(0, Math.floor(certain / sectorSize) * sectorSize);
}

function mayRestart(error: unknown): boolean {
  if (isLost(error)) return true;
  if (!isFault(error, 'protocol.refused')) return false;
  const { command, status, error: code } = (error as Fault).details;
  return /DATA|END/.test(String(command)) && isLineDamage(Number(status), Number(code));
}
