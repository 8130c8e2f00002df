import { Inflater } from './inflater.ts';
import { romError } from './rom-error.ts';

/** What the ROM unpacks into before it writes. */
const windowSize = 0x8000;

/** What a block comes to: the error byte, 0 where it went well; 'deaf': the ROM loops for ever and answers nothing. */
export type DeflateResult = number | 'deaf';

/**
 * The stream behind FLASH_DEFL_DATA. The ROM writes a window when it is full, and what is left with the block that is the last by its
 * number, a multiple of four bytes: behind the end of the data that is what the window held before.
 */
export class DeflateStream {
  readonly #write: (data: Uint8Array) => void;
  readonly #inflater = new Inflater();
  readonly #window: Uint8Array;
  #filled = 0;

  /** `window`: the ROM's, which is never cleared. */
  constructor(window: Uint8Array, write: (data: Uint8Array) => void) {
    this.#window = window;
    this.#write = write;
  }

  static window(): Uint8Array {
    return new Uint8Array(windowSize);
  }

  close(): void {
    this.#inflater.close();
  }

  async push(data: Uint8Array, last: boolean): Promise<DeflateResult> {
    try {
      for (const piece of await this.#inflater.push(data)) this.#take(piece);
      if (this.#inflater.overrun) return 'deaf';
      if (!last) return 0;
      if (!(await this.#inflater.hasEnded())) return romError.deflate;
    } catch (error) {
      return /data check/.test((error as Error).message) ? romError.deflateSum : romError.deflate;
    }
    this.#write(this.#window.slice(0, (this.#filled + 3) & ~3));
    return 0;
  }

  #take(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const room = Math.min(piece.length - at, windowSize - this.#filled);
      this.#window.set(piece.subarray(at, at + room), this.#filled);
      at += room;
      this.#filled += room;
      if (this.#filled < windowSize) return;
      this.#write(this.#window.slice());
      this.#filled = 0;
    }
  }
}
