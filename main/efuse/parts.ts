// Parts of a block: where a key's bytes lie in it, and which bits of RD_DIS hide them.

import type { BlockPart, EfuseBlock } from './types.ts';

/** The bits of RD_DIS that hide any of a part of a block. */
export function readDisableBitsOf(
  { words, readDisableBits }: EfuseBlock,
  { bit, length }: BlockPart,
): readonly number[] {
  const share = (32 * words) / readDisableBits.length;
  return readDisableBits.filter((_, at) => bit < (at + 1) * share && bit + length > at * share);
}

/** Whether two parts of one block have a bit in common. */
export function overlap(a: BlockPart, b: BlockPart): boolean {
  return a.bit < b.bit + b.length && b.bit < a.bit + a.length;
}

/** The bytes of a part: a view into a block's bytes. Parts begin and end at whole bytes. */
export function partOf(bytes: Uint8Array, { bit, length }: BlockPart): Uint8Array {
  return bytes.subarray(bit / 8, (bit + length) / 8);
}

/** The words of a block with zeros for all bits that are in none of the parts. Parts begin and end at whole words. */
export function onlyParts(words: readonly number[], parts: readonly BlockPart[]): readonly number[] {
  return words.map((word, at) => (parts.some((part) => overlap(part, { bit: 32 * at, length: 32 })) ? word : 0));
}
