import type { Database, Statement } from 'better-sqlite3';
import { toHex } from '../../base/bytes.ts';
import { isoTime } from '../../base/clock.ts';
import { type ChainCheck, type ChainHead, type ChainRow, chainStart } from '../chain.ts';
import type { Bodies } from './bodies.ts';

/** As it lies in the file: see packedTables in schema.ts. */
interface EntryRow {
  row: number;
  at: unknown;
  kind: string;
  run: unknown;
  body: unknown;
  prev: Uint8Array | null;
  hash: Uint8Array;
}

/** A row with its text. */
export interface PlainRow extends Omit<ChainRow, 'body'> {
  /** Canonical JSON; what cannot be read is said so in words that are none. */
  readonly body: string;
}

/** Runs that are looked up again and again while rows are read in order. */
const knownRuns = 10_000;

/** Reads the chain on one connection. */
export class Rows {
  readonly #bodies: Bodies;
  readonly #older: Statement;
  readonly #newer: Statement;
  readonly #opened: Statement;
  readonly #hash: Statement;
  readonly #last: Statement;
  readonly #hashes: Statement;
  readonly #runs = new Map<number, string>();

  constructor(db: Database, bodies: Bodies) {
    this.#bodies = bodies;
    const columns = 'row, at, kind, run, body, prev, hash';
    this.#older = db.prepare(`SELECT ${columns} FROM older_entries WHERE row > ? ORDER BY row LIMIT ?`);
    this.#newer = db.prepare(`SELECT ${columns} FROM entries WHERE row > ? ORDER BY row LIMIT ?`);
    this.#opened = db.prepare(`SELECT body FROM book WHERE row = ? AND kind = 'run-opened'`).pluck();
    this.#hash = db.prepare('SELECT hash FROM book WHERE row = ?').pluck();
    this.#hashes = db.prepare('SELECT hash, row FROM book WHERE row > ? ORDER BY row LIMIT ?').pluck();
    this.#last = db.prepare('SELECT row, hash FROM book ORDER BY row DESC LIMIT 1');
  }

  /** The last row and its hash; row 0 for an empty book. */
  head(): ChainHead {
    const last = this.#last.get() as EntryRow | undefined;
    return last === undefined ? { row: 0, hash: chainStart } : { row: last.row, hash: toHex(last.hash) };
  }

  /** Hash (hex) of a row, or null where there is none. */
  hashOf(row: number): string | null {
    const hash = this.#hash.get(row) as Uint8Array | undefined;
    return hash === undefined ? null : toHex(hash);
  }

  /** Hashes of up to `count` rows behind `after`. */
  hashes(after: number, count: number): Uint8Array[] {
    return this.#hashes.all(after, count) as Uint8Array[];
  }

  /** Runs up to `count` rows behind the check's head through it. Gives how many rows there were. */
  check(chain: ChainCheck, count: number): number {
    const rows = this.plain(chain.head.row, count);
    for (const { body, ...rest } of rows) if (chain.check(rest, body) !== null) break;
    return rows.length;
  }

  /** Up to `count` rows behind `after` as lines of an export, the last row's number, and how many they are. */
  exported(after: number, count: number): { lines: string; last: number; count: number } {
    const rows = this.plain(after, count);
    return { lines: rows.map(exportedLine).join(''), last: rows.at(-1)?.row ?? after, count: rows.length };
  }

  /** Up to `count` rows behind `after`, with their text. */
  plain(after: number, count: number): PlainRow[] {
    const older = this.#older.all(after, count) as EntryRow[];
    const newer = older.length === count ? [] : (this.#newer.all(after, count - older.length) as EntryRow[]);
    let before = after === 0 ? chainStart : null;
    return [...older, ...newer].map((row) => {
      const hash = toHex(row.hash);
      const prev = row.prev === null ? (before ?? this.hashOf(row.row - 1) ?? '') : toHex(row.prev);
      before = hash;
      return {
        row: row.row,
        at: timeOf(row.at),
        kind: row.kind,
        run: this.#runOf(row.run),
        body: this.#bodies.text(row.body) ?? unreadable,
        prev,
        hash,
      };
    });
  }

  #runOf(stored: unknown): string | null {
    if (typeof stored !== 'number') return stored === null ? null : String(stored);
    const known = this.#runs.get(stored);
    if (known !== undefined) return known;
    const body = parsed(this.#bodies.text(this.#opened.get(stored)) ?? unreadable) as { run?: { id?: unknown } } | null;
    const id = String(body?.run?.id ?? unreadable);
    if (this.#runs.size >= knownRuns) this.#runs.clear();
    this.#runs.set(stored, id);
    return id;
  }
}

/** Stands for a body that cannot be unpacked: its hash fits nothing. */
const unreadable = '(unreadable)';

/** ISO 8601 of a stored time. */
export function timeOf(stored: unknown): string {
  return typeof stored === 'number' && Math.abs(stored) <= 8.64e15 ? isoTime(stored) : String(stored);
}

/** How a time is to be stored: as a number where that gives it back to the letter. */
export function storedTime(at: string): string | number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) || isoTime(ms) !== at ? at : ms;
}

/** The members in the order in which exports have always had them; the body as it is, which is canonical JSON. */
function exportedLine({ row, at, kind, run, body, prev, hash }: PlainRow): string {
  const [time, name, id] = [at, kind, run].map((value) => JSON.stringify(value));
  return `{"row":${row},"at":${time},"kind":${name},"run":${id},"body":${jsonText(body)},"prev":"${prev}","hash":"${hash}"}\n`;
}

/** A body that was tampered with until it is no JSON goes out as a string: its hash cannot fit then. */
function jsonText(body: string): string {
  if (body.startsWith('{"') && body.endsWith('}') && isJson(body)) return body;
  return JSON.stringify(parsed(body));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !text.includes('\n');
  } catch {
    return false;
  }
}

/** What is no JSON stays text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
