import type { SealedRecord } from '../../main/contract/contract.ts';
import { words } from '../words/words.ts';

/** One field before and after, in words. */
export interface EfuseRow {
  readonly field: string;
  readonly before: string;
  readonly after: string;
  /** What nobody can change or read any more. */
  readonly locks: string;
  readonly changed: boolean;
}

type Field = SealedRecord['efusesBefore'][string];
const d = words.devices.efuse;

/**
 * The eFuses of a sealed record side by side. What the last burn sets cannot be read out any more: it is taken from what was burned, and
 * says so.
 */
export function efuseRows({ efusesBefore: was, efusesAfter }: SealedRecord): EfuseRow[] {
  const { readOut: is, burnedAfterwards: door } = efusesAfter;
  const names = [...new Set([...Object.keys(was), ...Object.keys(is), ...Object.keys(door)])].sort();
  return names.map((field) => {
    const shut = door[field];
    const [old, now] = [was[field], is[field]];
    const before = valueWords(old);
    const after = shut === undefined ? valueWords(now) : `${shut} (${d.byDoor})`;
    const locks = [now?.writeProtected === true ? d.frozen : '', now?.readProtected === true ? d.hidden : ''];
    const sameLocks = old?.writeProtected === now?.writeProtected && old?.readProtected === now?.readProtected;
    return {
      field,
      before,
      after,
      locks: locks.filter((lock) => lock !== '').join(', '),
      changed: before !== after || !sameLocks,
    };
  });
}

function valueWords(field: Field | undefined): string {
  if (field === undefined) return '–';
  return field.value === null ? words.devices.secret : String(field.value);
}
