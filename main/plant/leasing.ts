// Who gives leases of signed orders: finds places that are nobody's, and keeps each lease in the database before a station sees it.
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import { requireVersion } from './administer.ts';
import type { OwnSql, Sql } from './connect.ts';

/** An order as the plant keeps it. */
export interface OrderOfPlant {
  readonly name: string;
  /** Hex. */
  readonly digest: string;
  readonly boards: number;
  readonly file: Uint8Array;
  readonly stations: readonly { readonly station: string; readonly share: Range | null }[];
}

interface Range {
  readonly first: number;
  readonly boards: number;
}

/** A lease as it is kept. */
export interface KeptLease extends Range {
  readonly station: string;
  readonly file: Uint8Array;
}

/**
 * Gives a station places of an order, `boards` at most: as many as the first stretch of free places has. `sign` makes the file of a lease over
 * them. `kept`: leases that whoever signs them has given before, which the database is made to know first, since it may be an older backup.
 * LedgerFault `plant.version`, `plant.order-changed`, `plant.order-full`, `plant.lease-clash`; RecipeFault `plant.station-unknown`.
 */
export async function giveLease(
  sql: OwnSql,
  order: OrderOfPlant,
  { station, boards, kept }: { readonly station: string; readonly boards: number; readonly kept: readonly KeptLease[] },
  sign: (places: Range) => Promise<Uint8Array>,
): Promise<Range & { readonly file: Uint8Array }> {
  return await sql.transaction(async (sql) => {
    await requireVersion(sql);
    const number = await enter(sql, order);
    const [known] = await sql`SELECT FROM plant.stations WHERE name = ${station}`;
    if (known === undefined || !order.stations.some(({ station: name }) => name === station))
      throw new RecipeFault({
        code: 'plant.station-unknown',
        what: `The ${known === undefined ? 'plant' : `order ${order.name}`} knows no station ${JSON.stringify(station)}.`,
        next: 'Name one that is enrolled and stands in the order.',
      });
    await mustBeSettled(sql, order);
    for (const lease of kept) await keep(sql, number, order, lease);
    const free = await firstFree(sql, number, order.boards);
    if (free === null)
      throw new LedgerFault({
        code: 'plant.order-full',
        what: `All ${order.boards} places of the order ${order.name} are somebody's.`,
        next: 'Have stations give back what they do not use (order give-back), or have another order signed.',
      });
    const places = { first: free.first, boards: Math.min(boards, free.boards) };
    const file = await sign(places);
    await keep(sql, number, order, { station, ...places, file });
    return { ...places, file };
  });
}

/** Numbers of an order's places by whose they are, for people. */
export async function placesOf(
  sql: Sql,
  name: string,
): Promise<
  readonly { readonly station: string; readonly first: number; readonly last: number; readonly byLease: boolean }[]
> {
  return await sql<{ station: string; first: number; last: number; byLease: boolean }>`
    SELECT h.station, h.first, h.last, h.lease IS NOT NULL AS "byLease" FROM plant.held AS h JOIN plant.orders AS o USING (number)
    WHERE o.name = ${name} ORDER BY h.first`;
}

const clashNext =
  'Where it was put back to an older backup, wait until plant status shows every station level: then it knows again. Else somebody wrote into it: give no lease before it is known whose these places are.';

/** The order's number, entered with its shares where it is new; nobody else gives leases of it until the transaction ends. */
async function enter(sql: Sql, { name, digest, boards, file, stations }: OrderOfPlant): Promise<number> {
  const [made] = await sql<{ number: number }>`
    INSERT INTO plant.orders (name, digest, boards, file) VALUES (${name}, decode(${digest}, 'hex'), ${boards}, ${Buffer.from(file)})
    ON CONFLICT (name) DO NOTHING RETURNING number`;
  if (made !== undefined)
    for (const { station, share } of stations)
      if (share !== null)
        await sql`INSERT INTO plant.held (number, boards, station, first, last)
          VALUES (${made.number}, ${boards}, ${station}, ${share.first}, ${share.first + share.boards - 1})`;
  const [known] = await sql<{ number: number; digest: string }>`
    SELECT number, encode(digest, 'hex') AS digest FROM plant.orders WHERE name = ${name} FOR UPDATE`;
  if (known?.digest === digest) return known.number;
  throw new LedgerFault({
    code: 'plant.order-changed',
    what: `The plant knows the order ${name} by another file (${known?.digest.slice(0, 16)}).`,
    next: 'Go on with that file. More boards, or more time, are another order with a name of its own.',
  });
}

/** LedgerFault `plant.lease-clash`: the database has given these places to somebody else meanwhile. */
async function keep(sql: Sql, number: number, { boards, name }: OrderOfPlant, lease: KeptLease): Promise<void> {
  const file = Buffer.from(lease.file);
  try {
    const made = await sql`
      INSERT INTO plant.leases (digest, number, station, first, boards, file)
      VALUES (sha256(${file}::bytea), ${number}, ${lease.station}, ${lease.first}, ${lease.boards}, ${file}) ON CONFLICT DO NOTHING RETURNING 1`;
    if (made.length === 0) return;
    await sql`INSERT INTO plant.held (number, boards, station, lease, first, last)
      VALUES (${number}, ${boards}, ${lease.station}, sha256(${file}::bytea), ${lease.first}, ${lease.first + lease.boards - 1})`;
  } catch (error) {
    if (!['23P01', '23514', '23503'].includes(String((error as { code?: unknown }).code))) throw error;
    throw new LedgerFault({
      code: 'plant.lease-clash',
      what: `Places ${lease.first} to ${lease.first + lease.boards - 1} of the order ${name} were given to ${lease.station}, and the plant's database has them otherwise.`,
      next: clashNext,
      cause: error,
    });
  }
}

/** LedgerFault `plant.lease-clash`: rows of stations say of more places than the database has as theirs (unsettled-leases.ts). */
async function mustBeSettled(sql: Sql, { name }: OrderOfPlant): Promise<void> {
  await sql`SELECT plant.settle_leases(${name})`;
  const [waiting] = await sql<{ station: string; first: number; boards: number }>`
    SELECT station, first, boards FROM plant.unsettled WHERE name = ${name} ORDER BY first LIMIT 1`;
  if (waiting === undefined) return;
  throw new LedgerFault({
    code: 'plant.lease-clash',
    what: `Places ${waiting.first} to ${waiting.first + waiting.boards - 1} of the order ${name} are ${waiting.station}'s by its ledger, and the plant's database has them otherwise.`,
    next: clashNext,
  });
}

async function firstFree(sql: Sql, number: number, boards: number): Promise<Range | null> {
  const held = await sql<{ first: number; last: number }>`
    SELECT first, last FROM plant.held WHERE number = ${number} ORDER BY first`;
  let next = 1;
  for (const { first, last } of held) {
    if (first > next) return { first: next, boards: first - next };
    next = last + 1;
  }
  return next <= boards ? { first: next, boards: boards - next + 1 } : null;
}
