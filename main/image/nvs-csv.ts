import { fromHex, utf8 } from '../base/bytes.ts';
import { type CsvMistake, type CsvRow, parseCsv } from '../formats/csv.ts';
import { isFault } from '../model/fault.ts';
import {
  integerRange,
  integerTypes,
  longestKey,
  type NvsEntry,
  type NvsNamespace,
  type NvsValue,
} from './nvs-format.ts';

/** Values as typed, or what stands in the way, each with its line; one of both is empty. */
export interface NvsCsv {
  readonly namespaces: readonly NvsNamespace[];
  readonly mistakes: readonly CsvMistake[];
}

const columns = ['key', 'type', 'encoding', 'value'] as const;
const dataEncodings = [...integerTypes, 'string', 'hex2bin', 'base64', 'binary'];

/**
 * The values of a CSV as Espressif's partition generator and mass manufacturing utility take it: a line `key,type,encoding,value`,
 * then one line a value; `#` begins a comment line. `type` is `namespace` (all that follows belongs to it), `data`, or `file` (the
 * value is a path, whose content `readFile` gives). Every mistake is told, not the first.
 *
 * A namespace that is opened again goes on where it was left; the generator would number its values wrongly.
 */
export function parseNvsCsv(text: string, readFile: (path: string) => Uint8Array): NvsCsv {
  const { rows, mistakes: formMistakes } = parseCsv(text, columns);
  const mistakes: CsvMistake[] = [...formMistakes];
  const namespaces = new Map<string, Map<string, NvsEntry>>();
  let current: Map<string, NvsEntry> | null = null;
  let toldHomeless = false;
  for (const row of rows) {
    const tell = (what: string, remedy: string) => mistakes.push({ line: row.line, what, remedy });
    const { key = '', type = '' } = row.fields;
    checkKey(key, tell);
    if (type === 'namespace') {
      checkNamespace(row, tell);
      current = namespaces.get(key) ?? new Map();
      namespaces.set(key, current);
      continue;
    }
    if (current === null && !toldHomeless) {
      toldHomeless = true;
      tell('This value stands before the first namespace.', 'Put a line NAME,namespace,, above it.');
    }
    if (current?.has(key)) tell(`The key ${key} stands twice in its namespace.`, 'Leave one of them out.');
    const value = nvsValueOf(row, readFile, tell);
    if (value !== null) current?.set(key, { key, value });
  }
  if (rows.length === 0 && mistakes.length === 0)
    mistakes.push({
      line: 1,
      what: 'The file holds no value.',
      remedy: 'Add lines of the form key,type,encoding,value.',
    });
  mistakes.sort((a, b) => a.line - b.line);
  return {
    mistakes,
    namespaces:
      mistakes.length > 0 ? [] : [...namespaces].map(([name, entries]) => ({ name, entries: [...entries.values()] })),
  };
}

export type Tell = (what: string, remedy: string) => void;

/** Tells a key (or namespace) that NVS cannot hold. */
export function checkKey(key: string, tell: Tell): void {
  const bytes = utf8(key).length;
  if (bytes === 0) tell('The key is missing.', 'Name it in the first column.');
  else if (bytes > longestKey)
    tell(`The key ${key} has ${bytes} bytes; NVS takes ${longestKey}.`, 'Shorten it, here and in the firmware.');
}

function checkNamespace({ fields: { encoding, value } }: CsvRow, tell: Tell): void {
  if (encoding || value)
    tell('A namespace has no encoding and no value.', 'Leave both columns empty, or make the line a data line.');
}

/** The typed value of a line `type,encoding,value`; null where `tell` was told why not. */
export function nvsValueOf({ fields }: CsvRow, readFile: (path: string) => Uint8Array, tell: Tell): NvsValue | null {
  const { type = '', encoding = '', value = '' } = fields;
  if (type !== 'data' && type !== 'file') {
    tell(`The type ${JSON.stringify(type)} is unknown.`, 'Use namespace, data or file.');
    return null;
  }
  const filled = filledBlob(encoding, value, tell);
  if (filled !== undefined) return filled;
  if (!dataEncodings.includes(encoding)) {
    tell(`The encoding ${JSON.stringify(encoding)} is unknown.`, `Use ${dataEncodings.join(', ')}.`);
    return null;
  }
  if (type === 'data')
    return encoding === 'binary' ? { type: 'blob', value: utf8(value) } : decoded(encoding, value, tell);
  let content: Uint8Array;
  try {
    content = readFile(value);
  } catch (error) {
    const reason = isFault(error) ? error.what : error instanceof Error ? error.message : String(error);
    tell(`The file ${JSON.stringify(value)} cannot be read: ${reason}`, 'Give its path from where the CSV lies.');
    return null;
  }
  if (encoding === 'binary') return { type: 'blob', value: content };
  try {
    return decoded(encoding, new TextDecoder('utf-8', { fatal: true }).decode(content), tell);
  } catch {
    tell(`The file ${JSON.stringify(value)} is no text, as ${encoding} needs it.`, 'Use the encoding binary.');
    return null;
  }
}

function decoded(encoding: string, text: string, tell: Tell): NvsValue | null {
  switch (encoding) {
    case 'string':
      return { type: 'string', value: text };
    case 'hex2bin':
      try {
        return { type: 'blob', value: fromHex(text) };
      } catch {
        tell('The value is no even number of hex digits.', 'Write two digits a byte, without 0x.');
        return null;
      }
    case 'base64': {
      const digits = text.replace(/\s+/g, '');
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(digits)) {
        tell('The value is no base64.', 'Write it with + and / and padded with = to a multiple of four.');
        return null;
      }
      return { type: 'blob', value: Uint8Array.from(atob(digits), (character) => character.charCodeAt(0)) };
    }
    default:
      return integer(encoding as (typeof integerTypes)[number], text.trim(), tell);
  }
}

function integer(type: (typeof integerTypes)[number], text: string, tell: Tell): NvsValue | null {
  if (!/^[+-]?\d+$/.test(text)) {
    tell(`${JSON.stringify(text)} is no whole number.`, 'Write it in decimal digits.');
    return null;
  }
  const value = BigInt(text.replace(/^\+/, ''));
  const { min, max } = integerRange(type);
  if (value < min || value > max) {
    tell(`${value} does not fit ${type}.`, `It takes ${min} to ${max}.`);
    return null;
  }
  return { type, value };
}

/** `blob_fill(LENGTH;0xBYTE)` pads the value, `blob_sz_fill` puts its size (u32) before it; undefined for other encodings. */
function filledBlob(encoding: string, value: string, tell: Tell): NvsValue | null | undefined {
  if (!/^blob_(sz_)?fill/.test(encoding)) return undefined;
  const match = /^blob_(sz_)?fill\((\d+);(0x[0-9a-fA-F]{2})\)$/.exec(encoding);
  if (match === null) {
    tell(
      `The encoding ${JSON.stringify(encoding)} is unknown.`,
      'Write blob_fill(LENGTH;0xBYTE), e.g. blob_fill(32;0x00).',
    );
    return null;
  }
  const [, sized, length, fill] = match;
  const text = utf8(value);
  if (text.length > Number(length)) {
    tell(
      `The value has ${text.length} bytes, more than the ${length} of ${encoding}.`,
      'Shorten it, or enlarge the length.',
    );
    return null;
  }
  const head = sized ? 4 : 0;
  const blob = new Uint8Array(head + Number(length)).fill(Number(fill));
  if (sized) new DataView(blob.buffer).setUint32(0, text.length, true);
  blob.set(text, head);
  return { type: 'blob', value: blob };
}
