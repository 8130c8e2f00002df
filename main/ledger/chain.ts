// The chain of the book. Whoever holds exported rows can check them with SHA-256 and this page alone, without a key, without this program:
//
//   hash(row) = SHA-256( "fuseline ledger row v1" LF || canonical JSON of {at, body, kind, prev, row, run} )
//
// prev is the hash of the row before (64 zeros for the first, the genesis row, which binds station, ledger id and schema). Canonical
// JSON is RFC 8785: keys sorted, no blanks. A chain alone cannot show that its end was cut off: for that a head has to be remembered
// elsewhere and compared.
import { sha256Hex } from '../base/digest.ts';
import { canonicalJson } from '../base/json.ts';

/** Fixed text in front of every hashed row, so that no other hash of this house can be taken for one. */
export const chainDomain = 'fuseline ledger row v1\n';

/** What stands where the first row's predecessor would be. */
export const chainStart = '0'.repeat(64);

/** One row as it is exported and hashed. `body` is plain JSON. */
export interface ChainRow {
  /** 1, 2, 3, ... without gaps. */
  readonly row: number;
  /** ISO 8601, UTC, by the station's clock. */
  readonly at: string;
  readonly kind: string;
  /** Run it belongs to, or null. */
  readonly run: string | null;
  readonly body: unknown;
  /** Hash of the row before, hex. */
  readonly prev: string;
  /** Hash of this row, hex. */
  readonly hash: string;
}

/** The same with its body as the canonical text that was hashed; what cannot be read any more is said so in words that are no JSON. */
export interface PlainRow extends Omit<ChainRow, 'body'> {
  readonly body: string;
}

/** A point of the chain that somebody remembers: the row and its hash. */
export interface ChainHead {
  readonly row: number;
  readonly hash: string;
}

/**
 * Hash (hex) of a row whose body is already canonical text. Gives the same as `hashOfRow` for the parsed body; a body text that is
 * not canonical (a changed byte, a blank) gives another hash.
 */
export function hashOfParts(row: Omit<ChainRow, 'body' | 'hash'>, bodyText: string): string {
  // The members in the order in which canonical JSON sorts them.
  const text = `{"at":${JSON.stringify(row.at)},"body":${bodyText},"kind":${JSON.stringify(row.kind)},"prev":${JSON.stringify(
    row.prev,
  )},"row":${row.row},"run":${JSON.stringify(row.run)}}`;
  return sha256Hex(chainDomain + text);
}

/** Hash (hex) of a row from its plain values. */
export function hashOfRow(row: Omit<ChainRow, 'hash'>): string {
  return hashOfParts(row, canonicalJson(row.body));
}

/** Where and why a chain does not hold. */
export interface ChainBreak {
  /** Number of the first row that does not fit. */
  readonly row: number;
  readonly reason: string;
}

/**
 * Checks rows one after the other. `check` gives the first break or null; after a break it goes on giving the same one.
 * Bodies come as canonical text (`bodyText`) or as plain JSON (`body`).
 */
export class ChainCheck {
  #row: number;
  #hash: string;
  #broken: ChainBreak | null = null;
  readonly #remembered: Map<number, string>;

  /** Starts behind `after` (a row taken as true), or at the genesis row. `remembered` heads must be found on the way. */
  constructor(after: ChainHead | null = null, remembered: readonly ChainHead[] = []) {
    this.#row = after?.row ?? 0;
    this.#hash = after?.hash ?? chainStart;
    this.#remembered = new Map(remembered.map((head) => [head.row, head.hash]));
  }

  get head(): ChainHead {
    return { row: this.#row, hash: this.#hash };
  }

  get broken(): ChainBreak | null {
    return this.#broken;
  }

  check(row: Omit<ChainRow, 'body'>, bodyText: string): ChainBreak | null {
    if (this.#broken !== null) return this.#broken;
    const expected = this.#row + 1;
    if (row.row !== expected)
      return this.#breakAt(
        Math.min(row.row, expected),
        row.row > expected
          ? `row ${expected} is missing: the next one there is row ${row.row}`
          : `row ${row.row} stands where row ${expected} should be`,
      );
    if (row.prev !== this.#hash)
      return this.#breakAt(
        row.row,
        `row ${row.row} does not follow the row before it: its prev is not that row's hash`,
      );
    if (row.row === 1 && row.kind !== 'genesis') return this.#breakAt(1, 'the first row is no genesis row');
    if (hashOfParts(row, bodyText) !== row.hash)
      return this.#breakAt(row.row, `row ${row.row} was changed: its content does not give its hash`);
    const remembered = this.#remembered.get(row.row);
    if (remembered !== undefined && remembered !== row.hash)
      return this.#breakAt(row.row, `row ${row.row} is not the one that was remembered: the chain was written anew`);
    this.#row = row.row;
    this.#hash = row.hash;
    return null;
  }

  /** To be called after the last row: a remembered head that was not reached is a break. */
  end(): ChainBreak | null {
    if (this.#broken !== null) return this.#broken;
    if (this.#row === 0) return this.#breakAt(1, 'there is no genesis row');
    for (const row of this.#remembered.keys())
      if (row > this.#row)
        return this.#breakAt(
          this.#row + 1,
          `the chain ends at row ${this.#row}, but row ${row} was remembered: rows were cut off its end`,
        );
    return null;
  }

  #breakAt(row: number, reason: string): ChainBreak {
    this.#broken = { row, reason };
    return this.#broken;
  }
}

/**
 * Checks exported rows, from the genesis row on, with nothing but the rows (and heads that the reader remembers from elsewhere).
 * Rows with members missing or of a wrong type are breaks, not exceptions.
 */
export function verifyRows(
  rows: Iterable<Readonly<Record<string, unknown>>>,
  remembered: readonly ChainHead[] = [],
): { readonly rows: number; readonly head: string; readonly broken: ChainBreak | null } {
  const chain = new ChainCheck(null, remembered);
  for (const row of rows) {
    if (!isChainRow(row)) {
      const expected = chain.head.row + 1;
      return { rows: chain.head.row, head: chain.head.hash, broken: { row: expected, reason: notARow(expected) } };
    }
    if (chain.check(row, canonicalJson(row.body)) !== null) break;
  }
  const broken = chain.end();
  return { rows: chain.head.row, head: chain.head.hash, broken };
}

export function notARow(expected: number): string {
  return `what stands at row ${expected} is no ledger row`;
}

/** Whether a line of an export has the members of a row. */
export function isChainRow(
  row: Readonly<Record<string, unknown>>,
): row is Readonly<Record<string, unknown>> & ChainRow {
  return (
    Number.isSafeInteger(row.row) &&
    typeof row.at === 'string' &&
    typeof row.kind === 'string' &&
    (typeof row.run === 'string' || row.run === null) &&
    'body' in row &&
    typeof row.prev === 'string' &&
    typeof row.hash === 'string'
  );
}
