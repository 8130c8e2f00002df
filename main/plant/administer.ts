// What the owner of the plant's database does: makes the tables, lets stations in, looks, settles.
import type { RandomSource } from '../base/random.ts';
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import type { Conflict } from '../model/plant.ts';
import { escapeName, type OwnSql, type Sql } from './connect.ts';
import { stationGroup, viewerGroup, witnessGroup } from './groups.ts';
import { migrations } from './migrations.ts';
import { newPassword, roleOf, scramVerifier, viewerRoleOf } from './roles.ts';

/** Oldest server: 15 has no rights for everybody in a new schema `public`. */
const oldestServer = 150_000;
/** Any number that nobody else takes: two who migrate at once do it one after the other. */
const migrating = 0x46555345;

/** Brings the database up to our version. Gives the version before and now. LedgerFault `plant.server`, `plant.version`. */
export async function initPlant(sql: OwnSql): Promise<{ readonly before: number; readonly now: number }> {
  const [server] = await sql<{ number: number; version: string; encoding: string; database: string }>`
    SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
      current_setting('server_encoding') AS encoding, current_database() AS database`;
  if (server === undefined || server.number < oldestServer || server.encoding !== 'UTF8')
    throw new LedgerFault({
      code: 'plant.server',
      what: `The server is PostgreSQL ${server?.version} with the encoding ${server?.encoding}; a plant needs 15 or later and UTF8.`,
      next: 'Make the database on a newer server, or anew with the encoding UTF8. Nothing was changed.',
    });
  return await sql.transaction(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${migrating})`;
    await sql.script(`
      CREATE SCHEMA IF NOT EXISTS plant;
      CREATE TABLE IF NOT EXISTS plant.version (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
      DO $$ BEGIN
        ${[stationGroup, viewerGroup, witnessGroup].map(madeOnce).join('\n        ')}
      END $$;`);
    const before = await versionOf(sql);
    for (let version = before; version < migrations.length; version++) {
      await sql.script(migrations[version]!);
      await sql`INSERT INTO plant.version (version) VALUES (${version + 1})`;
    }
    const database = escapeName(server.database);
    await sql.script(`REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
    await sql.script(`GRANT CONNECT ON DATABASE ${database} TO ${stationGroup}, ${viewerGroup}`);
    return { before, now: migrations.length };
  });
}

const madeOnce = (role: string) =>
  `IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role} NOLOGIN; END IF;`;

/** LedgerFault `plant.version` where another version of this program made the tables. */
export async function requireVersion(sql: Sql): Promise<void> {
  if ((await versionOf(sql)) === migrations.length) return;
  throw new LedgerFault({
    code: 'plant.version',
    what: 'This plant was made by an older version of this program.',
    next: 'Bring its tables up to date (plant init); nothing was changed.',
  });
}

/** Refuses a plant that a newer program made. */
async function versionOf(sql: Sql): Promise<number> {
  const [row] = await sql<{ version: number }>`SELECT coalesce(max(version), 0) AS version FROM plant.version`;
  const version = row?.version ?? 0;
  if (version <= migrations.length) return version;
  throw new LedgerFault({
    code: 'plant.version',
    what: `This plant was made by a newer version of this program (tables ${version}; this one knows ${migrations.length}).`,
    next: 'Use the newer version; nothing was changed.',
  });
}

/**
 * Lets a station in, or gives it a new password where it is in already (the one before does not count any more). The password is given to
 * `keep` before the server knows of it. `asWitness`: it may also witness the heads of the others. RecipeFault `plant.station-name`; LedgerFault
 * `plant.role-taken`: another database of this server has such a station; `plant.version`.
 */
export async function enroll(
  sql: OwnSql,
  station: string,
  random: RandomSource,
  keep: (password: string) => void,
  asWitness = false,
): Promise<{ readonly role: string; readonly isNew: boolean }> {
  requireName(station, 'station', "Give the name as it stands in the station file ('station').");
  const role = roleOf(station);
  return await sql.transaction(async (sql) => {
    const [known] = await sql`SELECT FROM plant.stations WHERE name = ${station}`;
    const [taken] = await sql`SELECT FROM pg_roles WHERE rolname = ${role}`;
    if (known === undefined && taken !== undefined)
      throw new LedgerFault({
        code: 'plant.role-taken',
        what: `The server has a role '${role}' already, and this plant does not know it: another plant of this server has such a station.`,
        next: 'Give the station another name, or have the role dropped where it is not needed any more.',
      });
    await letIn(sql, { role, group: stationGroup, isNew: taken === undefined }, random, keep);
    if (asWitness) await requireVersion(sql);
    const [witnesses] = await sql`SELECT FROM pg_roles WHERE rolname = ${witnessGroup}`;
    if (witnesses !== undefined)
      await sql.script(`${asWitness ? 'GRANT' : 'REVOKE'} ${witnessGroup} ${asWitness ? 'TO' : 'FROM'} "${role}"`);
    if (known === undefined) await sql`INSERT INTO plant.stations (name, role) VALUES (${station}, ${role})`;
    return { role, isNew: known === undefined };
  });
}

