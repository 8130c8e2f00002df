import { viewOf } from '../../base/bytes.ts';
import { headerLength, opcode as op, syncAnswers } from './host.ts';
import { romError } from './rom-error.ts';

/**
 * Commands whose success leaves the error byte of an earlier failure standing (recordings: `00 05` and `00 07` behind a success).
 * SYNC, SPI_ATTACH, CHANGE_BAUDRATE and SPI_FLASH_MD5 were seen to clear it; of the register commands, SPI_SET_PARAMS and READ_FLASH_SLOW
 * it is assumed.
 */
const keepsError: ReadonlySet<number> = new Set([
  op.flashBegin,
  op.flashData,
  op.flashEnd,
  op.memBegin,
  op.memData,
  op.memEnd,
  op.deflBegin,
  op.deflData,
  op.deflEnd,
  op.securityInfo,
]);

/** Room for the data of the longest answer. */
const longest = 128;

/** The ROM's answers: its buffers are never cleared, so the value field and the bytes behind the status are stale. */
export class RomAnswers {
  /** The value field, from the last command that set it. */
  value = 0;
  readonly #send: (payloads: readonly Uint8Array[]) => void;
  /** Data of the last answer; what a shorter answer leaves standing is sent again with a longer one. */
  readonly #reply = new Uint8Array(longest);
  #error = 0;
  /** The last command that was accepted: refused ones answer under its opcode, as often as it did. */
  #opcode = 0;
  #count = 1;

  constructor(send: (payloads: readonly Uint8Array[]) => void) {
    this.#send = send;
  }

  accept(opcode: number): void {
    this.#opcode = opcode;
    this.#count = opcode === op.sync ? syncAnswers : 1;
  }

  /** To the SYNC that tells the ROM its line: answered like any other, and yet no command that leaves an opcode or a value behind (run). */
  connected(value: number): void {
    this.#out(op.sync, syncAnswers, value, 0, 0);
  }

  /** To the accepted command: its data, and that it went well. */
  data(data: Uint8Array): void {
    this.#reply.set(data);
    if (!keepsError.has(this.#opcode)) this.#error = 0;
    this.#out(this.#opcode, this.#count, this.value, data.length, 0);
  }

  /** To the accepted command: an error byte, 0 where it went well; `length`: data of an older answer that goes with it. */
  finish(error: number, length = 0): void {
    if (error !== 0 || !keepsError.has(this.#opcode)) this.#error = error;
    this.#out(this.#opcode, this.#count, this.value, length, error === 0 ? 0 : 1);
  }

  /** To an unknown or forbidden command. */
  refuse(): void {
    this.finish(romError.badMessage);
  }

  #out(opcode: number, count: number, value: number, length: number, status: number): void {
    this.#reply[length] = status;
    this.#reply[length + 1] = this.#error;
    const payload = new Uint8Array(headerLength + length + 4);
    const view = viewOf(payload);
    payload[0] = 1;
    payload[1] = opcode;
    view.setUint16(2, length + 4, true);
    view.setUint32(4, value, true);
    payload.set(this.#reply.subarray(0, length + 4), headerLength);
    this.#send(new Array<Uint8Array>(count).fill(payload));
  }
}
