// LZ4 blocks with a dictionary, as the LZ4 block format describes them (lz4.org, doc/lz4_Block_format.md): sequences of literals and of
// references to what came before, up to 65535 bytes back, into the dictionary where the block has not that many. Coding here looks longer
// for the best reference than libraries do, since what it packs is short, is packed once and kept for years.

const minMatch = 4;
const maxOffset = 65535;
/** The format: the last match begins at least 12 bytes before the end, and the last 5 bytes are literals. */
const lastMatchStart = 12;
const lastLiterals = 5;
const hashBits = 14;
/** Bytes that are faster copied by a call than by a loop. */
const longRun = 48;
/** How many earlier places with the same beginning are tried. */
const tries = 16;

/** Packs blocks against one dictionary; keeps what it knows of the dictionary between them. */
export class Lz4Packer {
  readonly #before: number;
  readonly #heads: Int32Array;
  /** Used anew for every block: the dictionary, then the block; for every place the one before it with the same beginning. */
  readonly #workHeads: Int32Array;
  #bytes: Uint8Array;
  #chain: Int32Array;

  constructor(dictionary: Uint8Array) {
    const near = dictionary.subarray(Math.max(0, dictionary.length - maxOffset));
    this.#before = near.length;
    this.#heads = new Int32Array(1 << hashBits).fill(-1);
    this.#workHeads = new Int32Array(1 << hashBits);
    this.#bytes = Uint8Array.from(near);
    this.#chain = new Int32Array(near.length);
    for (let at = 0; at + minMatch <= near.length; at++) link(near, at, this.#heads, this.#chain);
  }

  pack(source: Uint8Array): Uint8Array {
    const before = this.#before;
    if (this.#bytes.length < before + source.length) this.#grow(before + source.length);
    this.#bytes.set(source, before);
    this.#workHeads.set(this.#heads);
    const bytes = this.#bytes.subarray(0, before + source.length);
    const heads = this.#workHeads;
    const chain = this.#chain;
    // what a dictionary ends with may go on into the block
    for (let at = Math.max(0, before - minMatch + 1); at < before; at++) link(bytes, at, heads, chain);
    const out: number[] = [];
    let literals = before;
    let at = before;
    while (at <= bytes.length - lastMatchStart) {
      let best = longest(bytes, at, heads, chain);
      if (best.length === 0) {
        link(bytes, at++, heads, chain);
        continue;
      }
      // one byte later there may be a longer one
      link(bytes, at, heads, chain);
      if (at + 1 <= bytes.length - lastMatchStart) {
        const next = longest(bytes, at + 1, heads, chain);
        if (next.length > best.length + 1) {
          at++;
          link(bytes, at, heads, chain);
          best = next;
        }
      }
      sequence(out, bytes.subarray(literals, at), best.offset, best.length);
      // of a long match its end is enough: what begins within it began where it was found, too
      for (let inside = at + Math.max(1, best.length - 32); inside < at + best.length; inside++)
        link(bytes, inside, heads, chain);
      at += best.length;
      literals = at;
    }
    sequence(out, bytes.subarray(literals), 0, 0);
    return Uint8Array.from(out);
  }

  #grow(length: number): void {
    const [bytes, chain] = [new Uint8Array(2 * length), new Int32Array(2 * length)];
    bytes.set(this.#bytes);
    chain.set(this.#chain);
    this.#bytes = bytes;
    this.#chain = chain;
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return Math.imul(word, 2654435761) >>> (32 - hashBits);
}

function link(bytes: Uint8Array, at: number, heads: Int32Array, chain: Int32Array): void {
  if (at + minMatch > bytes.length) return;
  const hash = hashAt(bytes, at);
  chain[at] = heads[hash]!;
  heads[hash] = at;
}

function longest(
  bytes: Uint8Array,
  at: number,
  heads: Int32Array,
  chain: Int32Array,
): { offset: number; length: number } {
  const end = bytes.length - lastLiterals;
  let length = minMatch - 1;
  let offset = 0;
  let left = tries;
  for (
    let from = heads[hashAt(bytes, at)]!;
    from >= 0 && at - from <= maxOffset && left > 0;
    from = chain[from]!, left--
  ) {
    if (bytes[from + length] !== bytes[at + length]) continue;
    let same = 0;
    while (at + same < end && bytes[from + same] === bytes[at + same]) same++;
    if (same <= length) continue;
    length = same;
    offset = at - from;
  }
  return offset === 0 ? { offset: 0, length: 0 } : { offset, length };
}

/** One sequence: its literals, then a match; `length` 0: the last one, which has none. */
function sequence(out: number[], literals: Uint8Array, offset: number, length: number): void {
  const match = length === 0 ? 0 : length - minMatch;
  out.push((Math.min(literals.length, 15) << 4) | Math.min(match, 15));
  more(out, literals.length);
  for (const byte of literals) out.push(byte);
  if (length === 0) return;
  out.push(offset & 0xff, offset >>> 8);
  more(out, match);
}

function more(out: number[], length: number): void {
  if (length < 15) return;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) out.push(255);
  out.push(rest);
}

/** Unpacks the block at `at` into the first `length` bytes of `out`; false for a block that does not give exactly so many. */
export function unpackLz4(
  block: Uint8Array,
  at: number,
  out: Uint8Array,
  length: number,
  dictionary: Uint8Array,
): boolean {
  const end = block.length;
  let to = 0;
  while (at < end) {
    const token = block[at++]!;
    let literals = token >>> 4;
    if (literals === 15) for (let byte = 255; byte === 255; literals += byte) byte = block[at++] ?? 0;
    if (at + literals > end || to + literals > length) return false;
    // short ones, which most are, take longer to be called for than to be copied
    if (literals > longRun) out.set(block.subarray(at, at + literals), to);
    else for (let i = 0; i < literals; i++) out[to + i] = block[at + i]!;
    at += literals;
    to += literals;
    if (at === end) return to === length;
    if (at + 2 > end) return false;
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    let match = token & 15;
    if (match === 15) for (let byte = 255; byte === 255; match += byte) byte = block[at++] ?? 0;
    const stop = to + match + minMatch;
    let from = to - offset;
    if (offset === 0 || from < -dictionary.length || stop > length) return false;
    if (from < 0) {
      const first = dictionary.length + from;
      const known = Math.min(-from, stop - to);
      if (known > longRun) out.set(dictionary.subarray(first, first + known), to);
      else for (let i = 0; i < known; i++) out[to + i] = dictionary[first + i]!;
      to += known;
      from += known;
    }
    // the reference may reach into what it is about to give
    if (stop - to > longRun && from + stop - to <= to) {
      out.copyWithin(to, from, from + stop - to);
      to = stop;
    } else while (to < stop) out[to++] = out[from++]!;
  }
  return false;
}
