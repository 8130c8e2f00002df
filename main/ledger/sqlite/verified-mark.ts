// How far a book was read and held, remembered beside it, so that the next look can begin there. Nothing of it is believed but what a signed
// head says: its parts of the tree have to give the root that was signed.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { headKey, parseCheckpoint, sameKey, signedBy } from '../checkpoint.ts';
import type { HeadPlace } from '../heads.ts';
import { MerkleTree } from '../merkle.ts';
import type { Rows } from './rows.ts';

/** A head that held, with the tree under it, and when that was looked at. */
export interface VerifiedMark extends HeadPlace {
  /** Hash (hex) of the last row under the head. */
  readonly hash: string;
  /** ISO 8601. */
  readonly at: string;
}

function markFile(file: string): string {
  return `${file}.verified`;
}

/** Never fails: a book on a disk that cannot be written is read anew the next time. */
export function writeMark(file: string, mark: VerifiedMark): void {
  const temporary = `${markFile(file)}.new`;
  try {
    writeFileSync(temporary, `${JSON.stringify(mark)}\n`, { mode: 0o600 });
    renameSync(temporary, markFile(file));
  } catch {
    // the next look begins at row 1
  }
}

/** The mark of this book, where it holds: of this origin, signed (by `key`, where one is given), fitting the row where the book goes on. */
export function readMark(file: string, rows: Rows, origin: string, key: string | undefined): VerifiedMark | null {
  try {
    const mark = JSON.parse(readFileSync(markFile(file), 'utf8')) as VerifiedMark;
    const checkpoint = parseCheckpoint(mark.note);
    const own = headKey(mark.publicKey);
    const given = key === undefined ? own : headKey(key);
    if (checkpoint === null || own === null || given === null || !sameKey(own, given)) return null;
    if (checkpoint.origin !== origin || !signedBy(checkpoint, own)) return null;
    const tree = new MerkleTree(checkpoint.size, mark.parts);
    const fits = tree.root() === checkpoint.root && rows.hashOf(checkpoint.size) === mark.hash;
    return fits ? mark : null;
  } catch {
    return null; // none, torn, or of another form
  }
}
