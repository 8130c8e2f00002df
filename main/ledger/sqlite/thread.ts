// The body of both threads: one owns the writing connection, the other answers questions. Started by `Thread` (link.ts).

import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { ledgerFaultOf } from './faults.ts';
import type { ThreadOptions, ToThread } from './link.ts';
import { openBook, writeWitness } from './opening.ts';
import { LedgerQuestions } from './reader.ts';
import type { Answer, TimedRequest } from './requests.ts';
import { checkSchema, checkSqlite } from './schema.ts';

/** The witness beside the book is written at most this often; it may lag, never lead. */
const witnessEveryMs = 1000;

const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a thread only');
const options = workerData as ThreadOptions;

/** Answers one message; a message is a batch of calls. */
type Handler = (calls: readonly unknown[]) => readonly Answer<unknown>[];

try {
  const { handle, close, report } = options.role === 'writer' ? startWriter(options) : startReader(options);
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

function startWriter({ file, station, at, maxBytes, scrubAfterMs }: Extract<ThreadOptions, { role: 'writer' }>) {
  const { db, writer, lock, report } = openBook({ file, station, at, maxBytes });
  let witnessTimer: NodeJS.Timeout | null = null;
  let scrubTimer: NodeJS.Timeout | null = null;
  const witness = () => {
    witnessTimer = null;
    try {
      writeWitness(file, writer.head);
    } catch {
      // A full disk stops appends with a fault of their own; a witness that lags is still true.
    }
  };
  const scrub = () => {
    scrubTimer = null;
    db.pragma('busy_timeout = 20');
    try {
      writer.scrub();
    } catch {
      // Stays due.
    }
    db.pragma('busy_timeout = 2000');
    if (writer.scrubDue) scrubTimer = setTimeout(scrub, scrubAfterMs);
  };
  const handle: Handler = (calls) => {
    const answers = writer.commit(calls as TimedRequest[]);
    witnessTimer ??= setTimeout(witness, witnessEveryMs);
    if (writer.scrubDue) scrubTimer ??= setTimeout(scrub, scrubAfterMs);
    return answers;
  };
  const close = () => {
    if (witnessTimer !== null) clearTimeout(witnessTimer);
    if (scrubTimer !== null) clearTimeout(scrubTimer);
    witness();
    // The last connection that closes empties the log and removes it.
    db.close();
    lock.release();
  };
  witness();
  return { handle, close, report };
}

function startReader({ file }: Extract<ThreadOptions, { role: 'reader' }>) {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  checkSqlite(db);
  if (checkSchema(db, file) === 0) throw Object.assign(new Error('the file is empty'), { code: 'SQLITE_NOTADB' });
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
