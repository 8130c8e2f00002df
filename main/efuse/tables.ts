// All eFuse tables and the questions asked of them. Choose the table by revision before anything is burned (FACTS 0.1).

import { type ChipKind, type Revision, revisionText } from '../model/chip.ts';
import { BoardFault, RecipeFault } from '../model/fault.ts';
import { esp32 } from './tables/esp32.ts';
import { esp32c2 } from './tables/esp32c2.ts';
import { esp32c3 } from './tables/esp32c3.ts';
import { esp32c5 } from './tables/esp32c5.ts';
import { esp32c6 } from './tables/esp32c6.ts';
import { esp32c61 } from './tables/esp32c61.ts';
import { esp32h2v0, esp32h2v12 } from './tables/esp32h2.ts';
import { esp32h4 } from './tables/esp32h4.ts';
import { esp32h21 } from './tables/esp32h21.ts';
import { esp32p4v1 } from './tables/esp32p4-v1.ts';
import { esp32p4v3 } from './tables/esp32p4-v3.ts';
import { esp32s2 } from './tables/esp32s2.ts';
import { esp32s3 } from './tables/esp32s3.ts';
import { esp32s31 } from './tables/esp32s31.ts';
import type { EfuseBlock, EfuseField, EfuseTable, KeyPurpose, KeyPurposeRule } from './types.ts';

const tablesByChip: Readonly<Record<ChipKind, readonly [EfuseTable, ...EfuseTable[]]>> = {
  esp32p4: [esp32p4v1, esp32p4v3],
  esp32s3: [esp32s3],
  esp32c3: [esp32c3],
  esp32c6: [esp32c6],
  esp32h2: [esp32h2v0, esp32h2v12],
  esp32c5: [esp32c5],
  esp32s2: [esp32s2],
  esp32c61: [esp32c61],
  esp32c2: [esp32c2],
  esp32: [esp32],
  esp32s31: [esp32s31],
  esp32h21: [esp32h21],
  esp32h4: [esp32h4],
};

export const efuseTables: readonly EfuseTable[] = Object.values(tablesByChip).flat();

/**
 * The table of a silicon revision. BoardFault `efuse.unknown-silicon` where none covers it, and where the silicon is newer than the newest
 * that any source names: guessing would burn wrong bits. Nothing lets a board past this: what cannot be planned cannot be burned.
 */
export function efuseTableFor(kind: ChipKind, revision: Revision): EfuseTable {
  const table = efuseTables.find(
    ({ chip, revisions }) => chip === kind && revision >= revisions.min && revision <= revisions.max,
  );
  if (table !== undefined) return table;
  const known = efuseTables.filter(({ chip }) => chip === kind).map(({ revisions }) => revisions);
  const newest = Math.max(...known.map(({ max }) => max));
  const lines = known.map(({ min, max }) => `${revisionText(min)} to ${revisionText(max)}`).join(' and ');
  throw new BoardFault({
    code: 'efuse.unknown-silicon',
    what:
      revision > newest
        ? `This ${kind} is revision ${revisionText(revision)}, newer than ${revisionText(newest)}, the newest whose eFuses this station knows.`
        : `This ${kind} is revision ${revisionText(revision)}, whose eFuses this station does not know: it knows ${lines}.`,
    next: 'Set the board aside and update the station to a version that knows this silicon.',
    safety: 'untouched',
    details: { chip: kind, revision },
  });
}

/**
 * The table of the silicon line that a revision belongs to, also of one newer than any that is known: for what is only looked at, such as
 * the record of a board that was made before, never for a burn. RangeError for a chip without table.
 */
export function efuseTableOfLine(kind: ChipKind, revision: Revision): EfuseTable {
  const lines = efuseTables.filter(({ chip, revisions }) => chip === kind && revisions.min <= revision);
  const table = lines.toSorted((a, b) => a.revisions.min - b.revisions.min).at(-1);
  if (table === undefined) throw new RangeError(`there is no eFuse table of ${kind}`);
  return table;
}

/** The table of a name such as `esp32p4-v3`; undefined for a foreign name. */
export function efuseTableNamed(name: string): EfuseTable | undefined {
  return efuseTables.find((table) => table.name === name);
}

const indexes = new WeakMap<EfuseTable, ReadonlyMap<string, EfuseField>>();

