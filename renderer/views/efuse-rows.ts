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

interface Decoded {
  readonly value?: unknown;
  readonly readProtected?: unknown;
  readonly writeProtected?: unknown;
}

type Fields = Readonly<Record<string, Decoded>>;
const d = words.devices.efuse;

/**
 * The eFuses of a sealed record side by side. What the last burn sets cannot be read out any more: it is taken from what was burned, and
 * says so.
 */
export function efuseRows(before: unknown, after: unknown): EfuseRow[] {
  const was = fieldsOf(before);
  const is = fieldsOf(hasKey(after, 'readOut') ? after.readOut : after);
  const door = hasKey(after, 'burnedAfterwards') ? (after.burnedAfterwards as Readonly<Record<string, unknown>>) : {};
  const names = [...new Set([...Object.keys(was), ...Object.keys(is), ...Object.keys(door)])].sort();
  return names.map((field) => {
    const shut = door[field];
    const [old, now] = [was[field], is[field]];
    const beforeWords = valueWords(old);
    const afterWords = shut === undefined ? valueWords(now) : `${String(shut)} (${d.byDoor})`;
    const locks = [now?.writeProtected === true ? d.frozen : '', now?.readProtected === true ? d.hidden : ''];
    const sameLocks = old?.writeProtected === now?.writeProtected && old?.readProtected === now?.readProtected;
    return {
      field,
      before: beforeWords,
      after: afterWords,
      locks: locks.filter((lock) => lock !== '').join(', '),
      changed: beforeWords !== afterWords || !sameLocks,
    };
  });
}

function fieldsOf(fact: unknown): Fields {
  return typeof fact === 'object' && fact !== null ? (fact as Fields) : {};
}

function hasKey<Key extends string>(fact: unknown, key: Key): fact is Readonly<Record<Key, unknown>> {
  return typeof fact === 'object' && fact !== null && key in fact;
}

function valueWords(field: Decoded | undefined): string {
  if (field === undefined) return '–';
  if (field.value === null) return words.devices.secret;
  return typeof field.value === 'string' ? field.value : JSON.stringify(field.value ?? field);
}
