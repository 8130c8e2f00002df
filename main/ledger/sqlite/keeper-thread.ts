import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { ThreadOptions } from './link.ts';
import type { ThreadBody } from './requests.ts';
import { checkSqlite } from './schema.ts';
import { pageSize } from './wrapped-keys.ts';

/** How often the log is looked at, and how much in it that is not in the database yet is copied: every copy competes for the disk. */
const tidyEveryMs = 500;
const walPages = (8 * 1024 * 1024) / pageSize;
/** How often it is looked whether nobody writes, so that the log can be truncated. */
const quietLookMs = 500;

/**
 * Copies the log into the database while others write (a passive checkpoint delays nobody), and truncates it when wrapped keys were
 * dropped: every call says that some were. Truncating keeps writers out for some 10 to 30 ms, so it waits for a moment in which nobody has
 * written since the last look, and under a line that never rests for `scrubAfterMs`.
 */
export function startKeeper({ file, scrubAfterMs }: Extract<ThreadOptions, { role: 'keeper' }>): ThreadBody {
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
  const handle: ThreadBody['handle'] = (calls) => {
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
