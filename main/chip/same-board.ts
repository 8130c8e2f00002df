// Who lies in the fixture. A hand may change the board at any moment, and no port tells: so a board is known by its MAC and by the fuses
// that were read of it, every bit of which it keeps for ever.
//
//   before each program command   MAC and what tells it best; after the words were staged, so that a board which comes in later has
//                                 nothing staged that could be burned
//   at the end of a read-out      BLOCK0, the block of the MAC and what tells it best, again: all that was read is one board's
//   after a reset, and where the  MAC and all of it: BLOCK0, the words of every other block that were not zero, key blocks that show
//   loader had to be found again  what is in them

import { bytesOfWords } from '../base/bytes.ts';
import { sha256Hex } from '../base/digest.ts';
import { blockHealth, repeatErrorWords } from '../efuse/snapshot.ts';
import { fieldOf, hasField, readDisablePlace, slotOfBlock } from '../efuse/tables.ts';
import type { EfuseSnapshot, EfuseTable } from '../efuse/types.ts';
import { BoardFault } from '../model/fault.ts';
import type { LoaderCounters } from '../protocol/loader.ts';
import type { EfuseBus } from './registers.ts';

/** How often a board is looked at whole while the line keeps losing it. */
const looks = 3;

/** Words of a block. */
interface Place {
  readonly block: number;
  readonly index: number;
}

interface Look {
  /** How it differs, in words; null: it is the board. */
  readonly differs: string | null;
  readonly mac: string;
  readonly block0: readonly number[];
}

export class SameBoard {
  readonly #bus: EfuseBus;
  readonly #table: EfuseTable;
  readonly #mac: string;
  readonly #counters: () => LoaderCounters;
  /** Bits that were read as 1, by block and word. */
  #bits = new Map<number, Map<number, number>>();
  /** SHA-256 of key blocks that can be read: what stands in them may be a key. */
  #keys = new Map<number, string>();
  /** What was burned here last: no other board has it, whatever its MAC. A word, or a whole key block. */
  #latest: Place | { readonly keyBlock: number } | null = null;
  /** How often the loader had been found again when the board was last looked at whole. */
  #seenResyncs: number;

  constructor(bus: EfuseBus, table: EfuseTable, mac: string, counters: () => LoaderCounters) {
    this.#bus = bus;
    this.#table = table;
    this.#mac = mac;
    this.#counters = counters;
    this.#seenResyncs = counters().resyncs;
  }

