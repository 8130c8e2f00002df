import { concat, isFilledWith, reversed, textOf, toHex, viewOf } from '../base/bytes.ts';
import { formatFault } from '../formats/format-fault.ts';
import {
  bitmapOffset,
  entriesPerPage,
  entryCrc,
  entrySize,
  firstEntryOffset,
  integerTypes,
  itemTypes,
  type NvsEntry,
  type NvsNamespace,
  type NvsValue,
  nvsCrc,
  pageHeaderCrc,
  pageSize,
  pageStates,
} from './nvs-format.ts';

export interface NvsPage {
  readonly state: keyof typeof pageStates | 'unknown';
  /** Null on a page that was never used. */
  readonly sequence: number | null;
  readonly written: number;
  readonly erased: number;
}

/** Something that a device would not take as it stands: it would drop the entry, or the page. */
export interface NvsProblem {
  /** Page from 0; null where it is about the partition as a whole. */
  readonly page: number | null;
  /** Entry of the page, from 0. */
  readonly entry: number | null;
  readonly what: string;
}

export interface NvsReading {
  readonly namespaces: readonly NvsNamespace[];
  readonly pages: readonly NvsPage[];
  /** Empty for a partition that is whole. */
  readonly problems: readonly NvsProblem[];
}

/** An item as it stands on its page. */
interface Item {
  readonly page: number;
  readonly entry: number;
  readonly namespace: number;
  readonly type: number;
  readonly chunk: number;
  readonly key: string;
  /** The eight value bytes. */
  readonly value: Uint8Array;
  /** Of items that have any. */
  readonly data: Uint8Array;
}

/**
 * Reads a partition in clear as a device does: pages in the order of their sequence numbers, of a key that stands there twice the
 * later. What is damaged is told in `problems` and left out.
 *
 * Throws RecipeFault `image.nvs-size` where the bytes are no whole number of pages, and `image.nvs-unreadable` where not one of
 * the entries there fits its CRC: an encrypted partition, or none.
 */
export function readNvs(bytes: Uint8Array): NvsReading {
  if (bytes.length === 0 || bytes.length % pageSize !== 0)
    throw formatFault(
      'nvs-size',
      `${bytes.length} bytes are no NVS partition: it has whole pages of ${pageSize} bytes.`,
      'Give the whole partition, and nothing else.',
    );
  const problems: NvsProblem[] = [];
  const numbered = Array.from({ length: bytes.length / pageSize }, (_, number) => ({
    number,
    bytes: bytes.subarray(number * pageSize, (number + 1) * pageSize),
  }));
  const pages = numbered.map(({ number, bytes: page }) => readPage(number, page, problems));
  const inOrder = numbered
    .filter(({ number }) => pages[number]!.sequence !== null)
    .sort((a, b) => pages[a.number]!.sequence! - pages[b.number]!.sequence!);
  const items = inOrder.flatMap(({ number, bytes: page }) => itemsOf(number, page, problems));
  const written = pages.reduce((sum, page) => sum + page.written, 0);
  if (items.length === 0 && written > 0)
    throw formatFault(
      'nvs-unreadable',
      `None of the ${written} entries fits its CRC: the partition is encrypted with another key, or is no NVS partition.`,
      'Give its keys, or the right file.',
      { entries: written },
    );
  return { namespaces: collect(items, problems), pages, problems };
}

function readPage(number: number, page: Uint8Array, problems: NvsProblem[]): NvsPage {
  const view = viewOf(page);
  const word = view.getUint32(0, true);
  const state = (Object.keys(pageStates) as (keyof typeof pageStates)[]).find((name) => pageStates[name] === word);
  const unread = (what: string): NvsPage => {
    problems.push({ page: number, entry: null, what });
    return { state: state ?? 'unknown', sequence: null, written: 0, erased: 0 };
  };
  if (state === undefined) return unread(`has a state that no page has (0x${word.toString(16)})`);
  if (state === 'empty') {
    if (!isFilledWith(page, 0xff)) return unread('is marked empty, but is not erased');
    return { state, sequence: null, written: 0, erased: 0 };
  }
  if (state === 'corrupt') return unread('is marked corrupt');
  if (view.getUint32(28, true) !== pageHeaderCrc(page)) return unread('has a header that does not fit its CRC');
  const states = Array.from({ length: entriesPerPage }, (_, entry) => stateOf(page, entry));
  return {
    state,
    sequence: view.getUint32(4, true),
    written: states.filter((pair) => pair === 0b10).length,
    erased: states.filter((pair) => pair === 0b00).length,
  };
}

function stateOf(page: Uint8Array, entry: number): number {
  return (page[bitmapOffset + (entry >> 2)]! >> (2 * (entry & 3))) & 3;
}

