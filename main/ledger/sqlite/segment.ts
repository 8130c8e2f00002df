// A stretch of a book, looked at on a connection of its own: whether its rows follow each other and give their hashes, the tree over them,
// and of their contents only what heads and tables need. Several threads look at as many stretches at once (segments.ts).
import Database from 'better-sqlite3';
import { ChainCheck, type ChainHead, type PlainRow } from '../chain.ts';
import { saysOfHeads, type TreePart } from '../heads.ts';
import { MerkleTree } from '../merkle.ts';
import { Bodies } from './bodies.ts';
import { Rows } from './rows.ts';
import { nameRows } from './schema.ts';
import { type EventPlaces, seqIn, tellsTables } from './table-check.ts';

const portion = 500;

export interface Stretch {
  /** The row before it; a multiple of a power of two that is no less than `count`. */
  readonly after: number;
  readonly count: number;
  /** Rows in it up to which the tree is wanted, ascending. */
  readonly wanted: readonly number[];
  /** Heads in it that somebody remembers. */
  readonly remembered: readonly ChainHead[];
  /** Whether the tables are looked at. */
  readonly tables: boolean;
}

export interface Segment {
  /** Hash of the row before, which the first row follows, and of the last. */
  readonly follows: string | null;
  readonly last: string;
  readonly parts: readonly string[];
  readonly within: readonly TreePart[];
  /** Rows whose contents count. */
  readonly telling: readonly PlainRow[];
  readonly places: readonly EventPlaces[];
}

/** Opens a book to look at stretches of it. */
export function openStretches(file: string): { look(stretch: Stretch): Segment | null; close(): void } {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  nameRows(db);
  const rows = new Rows(db, new Bodies(db));
  return { look: (stretch) => db.transaction(() => segmentOf(rows, stretch))(), close: () => void db.close() };
}

/** Null: something does not hold, which whoever looks at the whole says. */
function segmentOf(rows: Rows, { after, count, wanted, remembered, tables }: Stretch): Segment | null {
  const follows = after === 0 ? null : rows.hashOf(after);
  if (after > 0 && follows === null) return null;
  const chain = new ChainCheck(follows === null ? null : { row: after, hash: follows }, remembered);
  const tree = new MerkleTree();
  const within: TreePart[] = [];
  const telling: PlainRow[] = [];
  const places = new Map<string, { run: string; seqs: number[]; rows: number[] }>();
  for (let left = count; left > 0; ) {
    const page = rows.plain(chain.head.row, Math.min(portion, left));
    if (page.length === 0) return null;
    left -= page.length;
    for (const row of page) {
      if (chain.check(row, row.body) !== null) return null;
      tree.append(row.hash);
      if (row.row === wanted[within.length]) within.push({ count: tree.size, parts: tree.parts });
      if (tables ? tellsTables(row) : row.row === 1 || saysOfHeads(row.kind)) telling.push(row);
      if (!tables || row.kind !== 'event') continue;
      const run = String(row.run);
      const of = places.get(run) ?? { run, seqs: [], rows: [] };
      places.set(run, of);
      of.seqs.push(seqIn(row.body));
      of.rows.push(row.row);
    }
  }
  return { follows, last: chain.head.hash, parts: tree.parts, within, telling, places: [...places.values()] };
}
