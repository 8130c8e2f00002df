// What a station says to its plant, on one connection as its own role.
import type { ChainHead, PlainRow } from '../ledger/chain.ts';
import { openConflicts } from './administer.ts';
import type { Sql } from './connect.ts';

/** Errors of the server that say: somebody else wrote that row, or there is none to follow from (unique_violation, foreign_key_violation). */
const notThere: readonly unknown[] = ['23505', '23503'];
/** check_violation: the row does not give its hash, or begins another station's book. */
const refused = '23514';

/** Name of the station as the plant knows whoever is connected; null: it knows none. */
export async function whoAmI(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ me: string | null }>`SELECT plant.me() AS me`;
  return row?.me ?? null;
}

/** Newest row of this station that the plant has, or null. */
export async function newestThere(sql: Sql, station: string): Promise<ChainHead | null> {
  const [row] = await sql<{ row: string; hash: string }>`
    SELECT "row", encode(hash, 'hex') AS hash FROM plant.rows WHERE station = ${station} ORDER BY "row" DESC LIMIT 1`;
  return row === undefined ? null : { row: Number(row.row), hash: row.hash };
}

/** Hash of one row there, or null. */
export async function hashThere(sql: Sql, station: string, row: number): Promise<string | null> {
  const [there] = await sql<{ hash: string }>`
    SELECT encode(hash, 'hex') AS hash FROM plant.rows WHERE station = ${station} AND "row" = ${row}`;
  return there?.hash ?? null;
}

/**
 * Sends rows that follow one another in one transaction, with their claims. `moved`: the plant's newest row is not the one before them (any
 * more); nothing was taken. `refused`: it does not take one of these rows, whatever comes.
 */
export async function send(
  sql: Sql,
  station: string,
  rows: readonly PlainRow[],
  newest: number,
): Promise<'taken' | 'moved' | 'refused'> {
  const column = <Name extends keyof PlainRow>(name: Name) => rows.map((row) => row[name]);
  try {
    // one statement is one transaction
    await sql`
      WITH told AS (SELECT plant.seen(${newest}))
      INSERT INTO plant.rows (station, "row", at, kind, run, body, prev, hash)
      SELECT ${station}, r."row", r.at, r.kind, r.run, r.body, decode(r.prev, 'hex'), decode(r.hash, 'hex') FROM told, unnest(
        ${column('row')}::bigint[], ${column('at')}::text[], ${column('kind')}::text[], ${column('run')}::text[], ${column('body')}::text[],
        ${column('prev')}::text[], ${column('hash')}::text[]) AS r ("row", at, kind, run, body, prev, hash)`;
    return 'taken';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (notThere.includes(code)) return 'moved';
    // 22P02: the body is no JSON; 22021: a character that no text may hold
    if (code === refused || code === '22P02' || code === '22021') return 'refused';
    throw error;
  }
}

/** Says that the station is there, and asks what is open with it. */
export async function report(sql: Sql, newest: number) {
  await sql`SELECT plant.seen(${newest})`;
  return await openConflicts(sql);
}

/** Leaves an alarm in the plant: the own book has another row there (its hash), or none. */
export async function tellFork(sql: Sql, row: number, hash: string): Promise<void> {
  await sql`SELECT plant.tell_fork(${row}, ${hash})`;
}

/** Whether this version of the plant's tables has that one. */
export async function hasTable(sql: Sql, name: string): Promise<boolean> {
  const [known] = await sql<{ there: boolean }>`SELECT to_regclass(${name}) IS NOT NULL AS there`;
  return known?.there === true;
}

/** The signed leases that the plant has for this station and that it has not given back; none where its tables are older than leases. */
export async function leasesThere(
  sql: Sql,
  station: string,
): Promise<readonly { readonly digest: string; readonly file: Uint8Array }[]> {
  if (!(await hasTable(sql, 'plant.leases'))) return [];
  return await sql<{ digest: string; file: Uint8Array }>`
    SELECT encode(digest, 'hex') AS digest, file FROM plant.leases WHERE station = ${station} AND returned IS NULL ORDER BY digest`;
}
