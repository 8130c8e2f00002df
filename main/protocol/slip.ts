// SLIP (RFC 1055) as Espressif's loaders use it (FACTS 1.1):
//
//   wire    console text  C0 … DB DC … DB DD … C0  console text  C0 …
//   means   bytes outside    … C0    … DB    …     bytes outside   next frame

export const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

/** Longer than any frame of the protocol (0x4000 data bytes and its headers): what grows beyond is console text after a stray C0. */
const longestFrame = 0x8000;

/** Encodes frames into one array that is used again: what `encode` gives is valid until its next call. */
export class SlipEncoder {
  #scratch = new Uint8Array(256);

  /** One frame of the parts in order; `lead` C0 bytes more in front turn a receiver that lost its phase (see Exchange.resync). */
  encode(parts: readonly Uint8Array[], lead = 0): Uint8Array {
    let most = 2 + lead;
    for (const part of parts) most += 2 * part.length;
    if (this.#scratch.length < most) this.#scratch = new Uint8Array(most);
    const out = this.#scratch;
    let to = 0;
    for (let i = 0; i <= lead; i++) out[to++] = END;
    for (const part of parts) {
      const length = part.length;
      for (let i = 0; i < length; i++) {
        const byte = part[i] as number;
        if (byte === END) {
          out[to++] = ESC;
          out[to++] = ESC_END;
        } else if (byte === ESC) {
          out[to++] = ESC;
          out[to++] = ESC_ESC;
        } else {
          out[to++] = byte;
        }
      }
    }
    out[to++] = END;
    return out.subarray(0, to);
  }
}

/** One frame as an array of its own. */
export function slipFrame(...parts: readonly Uint8Array[]): Uint8Array {
  return new SlipEncoder().encode(parts).slice();
}

export interface SlipListener {
  /**
   * A whole frame, unescaped; valid during the call. False: these bytes are no frame of the conversation; they are then passed to
   * `outside`, and the closing C0 is taken as the opening of the next frame, which puts a decoder right that began in the middle.
   */
  frame(bytes: Uint8Array): boolean;
  /** Bytes outside frames: what the chip prints. Valid during the call. */
  outside(bytes: Uint8Array): void;
}

/** Takes a stream of frames and console text apart, cut anywhere. */
export class SlipDecoder {
  readonly #listener: SlipListener;
  readonly #frame = new Uint8Array(longestFrame);
  #length = 0;
  #state: 'outside' | 'inside' | 'escape' = 'outside';

  constructor(listener: SlipListener) {
    this.#listener = listener;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'outside') {
        const end = chunk.indexOf(END, at);
        const stop = end < 0 ? chunk.length : end;
        if (stop > at) this.#listener.outside(chunk.subarray(at, stop));
        if (end < 0) return;
        this.#state = 'inside';
        this.#length = 0;
        at = end + 1;
      } else {
        at = this.#inside(chunk, at);
      }
    }
  }

  /** Gives an unfinished frame up as console text and starts anew outside (after a reset, at the end of waiting). */
  reset(): void {
    if (this.#state !== 'outside' && this.#length > 0) this.#listener.outside(this.#frame.subarray(0, this.#length));
    this.#state = 'outside';
    this.#length = 0;
  }

  /** Reads on within a frame from `at`; gives back where it stopped: behind the frame's end, or the end of the chunk. */
  #inside(chunk: Uint8Array, from: number): number {
    const frame = this.#frame;
    let length = this.#length;
    let escaping = this.#state === 'escape';
    let at = from;
    for (; at < chunk.length; at++) {
      let byte = chunk[at] as number;
      if (byte === END) {
        this.#length = length;
        this.#ended(escaping);
        return at + 1;
      }
      if (escaping) {
        escaping = false;
        if (byte === ESC_END) byte = END;
        else if (byte === ESC_ESC) byte = ESC;
        else return this.#notAFrame(length, at);
      } else if (byte === ESC) {
        escaping = true;
        continue;
      }
      if (length === longestFrame) return this.#notAFrame(length, at);
      frame[length++] = byte;
    }
    this.#length = length;
    this.#state = escaping ? 'escape' : 'inside';
    return at;
  }

  #ended(cutInEscape: boolean): void {
    const length = this.#length;
    this.#length = 0;
    // An empty frame is the seam of two frames or noise: its closing C0 may as well open the next.
    if (length === 0) {
      this.#state = 'inside';
      return;
    }
    const bytes = this.#frame.subarray(0, length);
    const taken = !cutInEscape && this.#listener.frame(bytes);
    this.#state = taken ? 'outside' : 'inside';
    if (!taken) this.#listener.outside(bytes);
  }

  #notAFrame(length: number, at: number): number {
    this.#listener.outside(this.#frame.subarray(0, length));
    this.#length = 0;
    this.#state = 'outside';
    return at;
  }
}
