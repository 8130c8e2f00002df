// The body of the three threads: one writes, one answers questions, one keeps the write-ahead log small and clean, so that no commit has
// to wait for that. Started by `Thread` (link.ts).

import { existsSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { ChainReport } from '../ledger.ts';
import { auditBook } from './auditor.ts';
import { backupBook } from './backup.ts';
import { ledgerFaultOf, noBook } from './faults.ts';
import type { AuditCall, ThreadOptions, ToThread } from './link.ts';
import { openBook } from './opening.ts';
import { LedgerQuestions } from './reader.ts';
import type { Answer, TimedRequest } from './requests.ts';
import { checkSchema, checkSqlite, nameRows } from './schema.ts';
import { writeWitness } from './witness.ts';
import { pageSize } from './wrapped-keys.ts';

/** The witness beside the book is written at most this often; it may lag, never lead. */
const witnessEveryMs = 1000;
/** How often the log is looked at, and how much in it that is not in the database yet is copied: every copy competes for the disk. */
const tidyEveryMs = 500;
const walPages = (8 * 1024 * 1024) / pageSize;
/** How often it is looked whether nobody writes, so that the log can be truncated. */
const quietLookMs = 500;

const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a thread only');
const options = workerData as ThreadOptions;

/** Answers one message; a message is a batch of calls. */
type Handler = (calls: readonly unknown[]) => readonly Answer<unknown>[];

try {
  const { handle, close, report } = start(options);
  port.on('message', ({ id, calls, end }: ToThread) => {
    if (end) {
      let failure: Answer<null> = { ok: true, value: null };
      try {
        close();
      } catch (error) {
        failure = { ok: false, fault: ledgerFaultOf(error, options.file).toJSON() };
      }
      port.postMessage({ id, answers: [failure] });
      port.close();
      return;
    }
    port.postMessage({ id, answers: handle(calls) });
  });
  port.postMessage({ id: 0, answers: [{ ok: true, value: report }] });
} catch (error) {
  port.postMessage({ id: 0, answers: [{ ok: false, fault: ledgerFaultOf(error, options.file).toJSON() }] });
  port.close();
}

function start(options: ThreadOptions): { handle: Handler; close: () => void; report: unknown } {
  switch (options.role) {
    case 'writer':
      return startWriter(options);
    case 'reader':
      return startReader(options);
    case 'auditor':
      return startAuditor(options);
    case 'keeper':
      return startKeeper(options);
  }
}

function startWriter({ file, station, at, maxBytes }: Extract<ThreadOptions, { role: 'writer' }>) {
  const { db, writer, lock, report } = openBook({ file, station, at, maxBytes });
  let witnessTimer: NodeJS.Timeout | null = null;
  const witness = () => {
    witnessTimer = null;
    try {
      writeWitness(file, writer.head);
    } catch {
      // A full disk stops appends with a fault of their own; a witness that lags is still true.
    }
  };
  const handle: Handler = (calls) => {
    const answers = writer.commit(calls as TimedRequest[]);
    witnessTimer ??= setTimeout(witness, witnessEveryMs);
    return answers;
  };
  const close = () => {
    if (witnessTimer !== null) clearTimeout(witnessTimer);
    witness();
    // The last connection that closes empties the log and removes it.
    db.close();
    lock.release();
  };
  witness();
  return { handle, close, report };
}

function startReader({ file }: Extract<ThreadOptions, { role: 'reader' | 'auditor' }>) {
  if (!existsSync(file)) throw noBook(file);
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  checkSqlite(db);
  if (checkSchema(db, file) === 0) throw Object.assign(new Error('the file is empty'), { code: 'SQLITE_NOTADB' });
  nameRows(db);
  const questions = new LedgerQuestions(db);
  const handle: Handler = (calls) =>
    calls.map((call) => {
      try {
        const [question, ...values] = call as [keyof LedgerQuestions, ...unknown[]];
        const value = (questions[question] as (...values: unknown[]) => unknown).apply(questions, values);
        return { ok: true, value };
      } catch (error) {
        return { ok: false, fault: ledgerFaultOf(error, file).toJSON() };
      }
    });
  return { handle, close: () => db.close(), report: null };
}

function audited(file: string, call: AuditCall): ChainReport {
  return 'backup' in call ? backupBook(file, call.backup) : auditBook(file, call.audit);
}

/** Looks at the whole book in one call, beside those who write and ask. */
function startAuditor({ file }: Extract<ThreadOptions, { role: 'reader' | 'auditor' }>) {
  if (!existsSync(file)) throw noBook(file);
  const handle: Handler = (calls) =>
    calls.map((call) => {
      try {
        return { ok: true, value: audited(file, call as AuditCall) };
      } catch (error) {
        return { ok: false, fault: ledgerFaultOf(error, file).toJSON() };
      }
    });
  return { handle, close: () => {}, report: null };
}

/**
 * Copies the log into the database while others write (a passive checkpoint delays nobody), and truncates it when wrapped keys were
 * dropped: every call says that some were. Truncating keeps writers out for some 10 to 30 ms, so it waits for a moment in which nobody has
 * written since the last look, and under a line that never rests for `scrubAfterMs`.
 */
function startKeeper({ file, scrubAfterMs }: Extract<ThreadOptions, { role: 'keeper' }>) {
  const db = new Database(file, { fileMustExist: true, timeout: 20 });
  checkSqlite(db);
  // It reads the log and looks nothing up.
  db.pragma('cache_size = -1000');
  // As the writer's: a checkpoint reaches the disk before the log is used again.
  db.pragma('synchronous = FULL');
  const lookMs = Math.min(quietLookMs, scrubAfterMs);
  let scrubTimer: NodeJS.Timeout | null = null;
  /** Pages of the log and those of them that are in the database; null where that cannot be said or done now. */
  const checkpoint = (mode: 'NOOP' | 'PASSIVE' | 'TRUNCATE') => {
    try {
      const [result] = db.pragma(`wal_checkpoint(${mode})`) as { busy: number; log: number; checkpointed: number }[];
      return result?.busy === 0 ? result : null;
    } catch {
      return null; // a full or failing disk tells of itself when something is written
    }
  };
  const lastWritten = () => statSync(`${file}-wal`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const scrubSoon = (waitedMs: number, seen: number) => {
    scrubTimer = setTimeout(() => scrub(waitedMs + lookMs, seen), lookMs);
  };
  const scrub = (waitedMs: number, seen: number) => {
    scrubTimer = null;
    const written = lastWritten();
    if (written !== seen && waitedMs < scrubAfterMs) return scrubSoon(waitedMs, written);
    // with little left to copy the truncation is short
    checkpoint('PASSIVE');
    if (checkpoint('TRUNCATE') === null) scrubSoon(0, written);
  };
  const tidy = setInterval(() => {
    // the size of the file says nothing: a log that was copied is written anew from its beginning
    const { log = 0, checkpointed = 0 } = checkpoint('NOOP') ?? {};
    if (log - checkpointed > walPages) checkpoint('PASSIVE');
  }, tidyEveryMs);
  const handle: Handler = (calls) => {
    if (scrubTimer === null) scrubSoon(0, lastWritten());
    return calls.map(() => ({ ok: true, value: null }));
  };
  const close = () => {
    clearInterval(tidy);
    if (scrubTimer !== null) clearTimeout(scrubTimer);
    db.close();
  };
  return { handle, close, report: null };
}
