// Whether the tables from which questions are answered say what the chain says: they are made anew beside those of the book, but for the
// places of events, which are nearly all rows and are looked up one by one.
import Database, { type Statement } from 'better-sqlite3';
import { sha256Hex } from '../../base/digest.ts';
import { isFault } from '../../model/fault.ts';
import type { ChainReport } from '../ledger.ts';
import { inStep } from './in-step.ts';
import { type PlacedEntry, Projections } from './projections.ts';
import type { PlainRow } from './rows.ts';
import { migrate, projectionTables } from './schema.ts';
import { hasSerialParts, otherEntry } from './serial-parts.ts';
import { hasTable } from './shape.ts';
import { fromOverflow } from './wrapped-keys.ts';

type Edited = NonNullable<ChainReport['edited']>;

/** An event's place in its run, behind the event itself in its canonical body. */
export const seqIn = (body: string): number => Number.parseInt(body.slice(body.lastIndexOf('"seq":') + 6), 10);

/** Whether a row says more for the tables than that it is there. */
export const tellsTables = ({ kind, body }: PlainRow): boolean => kind !== 'event' || telling.test(body);

/** Of a booked event only these say more than that it is there (claims.ts; marks of wrapped keys). */
const telling = /"type":"(?:key-made|row-taken|escrowed)"|"what":"certificate|"wrapped":\{/;

/** Events of one run in some rows, in their order. */
export interface EventPlaces {
  readonly run: string;
  readonly seqs: readonly number[];
  readonly rows: readonly number[];
}

/** Takes the rows of a chain that holds and says where a table does not say the same. */
export class TableCheck {
  readonly #book: Database.Database;
  readonly #own: Database.Database;
  readonly #projections: Projections;
  /** By table and row: the SHA-256 that the chain has of wrapped bytes. */
  readonly #sha256 = { wrapped_keys: new Map<number, string>(), escrows: new Map<number, string>() };
  readonly #dropped = new Set<string>();
  /** By run: its number in the tables, and how many events it has. */
  readonly #runs = new Map<string, { readonly n: number; events: number }>();
  readonly #placeOf: Statement;
  readonly #placesOf: Statement;
  /** A row that holds in the chain and has not its form, or has another place in the table of events. */
  #found: Edited | null = null;

  constructor(book: Database.Database) {
    this.#book = book;
    this.#own = new Database(':memory:');
    migrate(this.#own, 0);
    this.#own.exec(`INSERT INTO meta (name, value) VALUES ('projected', '')`);
    this.#own.exec('BEGIN');
    this.#projections = new Projections(this.#own);
    this.#placeOf = book.prepare('SELECT row FROM events WHERE run = ? AND seq = ?').pluck();
    this.#placesOf = book
      .prepare('SELECT seq, row FROM events WHERE run = ? AND seq BETWEEN ? AND ? ORDER BY seq')
      .raw();
  }

  /** Takes the rows of a chain that holds, one after the other. */
  take(row: PlainRow): void {
    if (this.#found !== null) return;
    if (row.kind === 'event') this.#place(row);
    if (tellsTables(row)) this.#tell(row);
  }

  /** Takes the next rows by those that `tellsTables`, and the places of their events. Gives whether they stand in the tables as they should. */
  takeMany(telling: readonly PlainRow[], places: readonly EventPlaces[]): boolean {
    for (const row of telling) this.#tell(row);
    return this.#found === null && places.every((run) => this.#hasPlaces(run));
  }

  #hasPlaces({ run, seqs, rows }: EventPlaces): boolean {
    const of = this.#runs.get(run);
    if (of === undefined) return false;
    const [first, last] = [seqs[0] ?? 0, seqs.at(-1) ?? 0];
    of.events = last + 1;
    const are = this.#placesOf.all(of.n, first, last) as [number, number][];
    return are.length === seqs.length && are.every(([seq, row], at) => seq === seqs[at] && row === rows[at]);
  }

  #tell(row: PlainRow): void {
    this.#project({ ...row, body: JSON.parse(row.body) } as unknown as PlacedEntry);
    if (row.kind === 'run-opened') this.#runs.set(String(row.run), { n: this.#runs.size + 1, events: 0 });
  }

