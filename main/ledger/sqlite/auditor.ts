// The whole of a book, looked at in one moment on a connection of its own: the chain, the signed heads in it, the wrapped bytes, and whether
// the tables from which questions are answered say what the chain says.
import Database from 'better-sqlite3';
import { sha256Hex } from '../../base/digest.ts';
import { isFault } from '../../model/fault.ts';
import { type ChainBreak, ChainCheck } from '../chain.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { HeadCheck, headIn } from '../heads.ts';
import type { AuditOptions, ChainReport } from '../ledger.ts';
import { Bodies } from './bodies.ts';
import { type PlacedEntry, Projections } from './projections.ts';
import { type PlainRow, Rows } from './rows.ts';
import { migrate, nameRows, projectionTables } from './schema.ts';
import { readWitness } from './witness.ts';
import { fromOverflow } from './wrapped-keys.ts';

const portion = 500;

type Edited = NonNullable<ChainReport['edited']>;

/** See LedgerReader.verify. */
export function auditBook(file: string, options: AuditOptions): ChainReport {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  try {
    nameRows(db);
    // before the moment that is looked at: what was remembered by then is in it
    const beside = readWitness(file);
    const remembered = [...(options.remembered ?? []), ...(beside === null ? [] : [beside])];
    return db.transaction(() => reportOf(db, { ...options, remembered }))();
  } finally {
    db.close();
  }
}

function reportOf(db: Database.Database, options: AuditOptions): ChainReport {
  const bodies = new Bodies(db);
  const rows = new Rows(db, bodies);
  const chain = new ChainCheck(null, options.remembered ?? []);
  const heads = new HeadCheck(options, headsIn(db, bodies));
  const tables = options.tables === false ? null : new TableCheck(db);
  try {
    let broken: ChainBreak | null = null;
    for (let page: PlainRow[] = []; broken === null; ) {
      page = rows.plain(chain.head.row, portion);
      for (const row of page) {
        broken = chain.check(row, row.body);
        if (broken !== null) break;
        // of most rows only the tables want to know what they say
        const read = tables !== null || row.row === 1 || row.kind === 'checkpoint';
        const body: unknown = read ? JSON.parse(row.body) : null;
        broken = heads.take(row.row, row.kind, row.hash, body);
        if (broken !== null) break;
        tables?.take({ ...row, body } as unknown as PlacedEntry);
      }
      if (page.length < portion) break;
    }
    broken ??= chain.end() ?? heads.end(chain.head);
    const edited = broken === null ? (tables?.difference() ?? null) : null;
    const { row, hash } = chain.head;
    return { rows: row, head: hash, root: heads.root, broken, edited, signed: heads.signed };
  } finally {
    tables?.close();
  }
}

function headsIn(db: Database.Database, bodies: Bodies): Checkpoint[] {
  const stored = db.prepare(`SELECT body FROM book WHERE kind = 'checkpoint'`).pluck().all();
  return stored.flatMap((body) => {
    try {
      return headIn(JSON.parse(bodies.text(body) ?? '')) ?? [];
    } catch {
      return []; // told where the chain comes to it
    }
  });
}

/** The tables as the chain makes them, beside those of the book. */
class TableCheck {
  readonly #book: Database.Database;
  readonly #own: Database.Database;
  readonly #projections: Projections;
  /** By table and row: the SHA-256 that the chain has of wrapped bytes. */
  readonly #sha256 = { wrapped_keys: new Map<number, string>(), escrows: new Map<number, string>() };
  readonly #dropped = new Set<string>();
  /** A row that holds in the chain and has not its form. */
  #unreadable: Edited | null = null;

