import { crc32 } from 'node:zlib';
import { viewOf } from '../base/bytes.ts';

// Non-volatile storage of ESP-IDF (FACTS 9; nvs_page.hpp, nvs_types.hpp). A page has 4096 bytes:
//
//   0  header: state u32 · sequence number u32 · version u8 · 19 x FF · CRC u32 over bytes 4..27
//   32 bitmap: two bits an entry (11 empty, 10 written, 00 erased), entry 0 in the lowest bits of the first byte
//   64 126 entries of 32 bytes
//
// An entry: namespace u8 · type u8 · span u8 · chunk u8 · CRC u32 over bytes 0..3 and 8..31 · key, 16 bytes · value, 8 bytes

export type NvsIntegerType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64';

export type NvsValue =
  | { readonly type: NvsIntegerType; readonly value: bigint }
  /** Without the NUL that ends it in flash. */
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'blob'; readonly value: Uint8Array };

export interface NvsEntry {
  /** 1 to 15 bytes. */
  readonly key: string;
  readonly value: NvsValue;
}

export interface NvsNamespace {
  /** 1 to 15 bytes. */
  readonly name: string;
  readonly entries: readonly NvsEntry[];
}

export const pageSize = 4096;
export const entrySize = 32;
export const entriesPerPage = 126;
export const bitmapOffset = 32;
export const firstEntryOffset = 64;
export const longestKey = 15;
export const namespaceLimit = 254;

export const pageStates = {
  empty: 0xffffffff,
  active: 0xfffffffe,
  full: 0xfffffffc,
  freeing: 0xfffffff8,
  corrupt: 0xfffffff0,
} as const;

/** Version 2 has blobs over several pages; version 1 has not. */
export const pageVersions = { one: 0xff, two: 0xfe } as const;

/** Item types of nvs_types.hpp. Integers: bit 4 is the sign, bits 3..0 the bytes. */
export const itemTypes = {
  u8: 0x01,
  i8: 0x11,
  u16: 0x02,
  i16: 0x12,
  u32: 0x04,
  i32: 0x14,
  u64: 0x08,
  i64: 0x18,
  string: 0x21,
  /** The blob of version 1, within one page. */
  blob: 0x41,
  blobData: 0x42,
  blobIndex: 0x48,
} as const;

/** What stands as chunk index where an item is no chunk of a blob. */
export const noChunk = 0xff;

export const integerTypes: readonly NvsIntegerType[] = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'];

/** Least and greatest value of an integer type. */
export function integerRange(type: NvsIntegerType): { readonly min: bigint; readonly max: bigint } {
  const bits = BigInt(type.slice(1));
  return type.startsWith('u')
    ? { min: 0n, max: (1n << bits) - 1n }
    : { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n };
}

/** The CRC of NVS: the register starts at 0 instead of all ones (FACTS 0, trap 10). */
export function nvsCrc(bytes: Uint8Array): number {
  return crc32(bytes, 0xffffffff);
}

/** CRC of an entry's header: bytes 0..3 and 8..31. */
export function entryCrc(entry: Uint8Array): number {
  return crc32(entry.subarray(8, entrySize), crc32(entry.subarray(0, 4), 0xffffffff));
}

/** CRC of a page's header: bytes 4..27. */
export function pageHeaderCrc(page: Uint8Array): number {
  return nvsCrc(page.subarray(4, 28));
}

/** `sequence`, state and version as the header of an otherwise erased page. */
export function writePageHeader(page: Uint8Array, state: number, sequence: number): void {
  const view = viewOf(page);
  view.setUint32(0, state, true);
  view.setUint32(4, sequence, true);
  view.setUint8(8, pageVersions.two);
  view.setUint32(28, pageHeaderCrc(page), true);
}
