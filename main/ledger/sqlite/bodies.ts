// How the bodies of rows lie in the file. The chain hashes plain text, and exports are plain; packing is between this file and the disk.
// A body is TEXT (plain) or a BLOB:
//
//   byte 0     1
//   varint     dictionary that it is packed against (table dictionaries), 0: none
//   varint     bytes of the plain text (UTF-8)
//   rest       one LZ4 block (base/lz4.ts)
//
// varint: seven bits a byte, the lowest first, bit 7 set where another byte follows. A dictionary is the plain bodies of one run's events,
// or of its sealed row, kept once for the boards of its recipe: what they have in common (names of eFuse fields, consoles, steps) is stored once.

import type { Database, Statement } from 'better-sqlite3';
import { toHex, utf8 } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/digest.ts';
import { Lz4Packer, unpackLz4 } from '../../base/lz4.ts';
import { hasTable } from './shape.ts';

/** A body as it lies in the file. */
export type StoredBody = string | Uint8Array;

/** Shorter ones are not worth packing. */
const leastBytes = 80;
/** LZ4 looks back 64 KB; the text that is packed has to be near the dictionary, too. */
const dictionaryBytes = 60_000;
const form = 1;
const noDictionary = new Uint8Array();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Packs and unpacks on one connection; remembers its dictionaries. */
export class Bodies {
  /** Used anew for every body. */
  #packed = Buffer.allocUnsafeSlow(4096);
  #plain = Buffer.allocUnsafeSlow(16_384);
  readonly #texts = new Map<number, Uint8Array>();
  readonly #packers = new Map<number, Lz4Packer>([[0, new Lz4Packer(noDictionary)]]);
  readonly #byRecipe = new Map<string, number>();
  readonly #find: Statement | null;
  readonly #ofRecipe: Statement | null;
  readonly #keep: Statement | null;

  constructor(db: Database) {
    // A book of an older program that nobody has written since has no such table.
    const has = hasTable(db, 'dictionaries');
    this.#find = has ? db.prepare('SELECT sha256, body FROM dictionaries WHERE id = ?') : null;
    this.#ofRecipe = has ? db.prepare('SELECT max(id) FROM dictionaries WHERE recipe = ?').pluck() : null;
    this.#keep = has ? db.prepare('INSERT INTO dictionaries (recipe, sha256, body) VALUES (?, ?, ?)') : null;
  }

  /** The plain text of a body; null where it cannot be had: it was changed, or its dictionary was. */
  text(stored: unknown): string | null {
    if (typeof stored === 'string') return stored;
    return stored instanceof Uint8Array ? this.#unpacked(stored) : null;
  }

  /** The same of a packed body that comes as hex. */
  textOfHex(stored: string): string | null {
    const length = stored.length / 2;
    if (this.#packed.length < length) this.#packed = Buffer.allocUnsafeSlow(2 * length);
    this.#packed.write(stored, 'hex');
    return this.#unpacked(this.#packed.subarray(0, length));
  }

  #unpacked(stored: Uint8Array): string | null {
    const length = this.#unpack(stored);
    if (length === null) return null;
    const text = this.#plain.toString('utf8', 0, length);
    // what is no UTF-8 becomes this character, which may stand there in its own right
    return text.includes('\ufffd') ? strictText(this.#plain.subarray(0, length)) : text;
  }

  /** Into `#plain`; gives how many bytes. */
  #unpack(stored: Uint8Array): number | null {
    if (stored[0] !== form) return null;
    const [dictionary, afterDictionary] = varint(stored, 1);
    const [length, start] = varint(stored, afterDictionary);
    const text = this.#text(dictionary);
    if (text === null || length > 1 << 30) return null;
    if (this.#plain.length < length) this.#plain = Buffer.allocUnsafeSlow(2 * length);
    return unpackLz4(stored, start, this.#plain, length, text) ? length : null;
  }

  /** How `text` is to lie in the file, packed against the dictionary of this recipe (its hash; ` sealed` behind it for sealed rows). */
  stored(text: string, recipe: string): StoredBody {
    if (text.length < leastBytes) return text;
    const dictionary = this.#dictionaryOf(recipe);
    const plain = utf8(text);
    const block = this.#packer(dictionary).pack(plain);
    const packed = Uint8Array.from([form, ...asVarint(dictionary), ...asVarint(plain.length), ...block]);
    return packed.length < plain.length ? packed : text;
  }

  /** Whether the boards of a recipe have a dictionary. */
  hasDictionary(recipe: string): boolean {
    return this.#dictionaryOf(recipe) !== 0;
  }

  /** What is kept for a recipe, as text; null: nothing that can be had. */
  kept(recipe: string): string | null {
    // asked each time: what is not there yet may come
    const id = (this.#ofRecipe?.get(recipe) as number | null | undefined) ?? 0;
    const text = id === 0 ? null : this.#text(id);
    return text === null ? null : strictText(text);
  }

  /** Keeps what the bodies of a run have in common with those to come. */
  keepDictionary(recipe: string, bodies: readonly string[]): void {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const body of new Set(bodies)) {
      const part = utf8(body);
      if (length + part.length > dictionaryBytes) continue;
      parts.push(part);
      length += part.length;
    }
    const text = Uint8Array.from(Buffer.concat(parts));
    const block = this.#packer(0).pack(text);
    const body = Uint8Array.from([form, 0, ...asVarint(text.length), ...block]);
    this.#keep?.run(recipe, Buffer.from(sha256Hex(text), 'hex'), body);
    this.forget();
  }

  /** To be called where a transaction was taken back: a dictionary may have gone with it. */
  forget(): void {
    this.#byRecipe.clear();
    for (const known of [this.#texts, this.#packers]) for (const id of known.keys()) if (id !== 0) known.delete(id);
  }

  #dictionaryOf(recipe: string): number {
    let id = this.#byRecipe.get(recipe);
    if (id === undefined) {
      id = (this.#ofRecipe?.get(recipe) as number | null | undefined) ?? 0;
      this.#byRecipe.set(recipe, id);
    }
    return id;
  }

  #packer(id: number): Lz4Packer {
    let packer = this.#packers.get(id);
    if (packer === undefined) {
      packer = new Lz4Packer(this.#text(id) ?? noDictionary);
      this.#packers.set(id, packer);
    }
    return packer;
  }

  /** The text of a dictionary; null where it is not there or not the one that was kept. */
  #text(id: number): Uint8Array | null {
    if (id === 0) return noDictionary;
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const kept = this.#find?.get(id) as { sha256: Uint8Array; body: Uint8Array } | undefined;
    const length = kept === undefined ? null : this.#unpack(kept.body);
    const text = length === null ? null : Uint8Array.from(this.#plain.subarray(0, length));
    if (text === null || sha256Hex(text) !== toHex(kept!.sha256)) return null;
    this.#texts.set(id, text);
    return text;
  }
}

/** The name under which what sealed rows of a recipe have in common is kept. */
export function dictionaryOfRecords(recipe: string): string {
  return `${recipe} sealed`;
}

function strictText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function asVarint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** A value and where it ends. */
function varint(bytes: Uint8Array, at: number): readonly [value: number, end: number] {
  let value = 0;
  let factor = 1;
  for (let end = at; ; end++, factor *= 128) {
    const byte = bytes[end] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return [value, end + 1];
  }
}
