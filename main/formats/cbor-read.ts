// Reads what cbor.ts writes: deterministic CBOR (RFC 8949, section 4.2.1) without floats and tags, and nothing else.
import { equalBytes } from '../base/bytes.ts';
import { type Cbor, encodeCbor } from './cbor.ts';

/** Deeper than anything that is stated. */
const deepest = 16;

/** The value whose one encoding these bytes are; undefined: they are none. Text-keyed maps have no prototype. */
export function decodeCbor(bytes: Uint8Array): Cbor | undefined {
  try {
    const reader = new Reader(bytes);
    const value = reader.item(0);
    // one form: longer heads, other orders, doubled keys and bytes behind the value all encode to something else
    return equalBytes(encodeCbor(value), bytes) ? value : undefined;
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** RangeError for what is no item, TypeError for text that is no UTF-8. */
  item(depth: number): Cbor {
    if (depth > deepest) throw new RangeError('too deep');
    const first = this.#view.getUint8(this.#at);
    const kind = first >>> 5;
    if (kind === 7) {
      this.#at++;
      if (first === 0xf4 || first === 0xf5) return first === 0xf5;
      if (first === 0xf6) return null;
      throw new RangeError('no simple value that is stated');
    }
    const number = this.#head();
    switch (kind) {
      case 0:
        return number;
      case 1:
        return -1 - number;
      case 2:
        return this.#take(number).slice();
      case 3:
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(number));
      case 4:
        return Array.from({ length: this.#count(number, 1) }, () => this.item(depth + 1));
      case 5:
        return this.#map(this.#count(number, 2), depth);
      default:
        throw new RangeError('a tag inside');
    }
  }

  #map(count: number, depth: number): Cbor {
    const entries = Array.from({ length: count }, () => [this.item(depth + 1), this.item(depth + 1)] as const);
    if (entries.length > 0 && entries.every((entry): entry is readonly [number, Cbor] => typeof entry[0] === 'number'))
      return new Map(entries);
    const named: Record<string, Cbor> = Object.create(null);
    for (const [key, value] of entries) {
      if (typeof key !== 'string') throw new RangeError('a key that is no text');
      named[key] = value;
    }
    return named;
  }

  #head(): number {
    const low = this.#view.getUint8(this.#at++) & 0x1f;
    if (low < 24) return low;
    const length = { 24: 1, 25: 2, 26: 4, 27: 8 }[low];
    if (length === undefined) throw new RangeError('no definite length');
    const at = this.#at;
    this.#at += length;
    if (length === 1) return this.#view.getUint8(at);
    if (length === 2) return this.#view.getUint16(at);
    if (length === 4) return this.#view.getUint32(at);
    const number = Number(this.#view.getBigUint64(at));
    if (!Number.isSafeInteger(number)) throw new RangeError('a number that is not stated');
    return number;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new RangeError('cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** No list is longer than its bytes: each item has `least` of them. */
  #count(count: number, least: number): number {
    if (count * least > this.#bytes.length - this.#at) throw new RangeError('cut off');
    return count;
  }
}