function itemsOf(number: number, page: Uint8Array, problems: NvsProblem[]): Item[] {
  const items: Item[] = [];
  for (let entry = 0; entry < entriesPerPage; ) {
    if (stateOf(page, entry) !== 0b10) {
      entry++;
      continue;
    }
    const tell = (what: string) => problems.push({ page: number, entry, what });
    const bytes = entryAt(page, entry, 1);
    const view = viewOf(bytes);
    const span = view.getUint8(2);
    if (view.getUint32(4, true) !== entryCrc(bytes)) {
      tell('does not fit its CRC');
      entry++;
      continue;
    }
    if (span === 0 || entry + span > entriesPerPage) {
      tell(`claims to span ${span} entries`);
      entry++;
      continue;
    }
    const item = itemAt(number, entry, bytes, page, tell);
    if (item !== null) items.push(item);
    entry += span;
  }
  return items;
}

function itemAt(
  page: number,
  entry: number,
  bytes: Uint8Array,
  pageBytes: Uint8Array,
  tell: (what: string) => void,
): Item | null {
  const view = viewOf(bytes);
  const [namespace, type, span, chunk] = [0, 1, 2, 3].map((at) => view.getUint8(at)) as [
    number,
    number,
    number,
    number,
  ];
  const hasData = type === itemTypes.string || type === itemTypes.blob || type === itemTypes.blobData;
  const length = hasData ? view.getUint16(24, true) : 0;
  if (length > (span - 1) * entrySize) {
    tell(`holds ${length} bytes in ${span - 1} entries`);
    return null;
  }
  const data = entryAt(pageBytes, entry + 1, span - 1).slice(0, length);
  if (hasData && view.getUint32(28, true) !== nvsCrc(data)) {
    tell('has data that do not fit their CRC');
    return null;
  }
  const key = textOf(bytes.subarray(8, 24));
  return { page, entry, namespace, type, chunk, key, value: bytes.slice(24), data };
}

function entryAt(page: Uint8Array, entry: number, count: number): Uint8Array {
  const at = firstEntryOffset + entry * entrySize;
  return page.subarray(at, at + count * entrySize);
}

/** Items as namespaces with values: names given to indices, chunks put together. */
function collect(items: readonly Item[], problems: NvsProblem[]): NvsNamespace[] {
  const names = new Map<number, string>();
  for (const { namespace, key, value } of items) if (namespace === 0) names.set(value[0]!, key);
  const found = new Map<number, Map<string, NvsEntry>>([...names.keys()].map((index) => [index, new Map()]));
  for (const item of items) {
    if (item.namespace === 0 || item.type === itemTypes.blobData) continue;
    const { page, entry } = item;
    const entries = found.get(item.namespace);
    if (entries === undefined) {
      problems.push({ page, entry, what: `(${item.key}) belongs to namespace ${item.namespace}, which has no name` });
      continue;
    }
    const value = item.type === itemTypes.blobIndex ? wholeBlob(item, items) : itemValue(item);
    if (typeof value === 'string') {
      problems.push({ page, entry, what: `(${item.key}) ${value}` });
      continue;
    }
    entries.delete(item.key);
    entries.set(item.key, { key: item.key, value });
  }
  return [...found].map(([index, entries]) => ({ name: names.get(index)!, entries: [...entries.values()] }));
}

/** The value of an item that stands alone, or what is wrong with it. */
function itemValue({ type, value, data }: Item): NvsValue | string {
  if (type === itemTypes.blob) return { type: 'blob', value: data };
  if (type === itemTypes.string) {
    if (data.at(-1) !== 0) return 'is a string without an end';
    return { type: 'string', value: textOf(data) };
  }
  const integer = integerTypes.find((name) => itemTypes[name] === type);
  if (integer === undefined) return `is of type 0x${type.toString(16)}, which NVS does not know`;
  const bits = Number(integer.slice(1));
  const raw = BigInt(`0x${toHex(reversed(value.subarray(0, bits / 8)))}`);
  return { type: integer, value: integer.startsWith('i') ? BigInt.asIntN(bits, raw) : raw };
}

function wholeBlob(index: Item, items: readonly Item[]): NvsValue | string {
  const view = viewOf(index.value);
  const [size, count, start] = [view.getUint32(0, true), view.getUint8(4), view.getUint8(5)];
  const chunks: Uint8Array[] = [];
  for (let at = start; at < start + count; at++) {
    const chunk = items.findLast(
      (item) =>
        item.type === itemTypes.blobData &&
        item.namespace === index.namespace &&
        item.key === index.key &&
        item.chunk === at,
    );
    if (chunk === undefined) return `lacks chunk ${at - start + 1} of ${count}`;
    chunks.push(chunk.data);
  }
  const value = concat(...chunks);
  return value.length === size ? { type: 'blob', value } : `has ${value.length} bytes of ${size}`;
}
