// Whether eFuses as they read now can have become of what was read of a chip before: bits only ever go up, and a block that was hidden stays so.

import { fromHex } from '../base/bytes.ts';
import type { DecodedField } from '../model/evidence/efuses.ts';
import { bitOf, bitsOfField, blockHealth, repeatErrorWords } from './snapshot.ts';
import { fieldOf, hasField } from './tables.ts';
import type { EfuseSnapshot } from './types.ts';

type Fields = Readonly<Record<string, DecodedField>>;

/**
 * Fields that read now as they never could on the chip that read `before`, each in words; empty: it may be that chip. Of what was final
 * then (write-protected) every bit counts, of the rest those that were 1. What was hidden must be hidden still; what is hidden since says
 * nothing any more. `unsure`: fields of `before` that nobody may rely on. Pure.
 * Fields that may read either way now are left out.
 */
export function contradictions(
  before: Fields,
  now: EfuseSnapshot,
  decoded: Fields,
  unsure: ReadonlySet<string> = new Set(),
): string[] {
  const found: string[] = [];
  const [locks, hides] = [!unsure.has('WR_DIS'), !unsure.has('RD_DIS')];
  for (const [name, was] of Object.entries(before)) {
    const is = decoded[name];
    // a field that this program does not know, or that was read by another table
    if (is === undefined || unsure.has(name) || isDoubtful(now, name)) continue;
    if (hides && was.readProtected && !is.readProtected) found.push(`${name} was hidden from reading and can be read`);
    else if (locks && was.writeProtected && !is.writeProtected) found.push(`${name} was write-protected and is not`);
    else if (was.value === null && !was.readProtected && !is.readProtected && isBlank(now, name))
      found.push(`${name} held something and is blank`);
    else if (was.value !== null && is.value !== null && !mayBecome(was, is, locks))
      found.push(`${name} was ${shown(was.value)} and is ${shown(is.value)}`);
  }
  return found;
}

function mayBecome({ value: was, writeProtected }: DecodedField, { value: is }: DecodedField, locks: boolean): boolean {
  if (was === is) return true;
  if (writeProtected && locks) return false;
  const [a, b] = [bytesOf(was), bytesOf(is)];
  return a.every((byte, at) => (byte & ~(b[at] ?? 0)) === 0);
}

/** A number from its lowest byte up, as longer values stand in hex. */
function bytesOf(value: DecodedField['value']): Uint8Array {
  if (typeof value === 'string') return fromHex(value);
  const number = value ?? 0;
  return Uint8Array.from({ length: 4 }, (_, at) => Math.floor(number / 2 ** (8 * at)) % 256);
}

/** Whether bits of a field may read either way: copies in BLOCK0 that disagree, a block with more wrong bytes than its code can set right. */
function isDoubtful(now: EfuseSnapshot, name: string): boolean {
  if (!hasField(now.table, name)) return false;
  const weak = repeatErrorWords(now);
  const failed = new Set(blockHealth(now).flatMap((health) => (health.failed ? [health.block] : [])));
  return bitsOfField(fieldOf(now.table, name)).some(({ block, bit }) =>
    block === 0 ? bitOf(weak, bit) === 1 : failed.has(block),
  );
}

/** Whether nothing at all stands in the block of a field. */
function isBlank(now: EfuseSnapshot, name: string): boolean {
  if (!hasField(now.table, name)) return false;
  return fieldOf(now.table, name).pieces.every(({ block }) => now.blocks[block]!.every((word) => word === 0));
}

/** Long values by their ends. */
function shown(value: number | string): string {
  if (typeof value === 'number') return String(value);
  return /^0*$/.test(value) ? 'blank' : value.length > 16 ? `${value.slice(0, 8)}..${value.slice(-4)}` : value;
}
