// SLIP as the loaders in the chip read and write it (FACTS 1.1): C0 frames, DB DC for C0, DB DD for DB. Written from the chip's side
// and apart from the host's framing in main/protocol, so that one can prove the other wrong.

const endMark = 0xc0;
const escapeMark = 0xdb;

/** What becomes of a DB with a foreign byte behind it: the ROM takes the byte as it is, the stub drops the frame (recordings). */
export type BadEscape = 'keep' | 'drop';

/**
 * Cuts a byte stream into frames, whole chunks at a time. The buffer keeps what earlier frames left behind a shorter one, as the ROM's
 * does: the ROM reads stale words where a request is too short.
 */
export class FrameScanner {
  /** The last frame lies at the front; what is behind it is older. */
  readonly buffer: Uint8Array;
  #inFrame = false;
  #escaped = false;
  #dropped = false;
  #length = 0;

  constructor(capacity: number) {
    this.buffer = new Uint8Array(capacity);
  }

  /** Forgets a frame begun (the bytes stay in the buffer). */
  reset(): void {
    this.#inFrame = false;
    this.#escaped = false;
    this.#dropped = false;
    this.#length = 0;
  }

  /**
   * Reads `chunk` from `from` up to the end of the first whole frame. Gives the position behind what was read and the frame's length,
   * -1 where the chunk ended before a frame did. A frame longer than the buffer loses its tail.
   */
  scan(chunk: Uint8Array, from: number, badEscape: BadEscape): { readonly at: number; readonly length: number } {
    let at = from;
    while (at < chunk.length) {
      if (!this.#inFrame) {
        const start = chunk.indexOf(endMark, at);
        if (start < 0) return { at: chunk.length, length: -1 };
        this.#inFrame = true;
        this.#length = 0;
        at = start + 1;
        continue;
      }
      const stop = chunk.indexOf(endMark, at);
      this.#take(chunk, at, stop < 0 ? chunk.length : stop, badEscape);
      if (stop < 0) return { at: chunk.length, length: -1 };
      at = stop + 1;
      if (this.#length === 0 && !this.#dropped) continue; // C0 C0: the second one begins a frame
      const length = this.#dropped ? -1 : this.#length;
      this.reset();
      if (length > 0) return { at, length };
    }
    return { at, length: -1 };
  }

  #take(chunk: Uint8Array, from: number, to: number, badEscape: BadEscape): void {
    let at = from;
    while (at < to) {
      if (this.#escaped) {
        const byte = chunk[at++]!;
        this.#escaped = false;
        if (byte === 0xdc) this.#put(endMark);
        else if (byte === 0xdd) this.#put(escapeMark);
        else if (badEscape === 'keep') this.#put(byte);
        else this.#dropped = true;
        continue;
      }
      const found = chunk.indexOf(escapeMark, at);
      const plainEnd = found < 0 || found >= to ? to : found;
      if (plainEnd > at) {
        const room = Math.min(plainEnd - at, this.buffer.length - this.#length);
        this.buffer.set(chunk.subarray(at, at + room), this.#length);
        this.#length += room;
      }
      if (plainEnd === to) return;
      this.#escaped = true;
      at = plainEnd + 1;
    }
  }

  #put(byte: number): void {
    if (this.#length < this.buffer.length) this.buffer[this.#length++] = byte;
  }
}

/** `payload` as a frame on the wire. */
export function frameOf(payload: Uint8Array): Uint8Array {
  let extra = 2;
  for (const byte of payload) if (byte === endMark || byte === escapeMark) extra++;
  const frame = new Uint8Array(payload.length + extra);
  let at = 0;
  frame[at++] = endMark;
  for (const byte of payload) {
    if (byte === endMark || byte === escapeMark) {
      frame[at++] = escapeMark;
      frame[at++] = byte === endMark ? 0xdc : 0xdd;
    } else frame[at++] = byte;
  }
  frame[at] = endMark;
  return frame;
}