  constructor(book: Database.Database) {
    this.#book = book;
    this.#own = new Database(':memory:');
    migrate(this.#own, 0);
    this.#own.exec(`INSERT INTO meta (name, value) VALUES ('projected', '')`);
    this.#projections = new Projections(this.#own);
  }

  take(entry: PlacedEntry): void {
    if (this.#unreadable !== null) return;
    try {
      this.#projections.project(entry);
    } catch (error) {
      if (!isFault(error, 'ledger.row')) throw error;
      this.#unreadable = { table: 'entries', what: `${error.what} The tables that follow from it cannot be made anew` };
    }
    if (entry.kind === 'event') {
      const { type, wrapped } = entry.body.event as { type: string; wrapped?: { sha256?: string } | null };
      const table = type === 'escrowed' ? 'escrows' : 'wrapped_keys';
      if (wrapped?.sha256 !== undefined) this.#sha256[table].set(entry.row, wrapped.sha256);
    }
    if ('dropped' in entry.body) for (const { sha256 } of entry.body.dropped) this.#dropped.add(sha256);
  }

  /** The first record of a table that is not as the chain says, or null. */
  difference(): Edited | null {
    if (this.#unreadable !== null) return this.#unreadable;
    for (const table of projectionTables) {
      const edited = this.#compare(table);
      if (edited !== null) return edited;
    }
    return this.#bytes('wrapped_keys') ?? this.#bytes('escrows');
  }

  close(): void {
    this.#own.close();
  }

  #compare(table: string): Edited | null {
    const columns = this.#columns(table);
    const sql = `SELECT ${columns.map((name) => `"${name}"`).join(', ')} FROM ${table} ORDER BY 1, 2`;
    const theirs = this.#book.prepare(sql).raw().iterate() as IterableIterator<unknown[]>;
    const ours = this.#own.prepare(sql).raw().iterate() as IterableIterator<unknown[]>;
    try {
      for (;;) {
        const [is, should] = [theirs.next(), ours.next()];
        if (is.done === true && should.done === true) return null;
        const edited = differenceOf(table, columns, is.done ? null : is.value, should.done ? null : should.value);
        if (edited !== null) return edited;
      }
    } finally {
      theirs.return?.();
      ours.return?.();
    }
  }

  /** Of the book's table, those that follow from the chain: `projected` and `opened_row` say where it was made, not what. */
  #columns(table: string): string[] {
    const names = this.#book.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
    return names.filter((name) => name !== 'opened_row');
  }

  /** Wrapped bytes are in no row, but their SHA-256 is. */
  #bytes(table: 'wrapped_keys' | 'escrows'): Edited | null {
    if (this.#book.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) === undefined) return null;
    const kept = new Set<number>();
    for (const { row, data } of this.#book.prepare(`SELECT row, data FROM ${table}`).iterate() as IterableIterator<{
      row: number;
      data: Uint8Array;
    }>) {
      kept.add(row);
      const sha256 = sha256Hex(table === 'escrows' ? data : fromOverflow(data));
      if (this.#sha256[table].get(row) !== sha256)
        return { table, what: `the wrapped bytes of row ${row} are not those of which the chain has the SHA-256` };
      if (table === 'wrapped_keys' && this.#dropped.has(sha256))
        return { table, what: `the wrapped key of row ${row} is there, though the chain says that it was destroyed` };
    }
    for (const [row, sha256] of this.#sha256[table])
      if (!kept.has(row) && !(table === 'wrapped_keys' && this.#dropped.has(sha256)))
        return { table, what: `the wrapped bytes of row ${row} are missing` };
    return null;
  }
}

function differenceOf(
  table: string,
  columns: readonly string[],
  is: readonly unknown[] | null,
  should: readonly unknown[] | null,
): Edited | null {
  const name = (row: readonly unknown[]) => nameOf(table, columns, row);
  if (is === null) return { table, what: `${name(should!)} is missing` };
  if (should === null) return { table, what: `${name(is)} is in no row of the chain` };
  const at = columns.findIndex((_, column) => is[column] !== should[column]);
  if (at < 0) return null;
  // 'projected' says how far the tables are, which the opening looks at
  if (table === 'meta' && is[0] === should[0] && is[0] === 'projected') return null;
  if (name(is) !== name(should)) return { table, what: `${name(is)} stands where the chain has ${name(should)}` };
  return { table, what: `${columns[at]} of ${name(is)} is ${shown(is[at])}, and the chain says ${shown(should[at])}` };
}

/** A record by what people call it. */
function nameOf(table: string, columns: readonly string[], row: readonly unknown[]): string {
  const key = { devices: 'mac', runs: 'id', recipes: 'hash', batches: 'id' }[table];
  if (key !== undefined) return String(row[columns.indexOf(key)]);
  return row.slice(0, 2).map(String).join(' ');
}

function shown(value: unknown): string {
  const text = value === null ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
