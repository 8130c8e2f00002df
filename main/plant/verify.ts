import { ChainCheck, type PlainRow } from '../ledger/chain.ts';
import { HeadCheck, headIn, saysOfHeads } from '../ledger/heads.ts';
import type { ChainReport } from '../ledger/ledger.ts';
import type { OwnSql, Sql } from './connect.ts';

const portion = 2000;
/** Below every row, also below those that nobody should have. */
const first = Number.MIN_SAFE_INTEGER;

/** As the server gives it. */
type StoredRow = Omit<PlainRow, 'row'> & { readonly row: string };

export type StationReport = Pick<ChainReport, 'rows' | 'head' | 'root' | 'broken' | 'signed'> & {
  readonly station: string;
};

/**
 * Reads every row of every station in one moment of the database, and recomputes chains, trees and signed heads here: what the server checked
 * itself is not believed. `keys`: public keys of the heads from elsewhere, by station.
 */
export async function verifyPlant(
  sql: OwnSql,
  keys: ReadonlyMap<string, string> = new Map(),
): Promise<StationReport[]> {
  return await sql.transaction((sql) => verifyInside(sql, keys), 'ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

/** The same in a transaction that somebody else began. */
export async function verifyInside(sql: Sql, keys: ReadonlyMap<string, string> = new Map()): Promise<StationReport[]> {
  const stations = await sql<{ name: string }>`SELECT name FROM plant.stations ORDER BY name`;
  const reports: StationReport[] = [];
  for (const { name } of stations) reports.push(await verifyStation(sql, name, keys.get(name)));
  return reports;
}

async function verifyStation(sql: Sql, station: string, key: string | undefined): Promise<StationReport> {
  const booked = await sql<{
    body: string;
  }>`SELECT body FROM plant.rows WHERE station = ${station} AND kind = 'checkpoint' ORDER BY "row"`;
  const heads = new HeadCheck(
    key === undefined ? {} : { key },
    booked.flatMap(({ body }) => headIn(parsed(body)) ?? []),
  );
  const chain = new ChainCheck();
  let broken: ChainReport['broken'] = null;
  for (let last: string | number | null = first; broken === null && last !== null; ) {
    const page: StoredRow[] = await sql<StoredRow>`
      SELECT "row", at, kind, run, body, encode(prev, 'hex') AS prev, encode(hash, 'hex') AS hash FROM plant.rows
      WHERE station = ${station} AND "row" > ${last} ORDER BY "row" LIMIT ${portion}`;
    last = page.at(-1)?.row ?? null;
    for (const { body, ...rest } of page) {
      const row = { ...rest, row: Number(rest.row) };
      const said = row.row === 1 || saysOfHeads(row.kind) ? parsed(body) : null;
      broken = chain.check(row, body) ?? heads.take(row.row, row.kind, row.hash, said);
      if (broken !== null) break;
    }
  }
  const isEmpty = chain.head.row === 0 && broken === null;
  if (!isEmpty) broken ??= chain.end() ?? heads.end(chain.head);
  return { station, rows: chain.head.row, head: chain.head.hash, root: heads.root, broken, signed: heads.signed };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null; // its hash tells
  }
}
