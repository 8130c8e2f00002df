import type { RandomSource } from '../../base/random.ts';

/** What goes wrong with one program command, decided by its number (from 1). */
export type BurnFault = 'power-cut-in-burn' | 'power-cut-in-half' | 'power-cut-after-burn' | 'weak-burn' | 'dead-bit';

export interface BurnTrouble {
  /** The fault of the n-th program command; null: it goes well. */
  faultOf(program: number): BurnFault | null;
  /** The supply goes. */
  cutPower(): void;
}

/** The fuses of one block: bits only go up, and some never take. */
export class FuseCells {
  readonly bytes: Uint8Array;
  readonly #dead: Uint8Array;
  readonly #period: number;
  readonly #random: RandomSource;

  /** `copies`: how often the same data stand one behind the other in `length` bytes. */
  constructor(length: number, copies: number, random: RandomSource) {
    this.bytes = new Uint8Array(length);
    this.#dead = new Uint8Array(length);
    this.#period = length / copies;
    this.#random = random;
  }

  /** One program of `wanted`, with what goes wrong in it. */
  burn(wanted: Uint8Array, fault: BurnFault | null): void {
    const bits = wanted.slice();
    if (fault === 'power-cut-in-burn') this.#keepSome(bits);
    if (fault === 'power-cut-in-half') this.#keepHalf(bits);
    if (fault === 'weak-burn' || fault === 'dead-bit') this.#missOne(bits, fault);
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = this.bytes[i]! | (bits[i]! & ~this.#dead[i]!);
  }

  /** Half of the new bits get in, chosen by the seed; never all of them where there are any. */
  #keepSome(bits: Uint8Array): void {
    const kept = this.#random(bits.length);
    const fresh = this.#newBits(bits);
    if (fresh.length === 0) return;
    const lost = fresh[this.#random(1)[0]! % fresh.length]!;
    for (let i = 0; i < bits.length; i++) bits[i] = bits[i]! & kept[i]!;
    bits[lost >>> 3] = bits[lost >>> 3]! & ~(1 << (lost & 7));
  }

  /** The bytes of one half get in, by chance the first or the last. */
  #keepHalf(bits: Uint8Array): void {
    const half = bits.length >>> 1;
    if ((this.#random(1)[0]! & 1) === 0) bits.fill(0, half);
    else bits.fill(0, 0, half);
  }

  /** One new bit does not take, in none of the copies. */
  #missOne(bits: Uint8Array, fault: 'weak-burn' | 'dead-bit'): void {
    const fresh = this.#newBits(bits).filter((bit) => bit < 8 * this.#period);
    if (fresh.length === 0) return;
    const missed = fresh[this.#random(1)[0]! % fresh.length]!;
    for (let at = missed >>> 3; at < bits.length; at += this.#period) {
      bits[at] = bits[at]! & ~(1 << (missed & 7));
      if (fault === 'dead-bit') this.#dead[at] = this.#dead[at]! | (1 << (missed & 7));
    }
  }

  /** Positions of the bits of `bits` that are not burned yet. */
  #newBits(bits: Uint8Array): number[] {
    const positions: number[] = [];
    for (let i = 0; i < 8 * bits.length; i++) {
      const mask = 1 << (i & 7);
      if ((bits[i >>> 3]! & mask) !== 0 && (this.bytes[i >>> 3]! & mask) === 0) positions.push(i);
    }
    return positions;
  }
}
