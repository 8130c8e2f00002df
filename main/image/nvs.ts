import { utf8, viewOf } from '../base/bytes.ts';
import { formatFault } from '../formats/format-fault.ts';
import {
  bitmapOffset,
  entriesPerPage,
  entryCrc,
  entrySize,
  firstEntryOffset,
  integerRange,
  itemTypes,
  longestKey,
  type NvsEntry,
  type NvsIntegerType,
  type NvsNamespace,
  namespaceLimit,
  noChunk,
  nvsCrc,
  pageSize,
  pageStates,
  writePageHeader,
} from './nvs-format.ts';

/** Smallest partition that a device can write to: one page in use, one to move to, one to grow into. */
export const smallestNvs = 3 * pageSize;
/** A string and the NUL behind it must lie in one page with their header. */
export const longestString = (entriesPerPage - 1) * entrySize - 1;
/** Chunk indices 0x80 and up belong to the second version of a blob, which the device writes when it changes one. */
const chunkLimit = 0x80;

/**
 * An NVS partition of `size` bytes that holds these values, in clear. The bytes are those of Espressif's generator for the same
 * values in the same order: pages are filled from the first on, the last one used stays active, the rest is erased.
 *
 * A partition of three pages or more keeps one page free, which the device needs to move entries; a smaller one can only be read
 * (and must be flagged so in the partition table).
 *
 * Throws RecipeFault `image.nvs-size` (no whole number of pages), `image.nvs-room` (too much for the partition), `image.nvs-key`,
 * `image.nvs-twice`, `image.nvs-namespaces`, `image.nvs-range` (integer), `image.nvs-string`, `image.nvs-blob`.
 */
export function buildNvs(namespaces: readonly NvsNamespace[], size: number): Uint8Array {
  if (!Number.isInteger(size) || size < pageSize || size % pageSize !== 0)
    throw formatFault(
      'nvs-size',
      `An NVS partition of ${size} bytes is no whole number of pages of ${pageSize} bytes.`,
      'Give the size of the partition as the partition table has it, 0x3000 or more.',
      { size },
    );
  if (namespaces.length > namespaceLimit)
    throw formatFault(
      'nvs-namespaces',
      `${namespaces.length} namespaces are more than the ${namespaceLimit} that NVS numbers.`,
      'Put values into fewer namespaces.',
    );
  const image = new Uint8Array(size).fill(0xff);
  const usable = size >= smallestNvs ? size - pageSize : size;
  const pages = new PageWriter(image.subarray(0, usable));
  const names = new Set<string>();
  for (const [at, { name, entries }] of namespaces.entries()) {
    const index = at + 1;
    checkKey(name, 'namespace');
    if (names.has(name)) throw twice(`The namespace ${JSON.stringify(name)} is given`);
    names.add(name);
    pages.writeItem(header(0, itemTypes.u8, 1, noChunk, name, (view) => view.setUint8(24, index)));
    const keys = new Set<string>();
    for (const entry of entries) {
      checkKey(entry.key, 'key');
      if (keys.has(entry.key))
        throw twice(`The key ${JSON.stringify(entry.key)} of namespace ${JSON.stringify(name)} is given`);
      keys.add(entry.key);
      writeEntry(pages, index, entry);
    }
  }
  return image;
}

function writeEntry(pages: PageWriter, namespace: number, { key, value }: NvsEntry): void {
  switch (value.type) {
    case 'string':
      writeString(pages, namespace, key, value.value);
      break;
    case 'blob':
      writeBlob(pages, namespace, key, value.value);
      break;
    default:
      writeInteger(pages, namespace, key, value.type, value.value);
  }
}

function writeInteger(pages: PageWriter, namespace: number, key: string, type: NvsIntegerType, value: bigint): void {
  const { min, max } = integerRange(type);
  if (value < min || value > max)
    throw formatFault(
      'nvs-range',
      `The value ${value} of ${JSON.stringify(key)} does not fit ${type}, which takes ${min} to ${max}.`,
      'Correct the value, or give the key a wider type.',
      { key },
    );
  const bytes = Number(type.slice(1)) / 8;
  pages.writeItem(
    header(namespace, itemTypes[type], 1, noChunk, key, (view) => {
      for (let i = 0; i < bytes; i++) view.setUint8(24 + i, Number((value >> BigInt(8 * i)) & 0xffn));
    }),
  );
}

function writeString(pages: PageWriter, namespace: number, key: string, value: string): void {
  if (value.includes('\0'))
    throw formatFault(
      'nvs-string',
      `The string of ${JSON.stringify(key)} has a NUL inside.`,
      'Give it as a blob (hex2bin).',
    );
  const text = utf8(value);
  if (text.length > longestString)
    throw formatFault(
      'nvs-string',
      `The string of ${JSON.stringify(key)} has ${text.length} bytes; NVS takes ${longestString}.`,
      'Give it as a blob, which may lie on several pages.',
      { key },
    );
  const data = new Uint8Array(text.length + 1);
  data.set(text);
  text.fill(0);
  const span = 1 + entriesOf(data);
  // Espressif's generator leaves the last entry of a page free rather than end a string in it; only a whole page has no such choice.
  if (pages.free <= span && pages.free < entriesPerPage) pages.turn();
  pages.writeItem(variableHeader(namespace, itemTypes.string, span, noChunk, key, data), data);
  data.fill(0);
}

