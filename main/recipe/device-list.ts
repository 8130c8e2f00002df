import { decodeText } from '../base/text.ts';
import { type CsvMistake, type CsvRow, parseCsv } from '../formats/csv.ts';

/** One device's values, by column. */
export type DeviceRow = CsvRow;

/** A list with a row of values for each device, as the mass manufacturing utility of ESP-IDF takes it, or with a column mac or serial. */
export interface DeviceList {
  readonly columns: readonly string[];
  /** What tells whose a row is: its device's MAC or serial number; by `id` rows are given out in their order. */
  readonly by: 'mac' | 'serial' | 'id';
  readonly rows: readonly CsvRow[];
}

export interface DeviceListReading {
  /** Null where there is any mistake. */
  readonly list: DeviceList | null;
  readonly mistakes: readonly CsvMistake[];
}

const readings = new WeakMap<Uint8Array, DeviceListReading>();

/** The list in a file's bytes (UTF-8). The same bytes object is read only once. */
export function readDeviceList(bytes: Uint8Array): DeviceListReading {
  const known = readings.get(bytes);
  if (known !== undefined) return known;
  const reading = parse(bytes);
  readings.set(bytes, reading);
  return reading;
}

function parse(bytes: Uint8Array): DeviceListReading {
  const read = decodeText(bytes);
  if ('mistake' in read) return { list: null, mistakes: [read.mistake] };
  const { columns, rows, mistakes: found } = parseCsv(read.text, [], 'taken');
  // a head that cannot be read is said once
  if (columns.length === 0 && found.length > 0) return { list: null, mistakes: found };
  const mistakes = [...found];
  const by = (['mac', 'serial', 'id'] as const).find((name) => columns.includes(name));
  if (by === undefined)
    mistakes.push({
      line: 1,
      what: 'Nothing tells the rows of the list apart: it has no column mac, serial or id.',
      remedy: 'Add one. By id, rows are given out in their order, each to one device for ever.',
    });
  else {
    const lines = new Map<string, number>();
    for (const { line, fields } of rows) {
      const name = rowName(by, fields[by] ?? '');
      const first = lines.get(name);
      if (name === '') mistakes.push({ line, what: `The row has no ${by}.`, remedy: 'Give it one.' });
      else if (first !== undefined)
        mistakes.push({ line, what: `The ${by} stands in line ${first} already.`, remedy: 'Leave one out.' });
      else lines.set(name, line);
      if (by === 'mac' && name !== '' && !/^[0-9a-f]{12}$/.test(name))
        mistakes.push({
          line,
          what: 'What stands in the column mac is no MAC.',
          remedy: 'Write it as 60:55:f9:00:11:22.',
        });
    }
  }
  if (rows.length === 0 && mistakes.length === 0)
    mistakes.push({ line: 1, what: 'The list holds no device.', remedy: 'Add a row for each device.' });
  mistakes.sort((a, b) => a.line - b.line);
  return { list: mistakes.length > 0 || by === undefined ? null : { columns, by, rows }, mistakes };
}

/** The one spelling by which a row is known. */
function rowName(by: DeviceList['by'], cell: string): string {
  const text = cell.trim();
  return by === 'mac' ? text.replaceAll(/[:-]/g, '').toLowerCase() : text;
}

/** By what the ledger and people know a row of this list. */
export function nameOfRow(list: DeviceList, row: CsvRow): string {
  return rowName(list.by, row.fields[list.by] ?? '');
}

/** The row of a device in a list by mac or serial; null where it has none, and in a list by id. */
export function rowOfDevice(list: DeviceList, device: { readonly mac: string; readonly serial: string | null }) {
  if (list.by === 'id') return null;
  const wanted = rowName(list.by, (list.by === 'mac' ? device.mac : device.serial) ?? '');
  return list.rows.find((row) => nameOfRow(list, row) === wanted) ?? null;
}
