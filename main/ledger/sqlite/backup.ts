// Backups: a copy that is whole before it bears its name, and its way back. At every moment of either a crash leaves the ledger as it was
// or as it shall be, and at most a file `.part` or `.restoring` that nobody takes for one.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { toHex } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/json.ts';
import { faultOfRecord, LedgerFault } from '../../model/fault.ts';
import type { ChainHead } from '../chain.ts';
import type { ChainReport, RestoreReport } from '../ledger.ts';
import { auditBook } from './auditor.ts';
import { WriterLock } from './lock.ts';
import { openBook } from './opening.ts';
import { nameRows } from './schema.ts';
import { readWitness, writeWitness } from './witness.ts';

/** See LedgerReader.backup. */
export function backupBook(file: string, out: string): ChainReport {
  if (existsSync(out)) throw noBackup(`${out} is there already.`, 'Name a new file: a backup is never written over.');
  const part = `${out}.part`;
  try {
    rmSync(part, { force: true });
    // owner-only from its first byte
    closeSync(openSync(part, 'wx', 0o600));
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
    try {
      // one moment of the book, without the free pages in which something may still lie
      db.prepare('VACUUM INTO ?').run(part);
    } finally {
      db.close();
    }
    const report = wholeBook(part);
    flush(part);
    renameSync(part, out);
    flush(dirname(out));
    return report;
  } catch (error) {
    rmSync(part, { force: true });
    if (error instanceof LedgerFault) throw error;
    throw noBackup(
      `The backup ${out} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      'Name a file in a folder with room where you may write; the ledger itself is as it was.',
      error,
    );
  }
}

/**
 * Puts a backup in the place of a book that no station has open, with a row behind its end that says so, by whom, and what is missing: a
 * crash leaves no copy in place that does not tell. Refused (`ledger.backup`) where the backup does not hold or is of another station; the old
 * file stays beside the new one.
 */
export function restoreBook(file: string, from: string, at: string, by: readonly string[]): RestoreReport {
  const lock = new WriterLock(file, at);
  const fresh = `${file}.restoring`;
  const clear = () => {
    for (const end of ['', '-wal', '-shm', '.lock', '.holder', '.head']) rmSync(fresh + end, { force: true });
  };
  try {
    clear();
    try {
      closeSync(openSync(fresh, 'wx', 0o600));
      copyFileSync(from, fresh);
      // copying takes over the mode as well
      chmodSync(fresh, 0o600);
    } catch (error) {
      throw noBackup(
        `The backup ${from} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
        'Name the file that "ledger backup" wrote.',
        error,
      );
    }
    const { rows, head } = wholeBook(fresh);
    const restored = { row: rows, hash: head };
    const station = stationOf(fresh);
    const old = oldBook(file, restored);
    if (old !== null && old.station !== null && old.station !== station)
      throw noBackup(
        `The backup is the book of station '${station}', and here is that of '${old.station}'.`,
        'Name the data folder of the right station.',
      );
    const before = newer(old?.head ?? null, readWitness(file));
    const lostRows = Math.max(0, (before?.row ?? 0) - rows);
    const newest = sayRestored(fresh, { station, at, by, restored, before, lostRows });
    flush(fresh);
    const aside = old === null ? null : `${file}.before-${at.replaceAll(/[^0-9TZ]/g, '')}`;
    // the same file under a second name, so that there is a ledger at every moment
    if (aside !== null) secondName(file, aside);
    for (const end of ['-wal', '-shm'])
      if (existsSync(file + end)) renameSync(file + end, aside === null ? `${fresh}${end}` : aside + end);
    renameSync(fresh, file);
    flush(dirname(file));
    writeWitness(file, newest);
    return {
      ...{ station, head: restored, before, aside, lostRows },
      lostDevices: old?.lost ?? [],
    };
  } finally {
    clear();
    lock.release();
  }
}

/** Writes the act of the restoring into the copy, before it is the ledger; gives its new end. */
function sayRestored(
  copy: string,
  said: {
    readonly station: string;
    readonly at: string;
    readonly by: readonly string[];
    readonly restored: ChainHead;
    readonly before: ChainHead | null;
    readonly lostRows: number;
  },
): ChainHead {
  const { station, at, by, restored, before, lostRows } = said;
  const { db, writer, lock } = openBook({ file: copy, station, at, maxBytes: null });
  try {
    const detail = { lostRows, upTo: restored.row, before: before?.row ?? null, beforeHash: before?.hash ?? null };
    const act = { what: 'ledger-restored', by, about: null, detail };
    const [answer] = writer.commit([{ at, text: canonicalJson({ op: 'noteAct', act }) }]);
    if (answer?.ok !== true) throw faultOfRecord(answer!.fault);
    return writer.head;
  } finally {
    db.close();
    lock.release();
  }
}

/** A copy whose chain, heads and tables hold. */
function wholeBook(copy: string): ChainReport {
  let report: ChainReport;
  try {
    report = auditBook(copy, {});
  } catch (error) {
    throw noBackup(
      `The copy is no ledger that can be read: ${error instanceof Error ? error.message : String(error)}.`,
      'Take another backup.',
      error,
    );
  }
  const wrong = report.broken?.reason ?? report.edited?.what;
  if (wrong === undefined) return report;
  throw noBackup(
    `The copy does not hold: ${wrong}.`,
    'Let "audit verify" look at the ledger that it was made of, and take another backup.',
  );
}

function stationOf(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(`SELECT value FROM meta WHERE name = 'station'`).pluck().get() as string;
  } finally {
    db.close();
  }
}

/** What the old file tells, as far as it can be read: its log is put into it before. */
function oldBook(
  file: string,
  restored: ChainHead,
): { station: string | null; head: ChainHead | null; lost: RestoreReport['lostDevices'] } | null {
  if (!existsSync(file)) return null;
  let db: Database.Database | null = null;
  try {
    db = new Database(file, { fileMustExist: true, timeout: 2000 });
    db.pragma('wal_checkpoint(TRUNCATE)');
    nameRows(db);
    const last = db.prepare('SELECT row, hash FROM book ORDER BY row DESC LIMIT 1').get() as
      | { row: number; hash: Uint8Array }
      | undefined;
    const lost = db
      .prepare('SELECT mac, serial FROM devices WHERE sealed_row > ? ORDER BY sealed_row')
      .all(restored.row);
    return {
      station: db.prepare(`SELECT value FROM meta WHERE name = 'station'`).pluck().get() as string,
      head: last === undefined ? null : { row: last.row, hash: toHex(last.hash) },
      lost: lost as RestoreReport['lostDevices'],
    };
  } catch {
    return { station: null, head: null, lost: [] }; // damaged: that is why it is restored
  } finally {
    db?.close();
  }
}

function newer(a: ChainHead | null, b: ChainHead | null): ChainHead | null {
  return a === null || (b !== null && b.row > a.row) ? b : a;
}

function secondName(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch {
    copyFileSync(file, name); // a file system without hard links
  }
}

function flush(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function noBackup(what: string, next: string, cause?: unknown): LedgerFault {
  return new LedgerFault({ code: 'ledger.backup', what, next, ...(cause === undefined ? {} : { cause }) });
}