  /** An event stands in its run's place: what the projection of events says, looked up. */
  #place({ row, run, body }: PlainRow): void {
    const of = this.#runs.get(String(run));
    const seq = seqIn(body);
    if (of === undefined) return;
    of.events = seq + 1;
    const is = this.#placeOf.get(of.n, seq);
    if (is === row) return;
    const name = `${of.n} ${seq}`;
    const what = is === undefined ? `${name} is missing` : `row of ${name} is ${shown(is)}, and the chain says ${row}`;
    this.#found = { table: 'events', what };
  }

  #project(entry: PlacedEntry): void {
    try {
      this.#projections.project(entry);
    } catch (error) {
      if (!isFault(error, 'ledger.row')) throw error;
      this.#found = { table: 'entries', what: `${error.what} The tables that follow from it cannot be made anew` };
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
    if (this.#found !== null) return this.#found;
    this.#countEvents();
    for (const table of projectionTables) {
      const edited = (table === 'events' ? this.#surplus() : this.#compare(table)) ?? this.#indexes(table);
      if (edited !== null) return edited;
    }
    for (const table of ['entries', 'older_entries', 'wrapped_keys', 'escrows'].filter((name) =>
      hasTable(this.#book, name),
    )) {
      const edited = this.#indexes(table);
      if (edited !== null) return edited;
    }
    return this.#bytes('wrapped_keys') ?? this.#bytes('escrows') ?? this.#entries() ?? this.#triggers();
  }

  /** By which parts of serial numbers are found: a device that is not in them is not found by one. */
  #entries(): Edited | null {
    if (!hasSerialParts(this.#book)) return null;
    const what = otherEntry(this.#book, this.#own);
    return what === null ? null : { table: 'serial_parts', what };
  }

  /** What happens by itself at a later row: nothing that this program did not put there. */
  #triggers(): Edited | null {
    const is = selfActing(this.#book);
    const should = hasSerialParts(this.#book) ? selfActing(this.#own) : new Map<string, string>();
    for (const name of new Set([...should.keys(), ...is.keys()]))
      if (should.get(name) !== is.get(name))
        return { table: 'sqlite_schema', what: `the trigger or view ${name} is not as this program makes it` };
    return null;
  }

  close(): void {
    this.#own.close();
  }

  /** What the projection of every event would have left in its run. */
  #countEvents(): void {
    const count = this.#own.prepare('UPDATE runs SET events = ? WHERE n = ?');
    this.#own.transaction(() => {
      for (const { n, events } of this.#runs.values()) count.run(events, n);
    })();
  }

  /** All events of the chain have their place: whether there are others. */
  #surplus(): Edited | null {
    const counts = [...this.#runs.values()];
    const sql = 'SELECT run, count(*), max(seq) FROM events GROUP BY run';
    const runs = this.#book.prepare(sql).raw().iterate() as IterableIterator<[number, number, number]>;
    for (const [run, count, last] of runs)
      if (count !== (counts[run - 1]?.events ?? 0))
        return { table: 'events', what: `${run} ${last} is in no row of the chain` };
    return null;
  }

  /** An index of a table that leads to other rows than the table has: what is looked for by it is not found. */
  #indexes(table: string): Edited | null {
    const [said] = this.#book.pragma(`integrity_check(${table})`) as { integrity_check: string }[];
    return said?.integrity_check === 'ok' ? null : { table, what: `its indexes: ${said?.integrity_check}` };
  }

  #compare(table: string): Edited | null {
    const columns = this.#columns(table);
    const sql = `SELECT ${columns.map((name) => `"${name}"`).join(', ')} FROM ${table} ORDER BY 1, 2`;
    for (const [is, should] of inStep(this.#book, this.#own, sql)) {
      const edited = differenceOf(table, columns, is, should);
      if (edited !== null) return edited;
    }
    return null;
  }

  /** Of the book's table, those that follow from the chain: `projected` and `opened_row` say where it was made, not what. */
  #columns(table: string): string[] {
    const names = this.#book.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
    return names.filter((name) => name !== 'opened_row');
  }

  /** Wrapped bytes are in no row, but their SHA-256 is. */
  #bytes(table: 'wrapped_keys' | 'escrows'): Edited | null {
    if (!hasTable(this.#book, table)) return null;
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

/** Triggers and views by their names. */
function selfActing(db: Database.Database): ReadonlyMap<string, string> {
  const sql = `SELECT name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view') ORDER BY name`;
  return new Map(db.prepare(sql).raw().all() as [name: string, sql: string][]);
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