/** Lets somebody look at the whole plant, who can change nothing of it; or gives them a new password. RecipeFault `plant.station-name`. */
export async function enrollViewer(
  sql: OwnSql,
  name: string,
  random: RandomSource,
  keep: (password: string) => void,
): Promise<{ readonly role: string; readonly isNew: boolean }> {
  requireName(name, 'viewer', 'Use letters, digits, dot, dash and underscore, 64 at most.');
  const role = viewerRoleOf(name);
  return await sql.transaction(async (sql) => {
    const [taken] = await sql`SELECT FROM pg_roles WHERE rolname = ${role}`;
    await letIn(sql, { role, group: viewerGroup, isNew: taken === undefined }, random, keep);
    await sql.script(`ALTER ROLE "${role}" SET default_transaction_read_only = on`);
    return { role, isNew: taken === undefined };
  });
}

function requireName(name: string, what: 'station' | 'viewer', next: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new RecipeFault({
    code: 'plant.station-name',
    what: `${JSON.stringify(name)} is no name of a ${what}.`,
    next,
  });
}

/** A role that may log in with a new password, which `keep` has before the server knows of it. */
async function letIn(
  sql: Sql,
  { role, group, isNew }: { readonly role: string; readonly group: string; readonly isNew: boolean },
  random: RandomSource,
  keep: (password: string) => void,
): Promise<void> {
  const password = newPassword(random);
  keep(password);
  const verifier = scramVerifier(password, random(16));
  if (isNew)
    await sql.script(
      `CREATE ROLE "${role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4`,
    );
  await sql.script(`ALTER ROLE "${role}" PASSWORD '${verifier}'`);
  for (const setting of ['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'])
    await sql.script(`ALTER ROLE "${role}" SET ${setting} = '30s'`);
  await sql.script(`GRANT ${group} TO "${role}"`);
}

export interface StationInPlant {
  readonly name: string;
  /** Newest row that the plant has; 0: none. */
  readonly rows: number;
  /** Newest row of the station's own book, as it last said. */
  readonly newest: number;
  /** ISO 8601; null: never. */
  readonly seenAt: string | null;
  readonly sealed: number;
}

/** A signed order of which leases were given. */
export interface OrderInPlant {
  readonly name: string;
  readonly boards: number;
  /** Places that are a station's, by share or lease. */
  readonly held: number;
}

/** Stations by name, and what nobody has settled, oldest first. */
export async function plantStatus(sql: Sql): Promise<{
  readonly stations: readonly StationInPlant[];
  readonly orders: readonly OrderInPlant[];
  readonly conflicts: readonly Conflict[];
}> {
  await requireVersion(sql);
  const orders = await sql<OrderInPlant>`
    SELECT o.name, o.boards, coalesce((SELECT sum(last - first + 1) FROM plant.held AS h WHERE h.number = o.number), 0)::int AS held
    FROM plant.orders AS o ORDER BY o.number`;
  const stations = await sql<StationRow>`
    SELECT name, coalesce((SELECT max("row") FROM plant.rows AS r WHERE r.station = name), 0) AS rows, newest, seen_at,
      (SELECT count(*) FROM plant.claims AS c WHERE c.station = name AND field = 'mac') AS sealed
    FROM plant.stations ORDER BY name`;
  return {
    stations: stations.map(({ name, rows, newest, seen_at: seenAt, sealed }) => ({
      ...{ name, rows: Number(rows), newest: Number(newest), sealed: Number(sealed) },
      seenAt: seenAt?.toISOString() ?? null,
    })),
    orders,
    conflicts: await openConflicts(sql),
  };
}

interface StationRow {
  readonly name: string;
  readonly rows: string;
  readonly newest: string;
  readonly seen_at: Date | null;
  readonly sealed: string;
}

/** Of the whole plant to its owner, to a station its own. */
export async function openConflicts(sql: Sql): Promise<Conflict[]> {
  const rows = await sql<
    Record<string, unknown>
  >`SELECT * FROM plant.conflicts WHERE settled_at IS NULL ORDER BY id LIMIT 1000`;
  return rows.map((row) => ({
    id: Number(row.id),
    at: (row.at as Date).toISOString(),
    kind: row.kind as Conflict['kind'],
    station: String(row.station),
    row: Number(row.row),
    field: String(row.field),
    value: String(row.value),
    holder: row.holder === null ? null : String(row.holder),
    holderRow: row.holder_row === null ? null : Number(row.holder_row),
  }));
}

/** Says that somebody has seen to a conflict: it stays, and is no alarm any more. RecipeFault `plant.no-conflict`. */
export async function settle(sql: Sql, id: number, by: string, reason: string): Promise<void> {
  const settled = await sql`
    UPDATE plant.conflicts SET settled_at = now(), settled_by = ${by}, reason = ${reason} WHERE id = ${id} AND settled_at IS NULL RETURNING id`;
  if (settled.length === 1) return;
  throw new RecipeFault({
    code: 'plant.no-conflict',
    what: `The plant has no open conflict ${id}.`,
    next: 'plant status shows those that are open.',
  });
}

/** One sentence on a conflict. */
export function conflictWords({ kind, station, row, field, value, holder, holderRow }: Conflict): string {
  const there = `row ${row} of ${station}`;
  switch (kind) {
    case 'claim':
      return `${field} ${value}: ${there} claims it, and row ${holderRow} of ${holder} has it`;
    case 'head':
      return `${there} is a signed head that does not go on from the heads before it (${field})`;
    case 'fork':
      return `${station} has another row ${row} than the plant, or none: its ledger was restored, copied or written anew`;
    case 'lease':
      return `${there} is about a lease of the order ${field} (${value.slice(0, 16)}) that the plant did not give to it like that`;
    case 'unreadable':
      return `${there} cannot be read: its claims or its head are not known`;
  }
}
