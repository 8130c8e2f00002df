import { createHash } from 'node:crypto';
import { toHex, u32le } from '../base/bytes.ts';
import { commands } from './commands.ts';
import { type Exchange, isLost } from './exchange.ts';
import { garbled, timedOut } from './faults.ts';
import type { TransferOptions } from './loader.ts';
import { timeouts } from './timeouts.ts';

/** Bytes of one READ_FLASH: small enough to stop and to repeat, large enough that its two extra frames do not count. */
const pieceSize = 0x10000;
const packetSize = 0x1000;
const slowSize = 64;
const mostTries = 3;

/** Reads flash: by READ_FLASH with the stub, each piece checked by its MD5; 64 bytes a time with the ROM. */
export async function readFlash(
  exchange: Exchange,
  offset: number,
  length: number,
  options: TransferOptions,
): Promise<Uint8Array> {
  const whole = new Uint8Array(length);
  const step = exchange.mode === 'stub' ? pieceSize : slowSize;
  for (let done = 0; done < length; ) {
    options.signal?.throwIfAborted();
    const size = Math.min(step, length - done);
    const piece =
      exchange.mode === 'stub'
        ? await readPiece(exchange, offset + done, size)
        : await exchange.request(commands.readFlashSlow, { offset: offset + done, length: size });
    whole.set(piece.subarray(0, size), done);
    done += size;
    options.onProgress?.(done, length);
  }
  return whole;
}

async function readPiece(exchange: Exchange, offset: number, length: number): Promise<Uint8Array> {
  for (let round = 1; ; round++) {
    try {
      return await readPieceOnce(exchange, offset, length);
    } catch (error) {
      if (!isLost(error) || round === mostTries) throw error;
      exchange.countRetry();
      await exchange.transact((wire) => wire.resync());
    }
  }
}

/** Data frames, each acknowledged with the count received so far, then a frame of 16 bytes: the MD5 of all. */
function readPieceOnce(exchange: Exchange, offset: number, length: number): Promise<Uint8Array> {
  const { name, opcode } = commands.readFlash;
  return exchange.transact(
    async (wire) => {
      const whole = exchange.within(timeouts.readPiece + 2 * exchange.wireMs(length));
      const next = async (): Promise<Uint8Array> => {
        const by = exchange.within(timeouts.command);
        const frame = await wire.frame(by.until < whole.until ? by : whole);
        if (frame === null) throw timedOut(name, opcode, timeouts.command);
        return frame;
      };
      await wire.ask(commands.readFlash, { offset, length, packet: packetSize });
      const piece = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const frame = await next();
        if (frame.length > length - done) throw garbled(name, opcode);
        piece.set(frame, done);
        done += frame.length;
        await wire.sendFrame(u32le(done));
      }
      const digest = await next();
      if (toHex(digest) !== createHash('md5').update(piece).digest('hex')) throw garbled(name, opcode);
      return piece;
    },
    { bareFrames: true },
  );
}
