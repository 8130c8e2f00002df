// A block as a set of bits, and the names of BLOCK0's.

import { bitOf, bitsOfField, fieldAt } from './snapshot.ts';
import { fieldOf, isWriteDisableBit, readDisablePlace } from './tables.ts';
import type { EfuseField, EfuseTable } from './types.ts';

/** A set of one block's bits, as its words. */
export class BitSet {
  readonly words: number[];

  constructor(words: readonly number[]) {
    this.words = words.map((word) => word >>> 0);
  }

  /** No bit of this silicon's BLOCK0. */
  static none({ blocks }: EfuseTable): BitSet {
    return new BitSet(Array.from({ length: blocks[0]!.words }, () => 0));
  }

  has(bit: number): boolean {
    return bitOf(this.words, bit) === 1;
  }

  add(bit: number): void {
    this.words[bit >>> 5] = (this.words[bit >>> 5]! | (1 << (bit & 31))) >>> 0;
  }

  get empty(): boolean {
    return this.words.every((word) => word === 0);
  }

  bits(): number[] {
    return Array.from({ length: 32 * this.words.length }, (_, bit) => bit).filter((bit) => this.has(bit));
  }
}

/** Bits of its block that are 1 when `field` holds `value`. */
export function bitsOfValue(field: EfuseField, value: number): number[] {
  return bitsOfField(field)
    .map(({ bit }, weight) => (Math.floor(value / 2 ** weight) % 2 === 1 ? bit : -1))
    .filter((bit) => bit >= 0);
}

/** Name of a BLOCK0 bit for people: its field; for bits of WR_DIS and RD_DIS also what they freeze or hide. */
export function bitName(table: EfuseTable, bit: number): string {
  if (isWriteDisableBit(table, bit)) return `WR_DIS.${frozenBy(table, bit)}`;
  for (const block of table.blocks) {
    const at = block.readDisableBits.findIndex((hide) => readDisablePlace(table, hide) === bit);
    // Of a block with two such bits each hides a half.
    const half = block.readDisableBits.length === 2 ? ['.LOW', '.HI'][at] : '';
    if (at >= 0) return `RD_DIS.${block.name}${half}`;
  }
  return fieldAt(table, 0, bit)?.name ?? `reserved bit ${bit}`;
}

/** The bit of WR_DIS of this name (`WR_DIS.RD_DIS`); null where the name is that of something else. */
export function writeDisableBitNamed(table: EfuseTable, name: string): number | null {
  if (!name.startsWith('WR_DIS.')) return null;
  const [run] = fieldOf(table, 'WR_DIS').pieces;
  const at = Array.from({ length: run!.length }, (_, bit) => bitName(table, run!.bit + bit)).indexOf(name);
  return at < 0 ? null : at;
}

/** What a bit of WR_DIS freezes: a block, or its fields. */
export function frozenBy(table: EfuseTable, bit: number): string {
  const block = table.blocks.find(({ writeDisableBit }) => writeDisableBit === bit);
  if (block !== undefined) return block.name;
  const fields = fieldsFrozenBy(table, bit);
  const [first, ...more] = fields.map(({ name }) => name);
  if (first === undefined) return `bit ${bit}`;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

/** Fields of BLOCK0 that a bit of WR_DIS freezes. */
export function fieldsFrozenBy(table: EfuseTable, bit: number): readonly EfuseField[] {
  return table.fields.filter(({ writeDisableBit, pieces }) => writeDisableBit === bit && pieces[0]!.block === 0);
}
