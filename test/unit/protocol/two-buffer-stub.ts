import { concat, u16le, u32le, viewOf } from '../../../main/base/bytes.ts';
import type { Clock } from '../../../main/base/clock.ts';
import { blockChecksum } from '../../../main/protocol/commands.ts';
import { SlipDecoder, slipFrame } from '../../../main/protocol/slip.ts';
import { FarEnd } from './far-end.ts';

interface Held {
  readonly frame: Uint8Array;
}

/**
 * The receiving side of Espressif's second-generation stub in the time of a hand-driven clock (its source: frame_buffer.c, slip.c,
 * command_handler.c): two frame buffers; a frame whose first byte finds both taken is dropped; a block is acknowledged when its writing
 * begins, and its write error comes with the next command.
 */
export class TwoBufferStub {
  readonly port: FarEnd;
  readonly flash = new Uint8Array(0x100000).fill(0xff);
  /** Milliseconds that writing the n-th block takes. */
  writeMs: (block: number) => number = () => 0;
  /** Milliseconds that an answer takes to the host. */
  latencyMs = 0;
  /** Numbers (from 1) of data frames that are lost on the way, and of blocks whose writing fails. */
  lose = new Set<number>();
  failWriting = new Set<number>();
  dropped = 0;
  begins = 0;
  readonly #clock: Clock;
  readonly #held: Held[] = [];
  #busy = false;
  #lineFreeAt = 0;
  #blocks = 0;
  #offset = 0;
  #late = 0;
  #writing = false;

  constructor(clock: Clock, baudRate: number) {
    this.#clock = clock;
    this.port = new FarEnd(clock);
    this.port.hasControlLines = false;
    this.port.baudRate = baudRate;
    this.port.onWrite = (bytes) => void this.#carry(bytes);
  }

  async #carry(bytes: Uint8Array): Promise<void> {
    const start = Math.max(this.#clock.monotonic(), this.#lineFreeAt);
    const end = start + (bytes.length * 10_000) / this.port.baudRate;
    this.#lineFreeAt = end;
    await this.#clock.sleep(start - this.#clock.monotonic());
    const room = this.#held.length + (this.#busy ? 1 : 0) < 2;
    await this.#clock.sleep(end - this.#clock.monotonic());
    if (!room) {
      this.dropped++;
      return;
    }
    const decoder = new SlipDecoder({
      frame: (frame) => {
        this.#held.push({ frame: frame.slice() });
        return true;
      },
      outside: () => undefined,
    });
    decoder.push(bytes);
    await this.#workOn();
  }

  async #workOn(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#held.shift(); next; next = this.#held.shift()) await this.#handle(next.frame);
    this.#busy = false;
  }

  async #handle(frame: Uint8Array): Promise<void> {
    const opcode = frame[1] as number;
    const view = viewOf(frame);
    if (opcode === 0x03 && this.lose.delete(++this.#blocks)) return;
    if (this.#late !== 0) {
      this.#answer(opcode, this.#late);
      this.#late = 0;
      return;
    }
    switch (opcode) {
      case 0x08:
        for (let i = 0; i < 8; i++) this.#answer(opcode, 0);
        return;
      case 0x02:
        this.begins++;
        this.#writing = true;
        this.#offset = view.getUint32(8 + 12, true);
        return this.#answer(opcode, 0);
      case 0x03: {
        const data = frame.subarray(24);
        if (!this.#writing) return this.#answer(opcode, 0xc6);
        if (blockChecksum(data) !== view.getUint32(4, true)) return this.#answer(opcode, 0xc1);
        this.#answer(opcode, 0);
        await this.#clock.sleep(this.writeMs(this.#blocks));
        if (this.failWriting.delete(this.#blocks)) this.#late = 0xc4;
        else this.flash.set(data, this.#offset);
        this.#offset += data.length;
        return;
      }
      case 0x14:
        return this.#answer(opcode, 0, new Uint8Array(20));
      default:
        return this.#answer(opcode, 0);
    }
  }

  #answer(opcode: number, status: number, payload: Uint8Array = new Uint8Array(0)): void {
    const head = concat(Uint8Array.of(1, opcode), u16le(payload.length + 2), u32le(0));
    const frame = slipFrame(head, payload, Uint8Array.of(status, 0));
    void this.#clock.sleep(this.latencyMs).then(() => this.port.send(frame));
  }
}
