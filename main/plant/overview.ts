// What people ask about the whole plant. Each question is one of fixed text, and reads what the plant has learned from rows (plant.runs), its
// claims and its tables: no row is read anew. Whether rows are whole says `plant verify`.
import type { FoundInPlant, PlantOverview, StationOverview } from '../model/plant.ts';
import { openConflicts, requireVersion } from './administer.ts';
import type { OwnSql } from './connect.ts';

/** line-2 before line-10 */
const byName = new Intl.Collator('en', { numeric: true });
const mostFaults = 12;
/** Boards that one search gives at most. */
const mostFound = 100;

/** All stations at one moment of the database. LedgerFault `plant.version`. */
export function readOverview(sql: OwnSql): Promise<PlantOverview> {
  return sql.transaction(async (sql) => {
    await requireVersion(sql);
    const [now] = await sql<{ at: Date }>`SELECT now() AS at`;
    const stations = await sql<StationRow>`
      SELECT s.name, s.newest, s.seen_at, coalesce((SELECT max("row") FROM plant.rows AS r WHERE r.station = s.name), 0) AS rows,
        (SELECT count(*) FROM plant.claims AS c WHERE c.station = s.name AND c.field = 'mac') AS sealed,
        coalesce(d.passed, 0) AS passed, coalesce(d.failed, 0) AS failed, coalesce(d.refused, 0) AS refused, coalesce(d.aborted, 0) AS aborted,
        coalesce(d.hour, 0) AS hour, d.span
      FROM plant.stations AS s LEFT JOIN (
        SELECT station, count(*) FILTER (WHERE outcome = 'passed')::int AS passed,
          count(*) FILTER (WHERE outcome IN ('failed', 'errored'))::int AS failed,
          count(*) FILTER (WHERE outcome = 'refused')::int AS refused, count(*) FILTER (WHERE outcome = 'aborted')::int AS aborted,
          count(*) FILTER (WHERE outcome = 'passed' AND at > now() - interval '1 hour')::int AS hour,
          extract(epoch FROM max(at) FILTER (WHERE outcome = 'passed' AND at > now() - interval '1 hour')
            - min(at) FILTER (WHERE outcome = 'passed' AND at > now() - interval '1 hour'))::float8 AS span
        FROM plant.runs WHERE at > now() - interval '1 day' GROUP BY station
      ) AS d ON d.station = s.name`;
    const faults = await sql<{ station: string; code: string; count: number }>`
      SELECT station, fault AS code, count(*)::int AS count FROM plant.runs WHERE at > now() - interval '1 day' AND fault IS NOT NULL
      GROUP BY station, fault ORDER BY count DESC, fault, station LIMIT ${mostFaults}`;
    const orders = await sql<{ name: string; boards: number; held: PlantOverview['orders'][number]['held'] }>`
      SELECT o.name, o.boards, coalesce((SELECT json_agg(json_build_object('station', h.station, 'places', h.places, 'byLease', h.leased)
          ORDER BY h.station, h.leased) FROM (
          SELECT station, lease IS NOT NULL AS leased, sum(last - first + 1)::int AS places FROM plant.held WHERE number = o.number
          GROUP BY station, lease IS NOT NULL) AS h), '[]') AS held
      FROM plant.orders AS o ORDER BY o.number DESC LIMIT 20`;
    const conflicts = await openConflicts(sql);
    return {
      at: (now?.at ?? new Date(0)).toISOString(),
      ...{ stations: stations.map(stationOf).sort((a, b) => byName.compare(a.name, b.name)), faults, orders },
      conflicts: conflicts,
    };
  }, 'ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

interface StationRow {
  readonly name: string;
  readonly newest: string;
  readonly seen_at: Date | null;
  readonly rows: string;
  readonly sealed: string;
  readonly passed: number;
  readonly failed: number;
  readonly refused: number;
  readonly aborted: number;
  readonly hour: number;
  readonly span: number | null;
}

function stationOf({ name, seen_at: seenAt, hour, span, ...row }: StationRow): StationOverview {
  const { passed, failed, refused, aborted } = row;
  const [rows, newest, sealed] = [Number(row.rows), Number(row.newest), Number(row.sealed)];
  return {
    ...{ name, rows, lag: Math.max(0, newest - rows), seenAt: seenAt?.toISOString() ?? null, sealed, lastHour: hour },
    taktSeconds: hour > 1 && span !== null ? span / (hour - 1) : null,
    lastDay: { passed, failed, refused, aborted },
  };
}

/**
 * Boards of which something begins with the text: MAC (also without colons), serial number, and what only sealed boards have: certificate,
 * public key, key fingerprints. By all of it, not a part in the middle.
 */
export async function findInPlant(
  sql: OwnSql,
  text: string,
): Promise<{ readonly found: readonly FoundInPlant[]; readonly isCut: boolean }> {
  const asked = text.trim();
  if (asked === '') return { found: [], isCut: false };
  const pattern = (start: string) => `${start.replace(/[\\%_]/g, '\\$&')}%`;
  const digits = asked.replaceAll(/[:-]/g, '').toLowerCase();
  const isMac = /^[0-9a-f]{2,12}$/.test(digits);
  const mac = isMac ? (digits.match(/../g) ?? []).join(':') + (digits.length % 2 ? `:${digits.at(-1)}` : '') : asked;
  const found = await sql<Omit<FoundInPlant, 'at'> & { at: Date | null }>`
    WITH hits AS (
      SELECT station, mac, field, value FROM plant.claims WHERE value LIKE ${pattern(asked)} OR value LIKE ${pattern(asked.toLowerCase())}
        OR value LIKE ${pattern(mac)}
      UNION SELECT station, mac, 'mac', mac FROM plant.runs WHERE mac LIKE ${pattern(mac)}
      UNION SELECT station, mac, 'serial', serial FROM plant.runs WHERE serial LIKE ${pattern(asked)}
    )
    SELECT h.station, h.mac, coalesce(r.serial, CASE h.field WHEN 'serial' THEN h.value END) AS serial, h.field, h.value, r.at, r.outcome
    FROM (SELECT * FROM hits ORDER BY value, station, mac LIMIT ${mostFound + 1}) AS h
    LEFT JOIN LATERAL (SELECT serial, at, outcome FROM plant.runs AS r WHERE r.mac = h.mac AND r.station = h.station ORDER BY "row" DESC LIMIT 1)
      AS r ON true
    ORDER BY h.value, h.station, h.mac`;
  return {
    found: found.slice(0, mostFound).map(({ at, ...rest }) => ({ ...rest, at: at?.toISOString() ?? null })),
    isCut: found.length > mostFound,
  };
}
