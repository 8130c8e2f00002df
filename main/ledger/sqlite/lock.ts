import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import Database from 'better-sqlite3';
import { LedgerFault } from '../../model/fault.ts';

/** Who writes this book, for people and for the opening report. */
export interface Holder {
  readonly pid: number;
  readonly since: string;
  readonly host: string;
}

/**
 * One process writes a book. The lock is the operating system's own, taken through SQLite on an empty file beside the book
 * (`<file>.lock`), so it ends with the process that holds it, however that ends: no stale lock can stay. `<file>.holder` only says in
 * words who it is; when it is still there once the lock was had, its writer did not close the book.
 */
export class WriterLock {
  readonly #db: Database.Database;
  readonly #holderFile: string;
  /** The earlier writer that did not close the book, or null. */
  readonly left: Holder | null;

  /** Faults: `ledger.locked` naming the process. Errors of the file system come as they are. */
  constructor(file: string, since: string) {
    this.#holderFile = `${file}.holder`;
    // Never read the lock file by other means: closing any other handle of it would drop a POSIX lock of this process.
    this.#db = new Database(`${file}.lock`, { timeout: 0 });
    try {
      this.#db.exec('BEGIN IMMEDIATE');
    } catch (error) {
      this.#db.close();
      const code = error instanceof Database.SqliteError ? error.code : '';
      if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) throw lockDamaged(`${file}.lock`, error);
      if (!code.startsWith('SQLITE_BUSY')) throw error;
      throw locked(file, readHolder(this.#holderFile), error);
    }
    try {
      this.left = readHolder(this.#holderFile);
      const holder: Holder = { pid: process.pid, since, host: hostname() };
      writeFileSync(this.#holderFile, `${JSON.stringify(holder)}\n`);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** To be called when the book could not be opened: leaves what an earlier writer left. */
  abandon(): void {
    if (this.left === null) rmSync(this.#holderFile, { force: true });
    else writeFileSync(this.#holderFile, `${JSON.stringify(this.left)}\n`);
    this.#db.close();
  }

  /** To be called when the book was closed in order. */
  release(): void {
    rmSync(this.#holderFile, { force: true });
    this.#db.close();
  }
}

function locked(file: string, holder: Holder | null, cause: unknown): LedgerFault {
  return new LedgerFault({
    code: 'ledger.locked',
    what: holder
      ? `The ledger ${file} is being written by process ${holder.pid} on ${holder.host} since ${holder.since}.`
      : `The ledger ${file} is being written by another process.`,
    next: `Close ${holder ? `process ${holder.pid}` : 'the other program'} first (the station's window, or a command that still runs), then try again: what is burned, signed or decided has to stand in this one ledger, which one program writes at a time. Questions (audit, recipe check) are answered meanwhile.`,
    details: { file, pid: holder?.pid ?? null, since: holder?.since ?? null },
    cause,
  });
}

/** The file that is locked has nothing in it; what a bad disk made of it says nothing of the ledger. */
function lockDamaged(lockFile: string, cause: unknown): LedgerFault {
  return new LedgerFault({
    code: 'ledger.lock-damaged',
    what: `The file ${lockFile}, by which one program at a time writes the ledger, is damaged. It holds nothing else; the ledger beside it was not touched.`,
    next: 'Make sure that no other program of this station runs, remove that file, and start again. Then look at the disk: audit verify tells how the ledger is.',
    details: { file: lockFile },
    cause,
  });
}

function readHolder(file: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return null;
    const { pid, since, host } = value as Record<string, unknown>;
    return typeof pid === 'number' && typeof since === 'string' && typeof host === 'string'
      ? { pid, since, host }
      : null;
  } catch {
    return null;
  }
}