  /** What is read of it now, once it was seen to be the board. BoardFault `chip.other-board` where bits are gone that it had. */
  async take(snapshot: EfuseSnapshot): Promise<void> {
    const [block0 = []] = snapshot.blocks;
    const differs = this.#lackingIn(block0, (block, index) => snapshot.blocks[block]?.[index] ?? 0);
    // Answers carry no checksum: a strange one is asked for again.
    if (differs !== null) await this.assertWhole();
    const weak = repeatErrorWords(snapshot);
    const unsure = new Set(
      blockHealth(snapshot)
        .filter(({ failed, correctedBytes }) => failed || correctedBytes > 0)
        .map(({ block }) => block),
    );
    this.#bits = new Map();
    this.#keys = new Map();
    for (const [block, words] of snapshot.blocks.entries()) {
      if (unsure.has(block)) continue;
      if (slotOfBlock(this.#table, block) === null)
        for (const [index, word] of words.entries())
          this.#keep(block, index, block === 0 ? word & ~(weak[index] ?? 0) : word);
      else if (words.some((word) => word !== 0)) this.#keys.set(block, digest(words));
    }
  }

  /** A word as it was read back after a burn of ours. Its bits whose copies agree are the board's from now on. */
  note(block: number, index: number, word: number): void {
    const isNew = (word & ~this.#bitsOf({ block, index })) !== 0;
    this.#keep(block, index, word);
    if (isNew) this.#latest = { block, index };
  }

  /** A key block that we program: what it showed counts no more. */
  forget(block: number): void {
    this.#keys.delete(block);
  }

  /** A key block that shows what we burned. `words`: what stands in it; null: only part of it does, or it has coding errors, and it may change. */
  noteKey(block: number, words: readonly number[] | null): void {
    if (words === null) {
      this.#latest ??= { keyBlock: block };
      return;
    }
    this.#keys.set(block, digest(words));
    this.#latest = { keyBlock: block };
  }

  /**
   * Whether anything but its MAC tells this chip from another: a number of its own, or what was burned here. Where nothing does, a burn that
   * does not show may have gone into a board that is gone, and the one at hand be a second one of its MAC.
   */
  get isTold(): boolean {
    return this.#latest !== null || this.hasOwnNumber;
  }

  /** Whether the chip has a number of its own beside its MAC. */
  get hasOwnNumber(): boolean {
    return this.#number().length > 0;
  }

  /** BoardFault `chip.other-board` where it is not the board that was planned for, by its MAC and what tells it best. */
  async assertSame(): Promise<void> {
    const { places, keyBlock } = this.#telling();
    const keyPlaces = keyBlock === null ? [] : this.#allOf(keyBlock);
    const [low, ...told] = await this.#bus.readPlaces([this.#macPlace(), ...places, ...keyPlaces]);
    const lacks = places.some((place, at) => (this.#bitsOf(place) & ~told[at]!) !== 0);
    const isOther = keyBlock !== null && digest(told.slice(places.length)) !== this.#keys.get(keyBlock);
    told.fill(0);
    if (low !== lowOf(this.#mac) || lacks || isOther || this.#counters().resyncs !== this.#seenResyncs)
      await this.assertWhole();
  }

  /**
   * That all of `snapshot`, read just now, is one board's: BLOCK0, on which everything hangs (ORDER 1), the block of the MAC and the chip's own
   * number, read again and the same. Resolves with whether they were.
   */
  async isOneBoards(snapshot: EfuseSnapshot): Promise<boolean> {
    const blocks = [...new Set([0, this.#macPlace().block])];
    const places = [...blocks.flatMap((block) => this.#allOf(block)), ...this.#numberPlaces()];
    const again = await this.#bus.readPlaces(places);
    return places.every(({ block, index }, at) => again[at] === snapshot.blocks[block]![index]);
  }

  /** The same by all that is known of it, where the loader had to be found again since that was last looked at. */
  async assertUnchanged(): Promise<void> {
    if (this.#counters().resyncs !== this.#seenResyncs) await this.assertWhole();
  }

  /**
   * What the board answers, and surely this one: it is asked who it is right behind that, and where the loader had to be found again meanwhile
   * the question is put anew. `stub`: a stub of ours answers, which runs in no board that was put there since, so that nobody is asked. BoardFault
   * `chip.other-board`, `chip.unsteady`.
   */
  async surely<T>(mode: 'rom' | 'stub', ask: () => Promise<T>): Promise<T> {
    for (let round = 1; round <= looks; round++) {
      await this.assertUnchanged();
      const answer = await ask();
      const isSteady = this.#counters().resyncs === this.#seenResyncs;
      if (mode === 'rom' || !isSteady) await this.assertSame();
      if (isSteady) return answer;
    }
    throw lineTooBad();
  }

  /** By all that is known of it. Gives BLOCK0 as it was read. BoardFault `chip.other-board`, `chip.unsteady`. */
  async assertWhole(): Promise<readonly number[]> {
    for (let round = 1; ; round++) {
      const { resyncs } = this.#counters();
      let look = await this.#look();
      if (look.differs !== null) look = await this.#look();
      if (look.differs !== null) throw otherBoard(look.differs, { found: look.mac, expected: this.#mac });
      this.#seenResyncs = resyncs;
      // Where the loader was lost on the way, some of the answers may be another board's.
      if (this.#counters().resyncs === resyncs) return look.block0;
      if (round === looks) throw lineTooBad();
    }
  }

  async #look(): Promise<Look> {
    const { block, index } = this.#macPlace();
    const [low, high] = await this.#bus.readPlaces([
      { block, index },
      { block, index: index + 1 },
    ]);
    const mac = macOf(low!, high!);
    if (mac !== this.#mac)
      return { differs: `The board at hand is ${mac}, not ${this.#mac} as before.`, mac, block0: [] };
    const count = this.#table.blocks[0]!.words;
    const read = await this.#bus.readWords(
      0,
      Array.from({ length: count }, (_, i) => i),
    );
    const block0 = [...read.values()];
    const found = new Map([[0, read]]);
    for (const [other, words] of this.#bits)
      if (other !== 0 && !this.#isHidden(other, block0))
        found.set(other, await this.#bus.readWords(other, [...words.keys()]));
    const lacking = this.#lackingIn(block0, (at, word) => found.get(at)?.get(word) ?? 0);
    if (lacking !== null) return { differs: lacking, mac, block0 };
    for (const [key, before] of this.#keys) {
      if (this.#isHidden(key, block0)) continue;
      const indexes = Array.from({ length: this.#table.blocks[key]!.words }, (_, i) => i);
      const words = await this.#bus.readWords(key, indexes);
      const same = digest([...words.values()]) === before;
      words.clear();
      if (!same) return { differs: this.#another(`what ${this.#nameOf(key)} held`), mac, block0 };
    }
    return { differs: null, mac, block0 };
  }

  /** What a reading lacks of the bits that are known, in words; null: nothing. A block that RD_DIS has hidden since shows nothing. */
  #lackingIn(block0: readonly number[], at: (block: number, index: number) => number): string | null {
    for (const [block, words] of this.#bits)
      for (const [index, bits] of words)
        if (!this.#isHidden(block, block0) && (bits & ~at(block, index)) !== 0)
          return this.#another(`bits of ${this.#nameOf(block)} that it had`);
    return null;
  }

  #another(what: string): string {
    return `The board at hand has the MAC ${this.#mac} and lacks ${what} before: it is another one.`;
  }

  /** What two chips of one MAC differ by: a word that was burned here, the chip's own number, else all that is known of it in few words. */
  #telling(): { readonly places: readonly Place[]; readonly keyBlock: number | null } {
    const latest = this.#latest;
    if (latest !== null && 'index' in latest) return { places: [latest], keyBlock: null };
    const [number] = this.#number();
    if (number !== undefined) return { places: [number], keyBlock: null };
    if (latest !== null && this.#keys.has(latest.keyBlock)) return { places: [], keyBlock: latest.keyBlock };
    const places = [...(this.#bits.get(0)?.keys() ?? [])].map((index) => ({ block: 0, index }));
    const [keyBlock = null] = this.#keys.keys();
    return { places, keyBlock };
  }

  /** What is known of the chip's own number, which no other has. */
  #number(): readonly Place[] {
    return this.#numberPlaces().filter((place) => this.#bitsOf(place) !== 0);
  }

  #numberPlaces(): readonly Place[] {
    if (!hasField(this.#table, 'OPTIONAL_UNIQUE_ID')) return [];
    return fieldOf(this.#table, 'OPTIONAL_UNIQUE_ID').pieces.flatMap(({ block, bit, length }) =>
      Array.from({ length: length >>> 5 }, (_, at) => ({ block, index: (bit >>> 5) + at })),
    );
  }

  #bitsOf({ block, index }: Place): number {
    return this.#bits.get(block)?.get(index) ?? 0;
  }

  #allOf(block: number): Place[] {
    return Array.from({ length: this.#table.blocks[block]!.words }, (_, index) => ({ block, index }));
  }

  #keep(block: number, index: number, word: number): void {
    const words = this.#bits.get(block) ?? new Map<number, number>();
    if (word !== 0) this.#bits.set(block, words.set(index, word));
  }

  #isHidden(block: number, block0: readonly number[]): boolean {
    return this.#table.blocks[block]!.readDisableBits.some((bit) => {
      const place = readDisablePlace(this.#table, bit);
      return ((block0[place >>> 5]! >>> (place & 31)) & 1) === 1;
    });
  }

  #nameOf(block: number): string {
    return this.#table.blocks[block]!.name;
  }

  #macPlace(): { readonly block: number; readonly index: number } {
    const { pieces } = fieldOf(this.#table, 'MAC');
    return { block: pieces[0]!.block, index: Math.min(...pieces.map(({ bit }) => bit)) >>> 5 };
  }
}

function lowOf(mac: string): number {
  return Number.parseInt(mac.replaceAll(':', '').slice(4), 16);
}

function macOf(low: number, high: number): string {
  const digits = (high & 0xffff).toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0');
  return digits.replace(/(..)(?=.)/g, '$1:');
}

function digest(words: readonly number[]): string {
  const bytes = bytesOfWords(words);
  const hash = sha256Hex(bytes);
  bytes.fill(0);
  return hash;
}

/** A hand has changed the board in the middle of a run. The first one is as its events say, and goes on when it comes again. */
export function otherBoard(what: string, details: BoardFault['details']): BoardFault {
  return new BoardFault({
    code: 'chip.other-board',
    what,
    next: 'Take it out and insert one board at a time: the station goes on with the first one when it comes again.',
    safety: 'resumable',
    details,
  });
}

export function lineTooBad(): BoardFault {
  return new BoardFault({
    code: 'chip.unsteady',
    what: 'The line lost the board again and again while it was asked who it is.',
    next: 'Look at the cable and the contacts of the fixture, and insert the board again.',
    safety: 'resumable',
  });
}