function indexOf(table: EfuseTable): ReadonlyMap<string, EfuseField> {
  let index = indexes.get(table);
  if (index === undefined) {
    const names = new Map<string, EfuseField>();
    for (const field of table.fields) for (const alias of field.aliases) names.set(alias, field);
    for (const field of table.fields) names.set(field.name, field);
    index = names;
    indexes.set(table, index);
  }
  return index;
}

/** Whether this silicon has a field of that name (canonical or alias). */
export function hasField(table: EfuseTable, name: string): boolean {
  return indexOf(table).has(name);
}

/** The field of a name, canonical or alias. RecipeFault `efuse.unknown-field` with the nearest names. */
export function fieldOf(table: EfuseTable, name: string): EfuseField {
  const field = indexOf(table).get(name);
  if (field !== undefined) return field;
  const near = nearNames(name, [...indexOf(table).keys()]);
  throw new RecipeFault({
    code: 'efuse.unknown-field',
    what: `${table.name} has no eFuse field ${name}.`,
    next: near.length > 0 ? `Write the manual's name; near ones are ${near.join(', ')}.` : "Write the manual's name.",
    details: { field: name, table: table.name },
  });
}

/** Bits of a field, all pieces together. */
export function widthOf(field: EfuseField): number {
  return field.pieces.reduce((bits, { length }) => bits + length, 0);
}

/** Purpose by name. RecipeFault `efuse.purpose-unsupported` where this silicon has no such purpose. */
export function purposeRule(table: EfuseTable, purpose: KeyPurpose): KeyPurposeRule {
  const rule = table.purposes.find((candidate) => candidate.purpose === purpose);
  if (rule !== undefined) return rule;
  throw new RecipeFault({
    code: 'efuse.purpose-unsupported',
    what: `${table.name} has no key purpose ${purpose}.`,
    next: `Choose one of ${table.purposes.map((known) => known.purpose).join(', ')}.`,
    details: { purpose, table: table.name },
  });
}

/** The numbers of this silicon's key slots: 0, 1, 2, ... */
export function keySlotsOf(table: EfuseTable): readonly number[] {
  return table.keyBlocks.map((_, slot) => slot);
}

/** Block of a key slot. RangeError where this silicon has no such slot. */
export function keyBlockOf(table: EfuseTable, slot: number): EfuseBlock {
  const key = table.keyBlocks[slot];
  if (key === undefined) throw new RangeError(`there is no key slot ${slot}`);
  return table.blocks[key.block]!;
}

/** Field KEY_PURPOSE_n of a key slot; null on chips without them. RangeError where this silicon has no such slot. */
export function purposeFieldOf(table: EfuseTable, slot: number): EfuseField | null {
  const key = table.keyBlocks[slot];
  if (key === undefined) throw new RangeError(`there is no key slot ${slot}`);
  return key.purposeField === null ? null : fieldOf(table, key.purposeField);
}

/** Key slot of a block; null for a block that holds no keys. */
export function slotOfBlock(table: EfuseTable, block: number): number | null {
  const slot = table.keyBlocks.findIndex((key) => key.block === block);
  return slot < 0 ? null : slot;
}

/** Whether the fields that mark purposes on this silicon are as this purpose has them: those of others are 0. True where there are none. */
export function marksFit(table: EfuseTable, { marks }: KeyPurposeRule, value: (field: string) => number): boolean {
  const wanted = (name: string) => marks.find(({ field }) => field === name)?.value ?? 0;
  return table.purposes.every((rule) => rule.marks.every(({ field }) => value(field) === wanted(field)));
}

/** Place in BLOCK0 of a bit of RD_DIS. */
export function readDisablePlace(table: EfuseTable, bit: number): number {
  return fieldOf(table, 'RD_DIS').pieces[0]!.bit + bit;
}

/** Whether a bit of BLOCK0 is one of WR_DIS. */
export function isWriteDisableBit(table: EfuseTable, bit: number): boolean {
  const [run] = fieldOf(table, 'WR_DIS').pieces;
  return bit >= run!.bit && bit < run!.bit + run!.length;
}

/** Up to three of `names` that differ least from `name`, by Levenshtein distance. */
function nearNames(name: string, names: readonly string[]): string[] {
  return names
    .map((candidate) => ({ candidate, distance: distance(name.toUpperCase(), candidate) }))
    .filter((entry) => entry.distance <= Math.max(3, name.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((entry) => entry.candidate);
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
