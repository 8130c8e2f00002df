import { type CsvMistake, parseCsv } from '../formats/csv.ts';
import { checkKey, nvsValueOf, type Tell } from './nvs-csv.ts';
import type { NvsEntry, NvsNamespace } from './nvs-format.ts';

/** What the NVS partition of one device is to hold. */
export interface NvsDevice {
  /** Line of the values file, from 1. */
  readonly line: number;
  /** Cell of the column `id`, where the file has one. */
  readonly id: string | null;
  readonly namespaces: readonly NvsNamespace[];
}

export interface NvsDevices {
  readonly devices: readonly NvsDevice[];
  /** In the configuration file. With any mistake there are no devices. */
  readonly configurationMistakes: readonly CsvMistake[];
  /** In the values file. */
  readonly valueMistakes: readonly CsvMistake[];
}

interface Column {
  readonly namespace: string;
  readonly key: string;
  readonly type: string;
  readonly encoding: string;
  readonly repeats: boolean;
}

/**
 * The two files of Espressif's mass manufacturing utility (mass_mfg.html of the ESP-IDF guide). `configuration` says what each device
 * holds, a line a key: `key,type,encoding` and perhaps `REPEAT`, under lines `NAME,namespace,`; it has no head. `values` has the keys as
 * its head, perhaps with `id`, and a line a device; where a key repeats, an empty cell takes the value of the first device. Every
 * mistake of both files is told.
 */
export function parseNvsDevices(
  configuration: string,
  values: string,
  readFile: (path: string) => Uint8Array,
): NvsDevices {
  const { columns, mistakes: configurationMistakes } = parseConfiguration(configuration);
  if (configurationMistakes.length > 0) return { devices: [], configurationMistakes, valueMistakes: [] };
  const keys = columns.map(({ key }) => key);
  const table = parseCsv(values, keys, 'taken');
  const mistakes: CsvMistake[] = [...table.mistakes];
  for (const name of table.columns)
    if (name !== 'id' && !keys.includes(name))
      mistakes.push({
        line: 1,
        what: `The configuration has no key ${name}.`,
        remedy: 'Add it there, or leave it out.',
      });
  if (table.rows.length === 0 && mistakes.length === 0)
    mistakes.push({ line: 1, what: 'The file holds no device.', remedy: 'Add a line of values for each device.' });
  const [first] = table.rows;
  const devices = table.rows.map(({ line, fields }) => {
    const namespaces = new Map<string, NvsEntry[]>();
    for (const { namespace, key, type, encoding, repeats } of columns) {
      const entries = namespaces.get(namespace) ?? [];
      namespaces.set(namespace, entries);
      const cell = fields[key] || (repeats ? first?.fields[key] : '') || '';
      const tell: Tell = (what, remedy) => mistakes.push({ line, what: `${key}: ${what}`, remedy });
      // An empty string can be meant, any other empty value not.
      if (cell === '' && encoding !== 'string') {
        tell('The value is missing.', 'Give one, or mark the key REPEAT in the configuration.');
        continue;
      }
      const value = nvsValueOf({ line, fields: { type, encoding, value: cell } }, readFile, tell);
      if (value !== null) entries.push({ key, value });
    }
    return {
      line,
      id: fields.id ?? null,
      namespaces: [...namespaces].map(([name, entries]) => ({ name, entries })),
    };
  });
  mistakes.sort((a, b) => a.line - b.line);
  return { devices: mistakes.length > 0 ? [] : devices, configurationMistakes, valueMistakes: mistakes };
}

function parseConfiguration(text: string): { columns: readonly Column[]; mistakes: readonly CsvMistake[] } {
  // The file has no head: it gets one, and lines count from the one below.
  const { rows, mistakes: found } = parseCsv(`key,type,encoding,repeat\n${text.replace(/^\uFEFF/, '')}`, [
    'key',
    'type',
    'encoding',
    'repeat',
  ]);
  const mistakes: CsvMistake[] = found.map((mistake) => ({ ...mistake, line: mistake.line - 1 }));
  const columns: Column[] = [];
  let namespace: string | null = null;
  for (const { line, fields } of rows) {
    const tell: Tell = (what, remedy) => mistakes.push({ line: line - 1, what, remedy });
    const { key = '', type = '', encoding = '', repeat = '' } = fields;
    checkKey(key, tell);
    if (type === 'namespace') {
      namespace = key;
      continue;
    }
    if (type !== 'data' && type !== 'file')
      tell(`The type ${JSON.stringify(type)} is unknown.`, 'Use namespace, data or file.');
    if (repeat !== '' && repeat !== 'REPEAT')
      tell(`The tag ${JSON.stringify(repeat)} is unknown.`, 'Write REPEAT, or leave it out.');
    if (namespace === null) {
      tell('This key stands before the first namespace.', 'Begin the file with a line NAME,namespace,');
      namespace = '';
    }
    if (columns.some((column) => column.key === key))
      tell(`The key ${key} stands twice; the values file could not tell the two apart.`, 'Rename one of them.');
    columns.push({ namespace, key, type, encoding, repeats: repeat === 'REPEAT' });
  }
  if (columns.length === 0 && mistakes.length === 0)
    mistakes.push({ line: 1, what: 'The configuration names no key.', remedy: 'Add lines key,type,encoding.' });
  return { columns, mistakes };
}
