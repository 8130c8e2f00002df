import type { Database } from 'better-sqlite3';
import { toHex } from '../../base/bytes.ts';
import { type ChainCheck, type ChainHead, type ChainRow, chainStart } from '../chain.ts';

interface EntryRow {
  row: number;
  at: string;
  kind: string;
  run: string | null;
  body: string;
  prev: Uint8Array;
  hash: Uint8Array;
}

/** The last row and its hash; row 0 for an empty book. */
export function headOf(db: Database): ChainHead {
  const last = db.prepare('SELECT row, hash FROM entries ORDER BY row DESC LIMIT 1').get() as EntryRow | undefined;
  return last === undefined ? { row: 0, hash: chainStart } : { row: last.row, hash: toHex(last.hash) };
}

/** Runs up to `count` rows behind the check's head through it. Gives how many rows there were. */
export function checkRows(db: Database, chain: ChainCheck, count: number): number {
  const rows = readRows(db, chain.head.row, count);
  for (const row of rows) {
    const { body, ...rest } = row;
    if (chain.check({ ...rest, prev: toHex(row.prev), hash: toHex(row.hash) }, body) !== null) break;
  }
  return rows.length;
}

/** Up to `count` rows behind `after` in the form in which they are exported. */
export function exportedRows(db: Database, after: number, count: number): ChainRow[] {
  return readRows(db, after, count).map((row) => ({
    ...row,
    body: parsed(row.body),
    prev: toHex(row.prev),
    hash: toHex(row.hash),
  }));
}

function readRows(db: Database, after: number, count: number): EntryRow[] {
  return db
    .prepare('SELECT row, at, kind, run, body, prev, hash FROM entries WHERE row > ? ORDER BY row LIMIT ?')
    .all(after, count) as EntryRow[];
}

/** A body that was tampered with until it is no JSON goes out as its text: its hash cannot fit then. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
