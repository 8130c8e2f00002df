import type { Database, Statement } from 'better-sqlite3';
import { isoTime } from '../../base/clock.ts';
import { type ChainCheck, type ChainHead, chainStart, hashOfParts, type PlainRow } from '../chain.ts';
import type { Bodies } from './bodies.ts';

export type { PlainRow };

/** As it lies in the file (see packedTables in schema.ts), bytes as hex: a text crosses from SQLite in half the time of a Buffer. */
type EntryRow = [
  row: number,
  at: unknown,
  kind: string,
  run: unknown,
  body: string,
  packed: 0 | 1,
  prev: string | null,
  hash: string,
];

const columns = `row, at, kind, run, iif(typeof(body) = 'blob', hex(body), body), typeof(body) = 'blob', lower(hex(prev)), lower(hex(hash))`;

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
    this.#older = db.prepare(`SELECT ${columns} FROM older_entries WHERE row > ? ORDER BY row LIMIT ?`).raw();
    this.#newer = db.prepare(`SELECT ${columns} FROM entries WHERE row > ? ORDER BY row LIMIT ?`).raw();
    this.#opened = db.prepare(`SELECT body FROM book WHERE row = ? AND kind = 'run-opened'`).pluck();
    this.#hash = db.prepare('SELECT lower(hex(hash)) FROM book WHERE row = ?').pluck();
    this.#hashes = db.prepare('SELECT lower(hex(hash)), row FROM book WHERE row > ? ORDER BY row LIMIT ?').pluck();
    this.#last = db.prepare('SELECT row, lower(hex(hash)) AS hash FROM book ORDER BY row DESC LIMIT 1');
  }

  /** The last row and its hash; row 0 for an empty book. */
  head(): ChainHead {
    return (this.#last.get() as ChainHead | undefined) ?? { row: 0, hash: chainStart };
  }

  /** Hash (hex) of a row, or null where there is none. */
  hashOf(row: number): string | null {
    return (this.#hash.get(row) as string | undefined) ?? null;
  }

  /** Hashes (hex) of up to `count` rows behind `after`. */
  hashes(after: number, count: number): string[] {
    return this.#hashes.all(after, count) as string[];
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
    return [...older, ...newer].map(([row, at, kind, run, body, packed, kept, hash]) => {
      const prev = kept || (before ?? this.hashOf(row - 1) ?? '');
      before = hash;
      return {
        row,
        at: timeOf(at),
        kind,
        run: this.#runOf(run),
        body: packed === 0 ? body : (this.#bodies.textOfHex(body) ?? unreadable),
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

/** The second that was told last, and its text: rows of one run share theirs. */
let second = Number.NaN;
let secondText = '';

/** ISO 8601 of a stored time. */
export function timeOf(stored: unknown): string {
  if (typeof stored !== 'number' || !(Math.abs(stored) <= 8.64e15)) return String(stored);
  const ms = Math.trunc(stored);
  const whole = Math.floor(ms / 1000);
  if (whole !== second) {
    secondText = isoTime(whole * 1000).slice(0, -4);
    second = whole;
  }
  return `${secondText}${String(ms - whole * 1000).padStart(3, '0')}Z`;
}

/** How a time is to be stored: as a number where that gives it back to the letter. */
export function storedTime(at: string): string | number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) || isoTime(ms) !== at ? at : ms;
}

/** The members in the order in which exports have always had them; the body as it is, which is canonical JSON. */
function exportedLine(plain: PlainRow): string {
  const { row, at, kind, run, body, prev, hash } = plain;
  const [time, name, id] = [at, kind, run].map((value) => JSON.stringify(value));
  return `{"row":${row},"at":${time},"kind":${name},"run":${id},"body":${jsonText(plain, body)},"prev":"${prev}","hash":"${hash}"}\n`;
}

/**
 * A body whose hash fits is what was booked, and JSON; it goes out as it is, on one line. One that was tampered with goes out as what it is
 * to a parser, or as a string: its hash cannot fit then.
 */
function jsonText(plain: PlainRow, body: string): string {
  const booked = body.startsWith('{') && !body.includes('\n') && hashOfParts(plain, body) === plain.hash;
  return booked ? body : JSON.stringify(parsed(body));
}

/** What is no JSON stays text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
