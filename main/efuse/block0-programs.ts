// From single wanted bits of BLOCK0 to programs of it: what is in already is taken off, the stages keep their order.

import { BitSet, bitName } from './bits.ts';
import type { Burn } from './plan-types.ts';
import { fieldAt, isFrozen, repeatErrorWords } from './snapshot.ts';
import { fieldOf, isWriteDisableBit } from './tables.ts';
import type { EfuseSnapshot, EfuseTable } from './types.ts';

/** A BLOCK0 bit to burn, with its stage and why. `last`: in a program of its own after the stage's other bits. */
export interface WantedBit {
  readonly bit: number;
  readonly stage: Burn['stage'];
  readonly last: boolean;
  readonly reason: string;
}

const stages: readonly Burn['stage'][] = ['keys', 'read-protect', 'protection', 'enable', 'door'];

/** Bits in programs of BLOCK0, those that are in already taken off; weak ones (copies disagree) are burned again. */
export function burnsOfBlock0(snapshot: EfuseSnapshot, wanted: readonly WantedBit[]) {
  const { table } = snapshot;
  const present = new BitSet(snapshot.blocks[0]!);
  const weak = new BitSet(repeatErrorWords(snapshot));
  const burns: Burn[] = [];
  const planned = BitSet.none(table);
  const frozen = (bit: number) =>
    isFrozen(snapshot, isWriteDisableBit(table, bit) ? null : (fieldAt(table, 0, bit)?.writeDisableBit ?? null));
  for (const stage of stages)
    for (const last of [false, true]) {
      const program = BitSet.none(table);
      const reasons = new Map<number, string>();
      for (const entry of wanted)
        if (entry.stage === stage && entry.last === last && !planned.has(entry.bit)) {
          if (present.has(entry.bit) && (!weak.has(entry.bit) || frozen(entry.bit))) continue;
          program.add(entry.bit);
          planned.add(entry.bit);
          reasons.set(entry.bit, entry.reason);
        }
      if (!program.empty)
        burns.push({
          kind: 'bits',
          stage,
          block: 0,
          words: program.words,
          fields: fieldsOf(table, present, program, reasons),
        });
    }
  const asked = BitSet.none(table);
  for (const { bit } of wanted) asked.add(bit);
  return {
    burns,
    unwantedErrors: weak.bits().filter((bit) => !asked.has(bit)),
    bits: planned.bits().map((bit) => ({ block: 0, bit, field: bitName(table, bit) })),
  };
}

/** The bits of one program field by field, with the values before and after it. */
function fieldsOf(table: EfuseTable, before: BitSet, program: BitSet, reasons: ReadonlyMap<number, string>) {
  const rows = new Map<string, { field: string; from: number; to: number; reason: string }>();
  for (const bit of program.bits()) {
    const single = isWriteDisableBit(table, bit) || fieldAt(table, 0, bit)?.name === 'RD_DIS';
    const field = single ? bitName(table, bit) : fieldAt(table, 0, bit)!.name;
    if (rows.has(field)) continue;
    const value = (bits: readonly BitSet[]) =>
      single
        ? Number(bits.some((set) => set.has(bit)))
        : valueIn(table, field, (at) => bits.some((set) => set.has(at)));
    rows.set(field, { field, from: value([before]), to: value([before, program]), reason: reasons.get(bit)! });
  }
  return [...rows.values()];
}

function valueIn(table: EfuseTable, name: string, has: (bit: number) => boolean): number {
  let value = 0;
  let weight = 1;
  for (const { bit, length } of fieldOf(table, name).pieces)
    for (let at = bit; at < bit + length; at++, weight *= 2) if (has(at)) value += weight;
  return value;
}
