// Reading what was read: values of fields, protections, coding state, identity, differences. Nothing here touches a board.

import { toHex } from '../base/bytes.ts';
import type { DecodedField } from '../model/evidence/efuses.ts';
import { onlyParts } from './parts.ts';
import { fieldOf, hasField, purposeFieldOf, readDisablePlace, slotOfBlock, widthOf } from './tables.ts';
import type { BitRun, BlockHealth, BlockPart, EfuseField, EfuseSnapshot, EfuseTable, KeyPurposeRule } from './types.ts';

/** Bit `bit` of a block's words. */
export function bitOf(words: readonly number[], bit: number): 0 | 1 {
  return (((words[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) as 0 | 1;
}

/** Every bit of a field, least significant first, as its place. */
export function bitsOfField(field: EfuseField): readonly { readonly block: number; readonly bit: number }[] {
  return field.pieces.flatMap(({ block, bit, length }: BitRun) =>
    Array.from({ length }, (_, i) => ({ block, bit: bit + i })),
  );
}

/**
 * Value of a field by its name or alias: a number up to 32 bits; longer ones as hex, least significant byte first, which is the order of
 * a key's bytes in its block and of a MAC's bytes on its label. RecipeFault `efuse.unknown-field`.
 */
export function readValue(snapshot: EfuseSnapshot, name: string): number | string {
  const field = fieldOf(snapshot.table, name);
  const bits = bitsOfField(field).map(({ block, bit }) => bitOf(snapshot.blocks[block] ?? [], bit));
  if (bits.length <= 32) return bits.reduce<number>((value, bit, i) => value + bit * 2 ** i, 0);
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    bytes[i >>> 3]! |= bit << (i & 7);
  });
  return toHex(bytes);
}

/** Value of a field of at most 32 bits. RangeError for a longer one. */
export function readNumber(snapshot: EfuseSnapshot, name: string): number {
  const value = readValue(snapshot, name);
  if (typeof value === 'string') throw new RangeError(`${name} has more than 32 bits`);
  return value;
}

/** Whether WR_DIS bit `bit` is burned; false for `null`, which no bit freezes. */
export function isFrozen(snapshot: EfuseSnapshot, bit: number | null): boolean {
  return bit !== null && bitOf(snapshot.blocks[0]!, bit) === 1;
}

/** Whether RD_DIS bit `bit` is burned: what it hides reads as zeros. */
export function isHidden(snapshot: EfuseSnapshot, bit: number): boolean {
  return bitOf(snapshot.blocks[0]!, readDisablePlace(snapshot.table, bit)) === 1;
}

/** All zeros and no errors: silicon of this table that nobody has burned, not even with a MAC. */
export function blankSnapshot(table: EfuseTable): EfuseSnapshot {
  return {
    table,
    blocks: table.blocks.map(({ words }) => Array.from({ length: words }, () => 0)),
    repeatErrors: table.registers.repeatErrors.map(() => 0),
    rsErrors: [0, 0],
  };
}

/**
 * Coding state of all blocks but BLOCK0 by their nibbles: bits 2:0 count the wrong bytes, bit 3 says that they are too many. On ESP32-C3 the
 * fail bits stand one nibble later, and BLOCK10 has none (FACTS 2.4). Without coding scheme the status of ESP32's decoder means nothing
 * (espefuse, get_coding_scheme_warnings).
 */
export function blockHealth(snapshot: EfuseSnapshot): readonly BlockHealth[] {
  const uncoded = hasField(snapshot.table, 'CODING_SCHEME') && readNumber(snapshot, 'CODING_SCHEME') !== 1;
  const errors = uncoded ? [0, 0] : snapshot.rsErrors;
  const nibble = (index: number) => (errors[index >>> 3]! >>> (4 * (index & 7))) & 0xf;
  const shift = snapshot.table.rsFailBitShift;
  return snapshot.table.blocks.slice(1).map(({ number }) => {
    const failNibble = number - 1 + shift;
    return {
      block: number,
      correctedBytes: nibble(number - 1) & 7,
      failed: failNibble < snapshot.table.blocks.length - 1 && (nibble(failNibble) & 8) !== 0,
    };
  });
}

/** Bits of BLOCK0 whose four copies disagree, as block words; WR_DIS (word 0) has no error register. */
export function repeatErrorWords(snapshot: EfuseSnapshot): readonly number[] {
  return [0, ...snapshot.repeatErrors];
}

/**
 * Every field by its canonical name, as plain JSON. Key blocks show their content only where it is blank or a public digest: a key that
 * was burned and not yet hidden must reach no record.
 */
export function decodeSnapshot(snapshot: EfuseSnapshot): { readonly [field: string]: DecodedField } {
  return Object.fromEntries(
    snapshot.table.fields.map((field) => {
      const readProtected = field.readDisableBits.some((bit) => isHidden(snapshot, bit));
      const secret = field.pieces.some((run) => maybeSecret(snapshot, run));
      const value = readProtected || secret ? null : readValue(snapshot, field.name);
      const text = value === null ? null : textOf(snapshot, field.name, value);
      return [
        field.name,
        {
          value,
          ...(text === null ? {} : { text }),
          writeProtected: isFrozen(snapshot, field.writeDisableBit),
          readProtected,
        },
      ];
    }),
  );
}

const printControl = ['always', 'if the strap is low', 'if the strap is high', 'never'];

function textOf(snapshot: EfuseSnapshot, name: string, value: number | string): string | null {
  if (/^(MAC|MAC_CUSTOM|USER_DATA\.MAC_CUSTOM)$/.test(name)) return macText(String(value));
  if (name === 'MAC_EXT') return macText(Number(value).toString(16).padStart(4, '0'));
  if (name.startsWith('KEY_PURPOSE_'))
    return snapshot.table.purposes.find(({ number }) => number === value)?.purpose ?? `unknown purpose ${value}`;
  if (name === 'SPI_BOOT_CRYPT_CNT' || name === 'FLASH_CRYPT_CNT')
    return onesIn(Number(value)) % 2 === 1 ? 'Enable' : 'Disable';
  if (name === 'UART_PRINT_CONTROL') return printControl[Number(value)] ?? null;
  if (name === 'SECURE_VERSION') return `version ${onesIn(Number(value))}`;
  return null;
}

/** `aa:bb:...` for hex digits. */
export function macText(hex: string): string {
  return hex.replace(/(..)(?=.)/g, '$1:');
}

/** Number of 1 bits of a u32. */
export function onesIn(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}

/**
 * The same snapshot with the content of key blocks zeroed as read protection would, except of those parts that hold a public digest by
 * the block's purpose or, where it has none, by what BLOCK0 says.
 */
export function withoutSecrets(snapshot: EfuseSnapshot): EfuseSnapshot {
  return {
    ...snapshot,
    blocks: snapshot.blocks.map((words, number) => {
      const slot = slotOfBlock(snapshot.table, number);
      return slot === null ? words : onlyParts(words, publicParts(snapshot, slot));
    }),
  };
}

/** Whether bits of a key block that are not all zero lie outside of what is public in it. */
function maybeSecret(snapshot: EfuseSnapshot, run: BitRun): boolean {
  const slot = slotOfBlock(snapshot.table, run.block);
  const words = snapshot.blocks[run.block]!;
  if (slot === null || words.every((word) => word === 0)) return false;
  const end = run.bit + run.length;
  return !publicParts(snapshot, slot).some(({ bit, length }) => bit <= run.bit && bit + length >= end);
}

/** The parts of a key block that hold a digest which anybody may see. */
function publicParts(snapshot: EfuseSnapshot, slot: number): readonly BlockPart[] {
  const { table } = snapshot;
  const field = purposeFieldOf(table, slot);
  const number = field === null ? null : readNumber(snapshot, field.name);
  return table.purposes
    .filter(({ readProtect, forbiddenSlots }) => readProtect === 'forbidden' && !forbiddenSlots.includes(slot))
    .filter((rule) => (number === null ? holds(snapshot, rule.publicWhen) : rule.number === number))
    .map(({ part }) => part);
}

/** Whether all these fields have these values. */
function holds(snapshot: EfuseSnapshot, fields: KeyPurposeRule['publicWhen']): boolean {
  return fields.every(({ field, value }) => readNumber(snapshot, field) === value);
}

/** A field that changed between two snapshots. */
export type FieldChange = {
  readonly field: string;
  /** Bits that went from 0 to 1, as `block.bit`. */
  readonly raised: readonly string[];
  /** Bits that went from 1 to 0: silicon never does that, a hidden block and a bad read do. */
  readonly lowered: readonly string[];
};

/** What changed, field by field, bits outside all fields under `reserved`; contents of possible secrets are left out. */
export function diffSnapshots(before: EfuseSnapshot, after: EfuseSnapshot): readonly FieldChange[] {
  const [a, b] = [withoutSecrets(before), withoutSecrets(after)];
  const changes = new Map<string, { raised: string[]; lowered: string[] }>();
  b.blocks.forEach((words, block) => {
    for (let bit = 0; bit < 32 * words.length; bit++) {
      const [was, is] = [bitOf(a.blocks[block] ?? [], bit), bitOf(words, bit)];
      if (was === is) continue;
      const name = fieldAt(after.table, block, bit)?.name ?? 'reserved';
      const change = changes.get(name) ?? { raised: [], lowered: [] };
      change[is === 1 ? 'raised' : 'lowered'].push(`${block}.${bit}`);
      changes.set(name, change);
    }
  });
  return [...changes].map(([field, change]) => ({ field, ...change }));
}

/** The field that owns a bit; of a parent and its child the child. */
export function fieldAt(table: EfuseTable, block: number, bit: number): EfuseField | undefined {
  return table.fields
    .filter(({ pieces }) => pieces.some((run) => run.block === block && bit >= run.bit && bit < run.bit + run.length))
    .sort((a, b) => widthOf(a) - widthOf(b))[0];
}
