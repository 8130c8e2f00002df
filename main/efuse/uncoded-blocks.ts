// Fields outside of BLOCK0 that are burned bit by bit: ESP32's SECURE_VERSION in BLOCK3, which has no code there (FACTS 2.10, 14.1).

import { BitSet, bitsOfValue } from './bits.ts';
import type { Burn, BurnPlan, CheckedField } from './plan-types.ts';
import { slotOfBlock } from './tables.ts';
import type { EfuseField, EfuseSnapshot, EfuseTable } from './types.ts';

/** Whether a field can be burned bit by bit: it lies in BLOCK0, or in a block without code that holds no key. */
export function isBurnedByBits(table: EfuseTable, { pieces }: EfuseField): boolean {
  return pieces.every(
    ({ block }) => block === 0 || (table.blocks[block]!.coding === 'bits' && slotOfBlock(table, block) === null),
  );
}

/** A program for each block but BLOCK0 in which a wished field still lacks bits. */
export function burnsOfUncodedBlocks(
  snapshot: EfuseSnapshot,
  wishes: readonly CheckedField[],
): { readonly burns: readonly Burn[]; readonly bits: BurnPlan['bits'] } {
  const burns: Burn[] = [];
  const bits: { block: number; bit: number; field: string }[] = [];
  for (const { field, wanted, present } of wishes) {
    const { block } = field.pieces[0]!;
    if (block === 0 || wanted.by === 'device' || present === wanted.value) continue;
    const found = new BitSet(snapshot.blocks[block]!);
    const program = new BitSet(found.words.map(() => 0));
    for (const bit of bitsOfValue(field, wanted.value).filter((wish) => !found.has(wish))) {
      program.add(bit);
      bits.push({ block, bit, field: field.name });
    }
    const fields = [{ field: field.name, from: present, to: wanted.value, reason: wanted.reason }];
    burns.push({ kind: 'bits', stage: wanted.stage, block, words: program.words, fields });
  }
  return { burns, bits };
}
