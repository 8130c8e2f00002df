import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { toHex } from '../../base/bytes.ts';
import { makeFolder } from '../../base/folder.ts';
import { systemRandom } from '../../base/random.ts';
import { LedgerFault } from '../../model/fault.ts';
import { ChainCheck, chainStart } from '../chain.ts';
import { ledgerSchema } from '../entry.ts';
import type { OpeningReport } from '../ledger.ts';
import { Bodies } from './bodies.ts';
import { WriterLock } from './lock.ts';
import { rebuildProjections } from './projections.ts';
import { Rows } from './rows.ts';
import { checkPages, checkSchema, checkSqlite, migrate, nameRows } from './schema.ts';
import { readWitness, witnessFile } from './witness.ts';
import { pageSize } from './wrapped-keys.ts';
import { LedgerWriter } from './writer.ts';

/** Rows recomputed at every opening: the part that a power cut or a bad disk could have touched last. */
const tailRows = 1000;

/** A book opened for writing, inside the thread that owns it. */
export interface OpenedBook {
  readonly db: Database.Database;
  readonly writer: LedgerWriter;
  readonly lock: WriterLock;
  readonly report: Omit<OpeningReport, 'ms'>;
}

/**
 * Opens or makes the book: takes the lock, lets SQLite roll its log forward, recomputes the end of the chain, compares it with the
 * witness beside it, makes projections anew where they lag behind. Throws faults and raw errors of SQLite and the file system.
 */
export function openBook(options: { file: string; station: string; at: string; maxBytes: number | null }): OpenedBook {
  const { file, station, at, maxBytes } = options;
  makeFolder(dirname(file));
  const lock = new WriterLock(file, at);
  let db: Database.Database | null = null;
  try {
    db = new Database(file, { timeout: 2000 });
    checkSqlite(db);
    const schema = checkSchema(db, file);
    // The pragmas come before the first write; journal_mode writes the file's header.
    db.pragma(`page_size = ${pageSize}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // The log is copied into the database by a thread of its own (thread.ts), not by the commit that happens to fill it.
    db.pragma('wal_autocheckpoint = 0');
    db.pragma('foreign_keys = ON');
    db.pragma('secure_delete = ON');
    db.pragma('trusted_schema = OFF');
    if (maxBytes !== null) db.pragma(`max_page_count = ${Math.floor(maxBytes / pageSize)}`);
    migrate(db, schema);
    // After a crash, frames of the log may hold wrapped keys that were dropped: empty it now.
    db.pragma('wal_checkpoint(TRUNCATE)');
    checkPages(db, file);
    nameRows(db);
    const bodies = new Bodies(db);
    const rows = new Rows(db, bodies);
    const created = rows.head().row === 0;
    const writer = new LedgerWriter(db, file, rows.head(), bodies);
    if (created) writer.begin({ station, ledger: toHex(systemRandom(16)), schema: ledgerSchema }, at);
    const checkedRows = checkTail(rows, file);
    checkWitness(rows, file);
    const projected = db.prepare(`SELECT value FROM meta WHERE name = 'projected'`).pluck().get();
    const rebuilt = Number(projected ?? 0) !== writer.head.row;
    if (rebuilt) rebuildProjections(db, rows);
    const meta = db.prepare('SELECT value FROM meta WHERE name = ?').pluck();
    const owner = meta.get('station') as string;
    if (owner !== station) throw otherStation(file, owner, station);
    const { left } = lock;
    return {
      db,
      writer,
      lock,
      report: {
        ledger: meta.get('ledger') as string,
        station: owner,
        created,
        head: writer.head,
        checkedRows,
        uncleanClose: left === null ? null : { pid: left.pid, since: left.since },
        rebuilt,
      },
    };
  } catch (error) {
    db?.close();
    lock.abandon();
    throw error;
  }
}

function checkTail(rows: Rows, file: string): number {
  const { row } = rows.head();
  const first = Math.max(0, row - tailRows);
  const chain = new ChainCheck({ row: first, hash: rows.hashOf(first) ?? chainStart });
  rows.check(chain, tailRows + 1);
  const broken = chain.broken ?? chain.end();
  if (broken !== null)
    throw new LedgerFault({
      code: 'ledger.damaged',
      what: `The ledger ${file} does not hold at row ${broken.row}: ${broken.reason}.`,
      next: 'Stop the line, keep the file as it is for examination, and restore the newest backup.',
      details: { file, row: broken.row },
    });
  return row - first;
}

function checkWitness(rows: Rows, file: string): void {
  const witness = readWitness(file);
  if (witness === null) return;
  const hash = rows.hashOf(witness.row);
  if (hash === witness.hash) return;
  throw new LedgerFault({
    code: 'ledger.damaged',
    what:
      hash === null
        ? `The ledger ${file} ends at row ${rows.head().row}, but its row ${witness.row} was remembered: its end is missing, or it is an older copy.`
        : `Row ${witness.row} of the ledger ${file} is not the one that was remembered: it is another ledger, or was written anew.`,
    next: `Restore the newest copy. Only if this one is known to be right, remove ${witnessFile(file)} and write down why.`,
    details: { file, row: witness.row, hash: witness.hash },
  });
}

function otherStation(file: string, owner: string, station: string): LedgerFault {
  return new LedgerFault({
    code: 'ledger.station',
    what: `The ledger ${file} is the book of station '${owner}', but this station is '${station}'.`,
    next: `Start station '${station}' with a data folder of its own, or give this station the name that its ledger has.`,
    details: { file, owner, station },
  });
}
