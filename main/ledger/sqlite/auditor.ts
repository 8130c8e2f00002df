// The whole of a book, looked at in one moment on a connection of its own: the chain, the signed heads in it, the wrapped bytes, and whether
// the tables from which questions are answered say what the chain says.
import Database from 'better-sqlite3';
import { type ChainBreak, ChainCheck } from '../chain.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { HeadCheck, headIn } from '../heads.ts';
import type { AuditOptions, ChainReport } from '../ledger.ts';
import { Bodies } from './bodies.ts';
import { type PlainRow, Rows } from './rows.ts';
import { nameRows } from './schema.ts';
import { TableCheck } from './table-check.ts';
import { readWitness } from './witness.ts';

const portion = 500;

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
        const body: unknown = row.row === 1 || row.kind === 'checkpoint' ? JSON.parse(row.body) : null;
        broken = heads.take(row.row, row.kind, row.hash, body);
        if (broken !== null) break;
        tables?.take(row);
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
