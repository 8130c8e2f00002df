// Heads of the other stations, as the plant carries them to a witness, and what the witness says of them on its way back (docs/witnesses.md).
import { parseCheckpoint } from '../ledger/checkpoint.ts';
import { requestText } from '../ledger/cosignature.ts';
import { MerklePaths } from '../ledger/merkle.ts';
import type { Sql } from './connect.ts';
import { hasTable } from './outbox.ts';

/** Hashes that one question asks for, 32 bytes each. */
const portion = 50_000;
/** insufficient_privilege: who asks is no witness; undefined_function: tables of before there were witnesses. */
const notAllowed: readonly unknown[] = ['42501', '42883'];

/** What there is to see of one station. */
export type HeadThere =
  | {
      readonly state: /** the plant has no signed head of it */
        | 'none'
        /** the newest one was seen already */
        | 'seen'
        /** the plant has fewer rows than were seen: it was put back, which says nothing of the station */
        | 'behind'
        /** the rows that the plant has do not give the head: which says nothing of the station either, only of the plant */
        | 'differs';
      /** Of the head; 0 where there is nothing to say of one. */
      readonly size: number;
    }
  /** In the form of `heads ask`. */
  | { readonly state: 'new'; readonly size: number; readonly request: string };

/** Names of the other stations; null where whoever is connected may not witness. */
export async function othersThere(sql: Sql): Promise<readonly string[] | null> {
  try {
    const rows = await sql<{ name: string }>`SELECT name FROM plant.others()`;
    return rows.map(({ name }) => name);
  } catch (error) {
    if (notAllowed.includes((error as { code?: unknown }).code)) return null;
    throw error;
  }
}

/**
 * The newest head of a station that the plant has, with the proof that it grew out of the one over `seen` rows (0: none was seen), made from
 * the hashes that the plant has. A station is told nothing by hashes that do not give its signed head: who has the database may have changed them.
 */
export async function headThere(
  sql: Sql,
  station: string,
  seenOf: (origin: string) => Promise<{ readonly size: number; readonly root: string }>,
): Promise<HeadThere> {
  const [row] = await sql<{ note: string | null }>`SELECT plant.newest_head(${station}) AS note`;
  const note = row?.note ?? '';
  const head = parseCheckpoint(note);
  if (head === null) return { state: 'none', size: 0 };
  const { size, root } = head;
  const seen = await seenOf(head.origin);
  if (size < seen.size) return { state: 'behind', size };
  if (size === seen.size && root === seen.root) return { state: 'seen', size: 0 };
  const paths = new MerklePaths(await hashesThere(sql, station, size));
  if (paths.size !== size || paths.root() !== root) return { state: 'differs', size };
  const proof = seen.size === 0 || seen.size === size ? [] : paths.growth(seen.size);
  return { state: 'new', size, request: requestText({ old: seen.size, proof, note }) };
}

/** Hashes of the first `size` rows, one behind the other; fewer where the plant has fewer. */
async function hashesThere(sql: Sql, station: string, size: number): Promise<Buffer> {
  const portions: Uint8Array[] = [];
  for (let after = 0; after < size; after += portion) {
    const many = Math.min(portion, size - after);
    const [row] = await sql<{ hashes: Uint8Array }>`SELECT plant.hashes(${station}, ${after}, ${many}) AS hashes`;
    portions.push(row!.hashes);
    if (row!.hashes.length < many * 32) break;
  }
  return Buffer.concat(portions);
}

/** Leaves a cosigned head for its station. */
export async function giveCosignature(sql: Sql, station: string, note: string): Promise<void> {
  await sql`SELECT plant.give_cosignature(${station}, ${parseCheckpoint(note)!.size}, ${note})`;
}

/** What each witness said last of the heads of this station; none where the plant's tables are older than that. */
export async function cosignaturesThere(sql: Sql, station: string): Promise<readonly string[]> {
  if (!(await hasTable(sql, 'plant.cosignatures'))) return [];
  const rows = await sql<{ note: string }>`
    SELECT DISTINCT ON (witness) note FROM plant.cosignatures WHERE station = ${station} ORDER BY witness, size DESC LIMIT 100`;
  return rows.map(({ note }) => note);
}
