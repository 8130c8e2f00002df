import type { CsvRow } from '../../formats/csv.ts';
import { nvsValueOf, type Tell } from '../../image/nvs-csv.ts';
import type { NvsEntry, NvsNamespace, NvsValue } from '../../image/nvs-format.ts';
import type { StoredPartition, StoredValue } from '../../model/storage.ts';
import type { NamedFiles } from '../named-files.ts';

/** Where the values of one device come from. */
export interface ValueSources {
  /** Fills in placeholders. */
  fill(text: string): string;
  /** Its row in the partition's list; null where there is none. */
  readonly row: CsvRow | null;
  readonly files: NamedFiles;
  /** So many random bytes, which become the caller's own. */
  random(bytes: number): Uint8Array;
}

/** What stands in the way of one value, the `at`-th of its partition. No text of it holds a secret value. */
export type TellValue = (at: number, what: string, remedy: string) => void;

/**
 * The typed values of one device for one partition, in the order of the recipe; a namespace that comes again goes on where it was left.
 * Values that cannot be had are told and left out.
 */
export function valuesOf(stored: StoredPartition, sources: ValueSources, tell: TellValue): NvsNamespace[] {
  const namespaces = new Map<string, NvsEntry[]>();
  for (const [at, value] of stored.values.entries()) {
    const entries = namespaces.get(value.namespace) ?? [];
    namespaces.set(value.namespace, entries);
    const typed = typedValue(value, sources, (what, remedy) => tell(at, what, remedy));
    if (typed !== null) entries.push({ key: value.key, value: typed });
  }
  return [...namespaces].map(([name, entries]) => ({ name, entries }));
}

/** The value as NVS types it; null where `tell` was told why not: of a value that stands in another file than the recipe, not what it is. */
export function typedValue(value: StoredValue, sources: ValueSources, tell: Tell): NvsValue | null {
  const { source, type, secret } = value;
  const careful: Tell =
    secret || source.kind !== 'text'
      ? () => tell(`The value does not fit the type ${type}.`, 'Correct it, or the type.')
      : tell;
  switch (source.kind) {
    case 'random':
      return { type: 'blob', value: sources.random(source.bytes) };
    case 'text':
      return decode('data', sources.fill(source.text));
    case 'column':
      return decode('data', sources.row?.fields[source.column] ?? '');
    case 'file':
      // told already where the file is not there
      return sources.files.has(source.file) ? decode('file', source.file) : null;
  }

  function decode(how: 'data' | 'file', text: string): NvsValue | null {
    // a copy: what is made of it is zeroed, and the next board needs the file again
    const readFile = (path: string) => sources.files.get(path)!.slice();
    return nvsValueOf({ line: 0, fields: { type: how, encoding: type, value: text } }, readFile, careful);
  }
}
