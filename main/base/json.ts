import { sha256Hex } from './digest.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The one text of a JSON value: keys sorted by code unit, no blanks, numbers as ECMAScript prints them (RFC 8785, JSON
 * Canonicalization Scheme, for values without lone surrogates). `undefined` members are left out. Throws TypeError for what JSON
 * does not have (NaN, functions, bigint, class instances such as SecretBytes or Uint8Array).
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('JSON has no NaN and no infinity');
      return JSON.stringify(value);
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${Array.from(value, (item) => canonicalJson(item ?? null)).join(',')}]`;
      const kind = Object.getPrototypeOf(value);
      if (kind !== Object.prototype && kind !== null)
        throw new TypeError(`a ${kind?.constructor?.name} has no JSON form`);
      const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
      return `{${members.join(',')}}`;
    }
    default:
      throw new TypeError(`a ${typeof value} has no JSON form`);
  }
}

/** SHA-256 (hex) of the canonical text. */
export function digestOf(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
