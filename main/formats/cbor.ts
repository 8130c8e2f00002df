// Deterministic CBOR (RFC 8949, section 4.2.1): shortest heads, definite lengths, map keys in the order of their encoded bytes. No floats
// and no tags inside: what we state has neither.
import { concat, utf8 } from '../base/bytes.ts';

/** A map has text keys, or integer keys as COSE has them. */
export type Cbor =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Cbor[]
  | { readonly [key: string]: Cbor }
  | ReadonlyMap<number, Cbor>;

const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;

/** The one encoding of a value. RangeError for a number that is no safe integer; texts have to be well-formed. */
export function encodeCbor(value: Cbor): Uint8Array {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
    return value < 0 ? head(major.negative, -1 - value) : head(major.unsigned, value);
  }
  if (typeof value === 'string') {
    const bytes = utf8(value.toWellFormed());
    return concat(head(major.text, bytes.length), bytes);
  }
  if (value instanceof Uint8Array) return concat(head(major.bytes, value.length), value);
  if (isList(value)) return concat(head(major.array, value.length), ...value.map(encodeCbor));
  const members: readonly (readonly [number | string, Cbor])[] =
    value instanceof Map ? [...value] : Object.entries(value);
  const encoded = members.map(([key, member]) => ({ key: encodeCbor(key), value: encodeCbor(member) }));
  encoded.sort((a, b) => Buffer.compare(a.key, b.key));
  return concat(head(major.map, encoded.length), ...encoded.flatMap((member) => [member.key, member.value]));
}

/** The same behind a tag. */
export function taggedCbor(tag: number, value: Cbor): Uint8Array {
  return concat(head(major.tag, tag), encodeCbor(value));
}

function isList(value: Cbor): value is readonly Cbor[] {
  return Array.isArray(value);
}

/** Kind and number in as few bytes as hold it. */
function head(kind: number, value: number): Uint8Array {
  const first = kind << 5;
  if (value < 24) return Uint8Array.of(first | value);
  if (value < 0x100) return Uint8Array.of(first | 24, value);
  if (value < 0x1_0000) return Uint8Array.of(first | 25, value >>> 8, value & 0xff);
  const bytes = new Uint8Array(value < 0x1_0000_0000 ? 5 : 9);
  const view = new DataView(bytes.buffer);
  bytes[0] = first | (bytes.length === 5 ? 26 : 27);
  if (bytes.length === 5) view.setUint32(1, value);
  else view.setBigUint64(1, BigInt(value));
  return bytes;
}
