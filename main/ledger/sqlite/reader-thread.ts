import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ledgerFaultOf, noBook } from './faults.ts';
import type { ThreadOptions } from './link.ts';
import { LedgerQuestions } from './reader.ts';
import type { ThreadBody } from './requests.ts';
import { checkSchema, checkSqlite, nameRows } from './schema.ts';

/** Answers questions beside the writer. */
export function startReader({ file }: Extract<ThreadOptions, { role: 'reader' | 'auditor' }>): ThreadBody {
  if (!existsSync(file)) throw noBook(file);
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  checkSqlite(db);
  if (checkSchema(db, file) === 0) throw Object.assign(new Error('the file is empty'), { code: 'SQLITE_NOTADB' });
  nameRows(db);
  const questions = new LedgerQuestions(db);
  const handle: ThreadBody['handle'] = (calls) =>
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