/** Chunks as large as what is left of each page, then the index of them. */
function writeBlob(pages: PageWriter, namespace: number, key: string, data: Uint8Array): void {
  if (pages.free === 0) pages.turn();
  let chunks = 0;
  let at = 0;
  do {
    if (chunks > 0) pages.turn();
    const chunk = data.subarray(at, at + (pages.free - 1) * entrySize);
    if (chunks === chunkLimit)
      throw formatFault(
        'nvs-blob',
        `The blob ${JSON.stringify(key)} has ${data.length} bytes, more than NVS can number the chunks of.`,
        'Put it into a partition of its own.',
        { key },
      );
    pages.writeItem(variableHeader(namespace, itemTypes.blobData, 1 + entriesOf(chunk), chunks, key, chunk), chunk);
    at += chunk.length;
    chunks++;
  } while (at < data.length);
  pages.writeItem(
    header(namespace, itemTypes.blobIndex, 1, noChunk, key, (view) => {
      view.setUint32(24, data.length, true);
      view.setUint8(28, chunks);
      view.setUint8(29, 0);
    }),
  );
}

function entriesOf(data: Uint8Array): number {
  return Math.ceil(data.length / entrySize);
}

function header(
  namespace: number,
  type: number,
  span: number,
  chunk: number,
  key: string,
  fill: (view: DataView) => void,
): Uint8Array {
  const entry = new Uint8Array(entrySize).fill(0xff);
  entry.set([namespace, type, span, chunk]);
  entry.fill(0, 8, 24);
  entry.set(utf8(key), 8);
  const view = viewOf(entry);
  fill(view);
  view.setUint32(4, entryCrc(entry), true);
  return entry;
}

function variableHeader(
  namespace: number,
  type: number,
  span: number,
  chunk: number,
  key: string,
  data: Uint8Array,
): Uint8Array {
  return header(namespace, type, span, chunk, key, (view) => {
    view.setUint16(24, data.length, true);
    view.setUint32(28, nvsCrc(data), true);
  });
}

/** Fills pages from the first to the last; the one being filled is active, those before it are full. */
class PageWriter {
  readonly #image: Uint8Array;
  #page: Uint8Array;
  #number = 0;
  #used = 0;

  constructor(image: Uint8Array) {
    this.#image = image;
    this.#page = image.subarray(0, pageSize);
    writePageHeader(this.#page, pageStates.active, 0);
  }

  /** Entries left on the page. */
  get free(): number {
    return entriesPerPage - this.#used;
  }

  /** Goes on to the next page. */
  turn(): void {
    const at = (this.#number + 1) * pageSize;
    if (at >= this.#image.length)
      throw formatFault(
        'nvs-room',
        `The values need more than the ${this.#image.length / pageSize} NVS pages of 4 KB that the partition offers them.`,
        'Enlarge the NVS partition in partitions.csv, or leave values out.',
        { pages: this.#image.length / pageSize },
      );
    viewOf(this.#page).setUint32(0, pageStates.full, true);
    this.#number++;
    this.#used = 0;
    this.#page = this.#image.subarray(at, at + pageSize);
    writePageHeader(this.#page, pageStates.active, this.#number);
  }

  /** One item on one page: its header, and the entries of its data padded with FF. Turns the page for it where it must. */
  writeItem(head: Uint8Array, data: Uint8Array = new Uint8Array(0)): void {
    const span = 1 + entriesOf(data);
    if (span > this.free) this.turn();
    const at = firstEntryOffset + this.#used * entrySize;
    this.#page.set(head, at);
    this.#page.set(data, at + entrySize);
    for (let entry = this.#used; entry < this.#used + span; entry++)
      this.#page[bitmapOffset + (entry >> 2)]! &= ~(1 << (2 * (entry & 3)));
    this.#used += span;
  }
}

function checkKey(key: string, what: 'namespace' | 'key'): void {
  const bytes = utf8(key).length;
  if (bytes > 0 && bytes <= longestKey && !key.includes('\0')) return;
  throw formatFault(
    'nvs-key',
    `The ${what} ${JSON.stringify(key)} has ${bytes} bytes; NVS takes 1 to ${longestKey}, none of them NUL.`,
    `Shorten the ${what}, here and in the firmware.`,
  );
}

function twice(what: string) {
  return formatFault('nvs-twice', `${what} twice.`, 'Leave one of them out: the device would find only one.');
}
