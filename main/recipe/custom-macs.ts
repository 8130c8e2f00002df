// The list of MAC addresses of a product's own: read once, in the order in which they are given out.

import { decodeText } from '../base/text.ts';
import { macDigits, unfitMac } from '../efuse/custom-mac.ts';
import { type CsvMistake, parseCsv } from '../formats/csv.ts';

/** One address and the board that it is for. */
export interface ListedMac {
  readonly line: number;
  /** Twelve small hex digits. */
  readonly mac: string;
  /** Twelve small hex digits of the factory's MAC, or a serial number, that the row is for; null: for whoever comes. */
  readonly owner: string | null;
}

export interface MacListReading {
  /** What tells whose an address is; null: they are given out in their order. */
  readonly by: 'mac' | 'serial' | null;
  readonly rows: readonly ListedMac[];
  readonly mistakes: readonly CsvMistake[];
}

/** A file with one address a line, or CSV with the addresses in `column` and perhaps a column mac (the factory's) or serial beside it. */
export function readMacList(bytes: Uint8Array, column: string): MacListReading {
  const none = { by: null, rows: [] };
  const read = decodeText(bytes);
  if ('mistake' in read) return { ...none, mistakes: [read.mistake] };
  const [first = ''] = read.text.replace(/^\uFEFF/, '').split(/\r?\n/, 1);
  const bare = macDigits(first) !== null;
  const text = bare ? `${column}\n${read.text.replace(/^\uFEFF/, '')}` : read.text;
  const { columns, rows, mistakes: found } = parseCsv(text, [], 'taken');
  const mistakes: CsvMistake[] = found.map((mistake) => (bare ? { ...mistake, line: mistake.line - 1 } : mistake));
  const tell = (line: number, what: string, remedy: string) => mistakes.push({ line, what, remedy });
  if (!columns.includes(column)) {
    if (mistakes.length === 0)
      tell(1, `The list has no column ${column}.`, 'Name the column that holds the addresses in custom_mac.column.');
    return { ...none, mistakes };
  }
  const by = (['mac', 'serial'] as const).find((name) => name !== column && columns.includes(name)) ?? null;
  const seen = new Map<string, number>();
  const owners = new Map<string, number>();
  const listed: ListedMac[] = [];
  for (const row of rows) {
    const line = bare ? row.line - 1 : row.line;
    const mac = macDigits(row.fields[column] ?? '');
    if (mac === null) {
      tell(line, `What stands in the column ${column} is no MAC address.`, 'Write it as 02:00:5e:10:20:30.');
      continue;
    }
    const unfit = unfitMac(mac);
    if (unfit !== null)
      tell(line, `The address ${unfit}.`, 'Give a unicast address: the lowest bit of its first byte is 0.');
    const before = seen.get(mac);
    if (before !== undefined)
      tell(line, `The address stands in line ${before} already.`, 'Leave one out: no two devices may share it.');
    else seen.set(mac, line);
    const cell = by === null ? null : (row.fields[by] ?? '').trim();
    const owner = by === 'mac' ? macDigits(cell ?? '') : cell;
    if (by !== null && (owner === null || owner === ''))
      tell(
        line,
        `The row does not say whose it is (${by}).`,
        by === 'mac' ? 'Give the MAC from the factory.' : 'Give it a serial number.',
      );
    else if (owner !== null) {
      const other = owners.get(owner);
      if (other !== undefined) tell(line, `The ${by} stands in line ${other} already.`, 'Leave one out.');
      else owners.set(owner, line);
    }
    listed.push({ line, mac, owner });
  }
  if (by === 'mac')
    for (const { line, mac } of listed)
      if (owners.has(mac)) tell(line, 'The address is the factory’s own of a board in this list.', 'Give another one.');
  if (listed.length === 0 && mistakes.length === 0) tell(1, 'The list holds no address.', 'Add one for each device.');
  mistakes.sort((a, b) => a.line - b.line);
  return { by, rows: listed, mistakes };
}
