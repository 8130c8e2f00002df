import { bitsOfField } from '../../../main/efuse/snapshot.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';

/** The snapshot with the first words of some blocks replaced. */
export function withWords(snapshot: EfuseSnapshot, words: Readonly<Record<number, readonly number[]>>): EfuseSnapshot {
  return {
    ...snapshot,
    blocks: snapshot.blocks.map((row, block) => row.map((word, i) => (words[block]?.[i] ?? word) >>> 0)),
  };
}

/** The snapshot with the bits of these values set (only raised, as burning does). */
export function withFields(snapshot: EfuseSnapshot, values: Readonly<Record<string, number>>): EfuseSnapshot {
  const blocks = snapshot.blocks.map((row) => [...row]);
  for (const [name, value] of Object.entries(values))
    bitsOfField(fieldOf(snapshot.table, name)).forEach(({ block, bit }, i) => {
      if (Math.floor((value >>> 0) / 2 ** i) % 2 === 1)
        blocks[block]![bit >>> 5] = (blocks[block]![bit >>> 5]! | (1 << (bit & 31))) >>> 0;
    });
  return { ...snapshot, blocks };
}
