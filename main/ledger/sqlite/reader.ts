import type { Database } from 'better-sqlite3';
import type { Affected } from '../../model/component.ts';
import type { StoredEvent, WrappedKey } from '../../model/event.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../../model/record.ts';
import type { RecipeRef } from '../../model/refs.ts';
import { type ChainHead, hashOfParts, type PlainRow } from '../chain.ts';
import { originOf, parseCheckpoint } from '../checkpoint.ts';
import { withDates } from '../date-bound.ts';
import type {
  AffectedRecipes,
  Deed,
  DeviceHistory,
  DeviceQuery,
  DeviceRow,
  Escrow,
  EscrowRelease,
  FoundRuns,
  OpenKey,
  RecipeStateNote,
  Release,
  RunPace,
  RunQuery,
  RunTally,
  StationAct,
  TreeHead,
} from '../ledger.ts';
import { MerkleTree } from '../merkle.ts';
import { AffectedSearch, concernsIn } from './affected.ts';
import { Bodies } from './bodies.ts';
import { rowClaim } from './claims.ts';
import { entryOf, eventRows, jsonOf, type StoredRow, sealedRecordOfRow, storedRows } from './events.ts';
import { changedSeal, damaged } from './faults.ts';
import { PaceQuestions } from './pace.ts';
import type { RunRow } from './projections.ts';
import { Rows, timeOf } from './rows.ts';
import { RunSearch, runRecord } from './run-search.ts';
import { DeviceSearch } from './search.ts';
import { hasReleases, hasTable } from './shape.ts';
import { fromOverflow } from './wrapped-keys.ts';

interface WrappedRow {
  run: string;
  role: OpenKey['role'];
  fingerprint: string;
  wrapping_key_id: string;
  mechanism: WrappedKey['mechanism'];
  data: Uint8Array;
}

interface EscrowRow extends Omit<WrappedRow, 'role' | 'fingerprint'> {
  mac: string;
  serial: string | null;
  at: string;
  what: Escrow['what'];
  fingerprint: string | null;
}

/**
 * All questions, on a connection that cannot write. Methods answer at once and are short (long reads are asked in portions), since
 * one thread answers them all.
 */
export class LedgerQuestions {
  readonly #bodies: Bodies;
  readonly #rows: Rows;
  /** Grows with the book; what was read of it is not read again. */
  readonly #tree = new MerkleTree();
  readonly #sql: ReturnType<typeof statements>;
  readonly #search: DeviceSearch;
  readonly #affected: AffectedSearch;
  readonly #pace: PaceQuestions;
  readonly #runs: RunSearch;

  constructor(db: Database) {
    this.#bodies = new Bodies(db);
    this.#rows = new Rows(db, this.#bodies);
    this.#sql = statements(db);
    this.#search = new DeviceSearch(db, this.#bodies);
    this.#affected = new AffectedSearch(db, this.#bodies, (mac) => this.sealedDevice(mac));
    this.#pace = new PaceQuestions(db, this.#bodies);
    this.#runs = new RunSearch(db);
  }

  batches(): BatchRecord[] {
    return (this.#sql.batches.all() as Record<string, string | number | null>[]).map(
      (row) =>
        ({
          id: row.id,
          order: row.order_text,
          recipe: JSON.parse(String(row.recipe)),
          count: row.count,
          openedAt: row.opened_at,
          closedAt: row.closed_at,
        }) as BatchRecord,
    );
  }

  recipe(hash: string): { ref: RecipeRef; text: string } | null {
    const row = this.#sql.recipe.get(hash) as { name: string; revision: number; text: string } | undefined;
    return row === undefined ? null : { ref: { name: row.name, revision: row.revision, hash }, text: row.text };
  }

  history(mac: string): DeviceHistory {
    const attempts = Number(this.#sql.attempts.get(mac) ?? 0);
    const runs = (this.#sql.runsOfMac.all(mac) as RunRow[]).map((row) => ({
      run: runRecord(row),
      events: this.#eventsOf(row),
    }));
    if (runs.length < attempts)
      throw damaged(this.#sql.file, `of ${attempts} runs of the board ${mac} only ${runs.length} are found`);
    const condemned = this.#sql.condemned.get(mac) as string | null | undefined;
    const released = this.#sql.released?.get(mac) as string | null | undefined;
    return {
      mac,
      sealed: this.sealedDevice(mac),
      runs,
      openKeys: (this.#sql.openKeys.all(mac) as WrappedRow[]).map((key) => ({
        run: key.run,
        role: key.role,
        fingerprint: key.fingerprint,
        wrapped: {
          wrappingKeyId: key.wrapping_key_id,
          mechanism: key.mechanism,
          data: Buffer.from(fromOverflow(key.data)).toString('base64'),
        },
      })),
      condemned: condemned ? (JSON.parse(condemned) as DeviceHistory['condemned']) : null,
      released: released ? (JSON.parse(released) as Release) : null,
    };
  }

  rowsTaken(list: string): { row: string; mac: string }[] {
    const prefix = rowClaim(list, '');
    return (this.#sql.rowsTaken.all(prefix, `${prefix}\u{10ffff}`) as { value: string; mac: string }[]).map(
      ({ value, mac }) => ({ row: value.slice(prefix.length), mac }),
    );
  }

  boardsOfOrder(order: string, mac: string): { boards: number; isOne: boolean } {
    const row = this.#sql.boardsOfOrder.get(mac, order) as { boards: number; here: number };
    return { boards: row.boards, isOne: row.here > 0 };
  }

  claimedBy(field: string, value: string): string | null {
    return (this.#sql.claim.get(field, value) as string | undefined) ?? null;
  }

  sealedDevice(macOrSerial: string): SealedRecord | null {
    const stored = this.#sql.sealed.get(macOrSerial) ?? this.#sql.sealedBySerial.get(macOrSerial);
    const [sealed] = this.#stored(stored === undefined ? [] : [stored]);
    if (sealed === undefined) return null;
    const record = sealedRecordOfRow((jsonOf(sealed.row, sealed.body) as { record: unknown }).record, sealed.row);
    const [row] = this.#rows.plain(sealed.row - 1, 1);
    // the tables say where the record is; what it says is the chain's to say
    const isOf = [record.chip.mac, record.serial].some((id) => id?.toLowerCase() === macOrSerial.toLowerCase());
    if (row === undefined || hashOfParts(row, row.body) !== row.hash || row.kind !== 'sealed' || !isOf)
      throw changedSeal(macOrSerial, sealed.row);
    return record;
  }

  devices(query: DeviceQuery): DeviceRow[] {
    const concerns = query.affects ?? concernsIn(query.text);
    const dated = withDates(query);
    return concerns === null ? this.#search.devices(dated) : this.#affected.devices(dated, concerns);
  }

  affected(concerns: readonly Affected[]): AffectedRecipes {
    return this.#affected.recipes(concerns);
  }

  runs(query: { batch?: string; mac?: string; limit?: number }): RunRecord[] {
    const { batch, mac, limit = 100 } = query;
    const rows =
      mac !== undefined
        ? this.#sql.recentOfMac.all(mac, batch ?? null, batch ?? null, limit)
        : batch !== undefined
          ? this.#sql.recentOfBatch.all(batch, limit)
          : this.#sql.recent.all(limit);
    return (rows as RunRow[]).map(runRecord);
  }

  /** Of the next `count` open boards behind the one numbered `after`: see LedgerReader.unfinishedBurns. `last`: null when there are no more. */
  unfinishedPortion(
    fields: readonly string[],
    after: number,
    count: number,
  ): { runs: RunRecord[]; last: number | null } {
    const devices = this.#sql.openDevices.all(after, count) as { n: number; mac: string }[];
    const meant = (row: RunRow) =>
      this.#stored(this.#sql.events.all(row.n)).some(
        ({ body }) =>
          body.includes('"type":"intend"') && fields.some((field) => body.includes(`"field":${JSON.stringify(field)}`)),
      );
    const runs = devices.flatMap(({ mac }) =>
      (this.#sql.runsOfMac.all(mac) as RunRow[]).filter((row) => row.outcome !== 'passed' && meant(row)),
    );
    return { runs: runs.map(runRecord), last: devices.length < count ? null : devices.at(-1)!.n };
  }

  run(id: string): RunRecord | null {
    const row = this.#sql.run.get(id) as RunRow | undefined;
    return row === undefined ? null : runRecord(row);
  }

  findRuns(query: RunQuery): FoundRuns {
    return this.#runs.find(query);
  }

  events(run: string): StoredEvent[] {
    const row = this.#sql.run.get(run) as RunRow | undefined;
    return row === undefined ? [] : this.#eventsOf(row);
  }

  tally(span: { from: string; to: string; bucketMs: number }): RunTally {
    return this.#pace.tally(span);
  }

  recentPaces(query: { from: string; recipe?: string; limit: number }): RunPace[] {
    return this.#pace.recentPaces(query);
  }

  recipeStates(): (RecipeStateNote & { at: string; row: number })[] {
    return this.#stored(this.#sql.recipeStates.all()).map(({ row, at, body }) => ({
      ...(JSON.parse(body) as RecipeStateNote),
      at,
      row,
    }));
  }

  escrows(query: { mac?: string; limit?: number }): Escrow[] {
    const { mac, limit = 100 } = query;
    return ((this.#sql.escrows?.all(mac ?? null, mac ?? null, limit) ?? []) as EscrowRow[]).map((row) => ({
      mac: row.mac,
      serial: row.serial,
      run: row.run,
      at: timeOf(row.at),
      what: row.what,
      fingerprint: row.fingerprint,
      wrapped: {
        wrappingKeyId: row.wrapping_key_id,
        mechanism: row.mechanism,
        data: Buffer.from(row.data).toString('base64'),
      },
    }));
  }

  escrowReleases(): (EscrowRelease & { at: string; row: number })[] {
    return this.#stored(this.#sql.escrowReleases.all()).map(({ row, at, body }) => ({
      ...(JSON.parse(body) as EscrowRelease),
      at,
      row,
    }));
  }

  acts({ what, about, limit = 100 }: { what?: string; about?: string; limit?: number }): (StationAct & {
    at: string;
    row: number;
  })[] {
    const { acts, actsOf } = this.#sql;
    const abouts = [about ?? null, about ?? null, limit];
    const stored = what === undefined ? acts.all(...abouts) : actsOf.all(what, ...abouts);
    return this.#stored(stored).map(({ row, at, body }) => ({ ...(JSON.parse(body) as StationAct), at, row }));
  }

  deeds({ before, limit = 100 }: { before?: number; limit?: number }): Deed[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    return kindsOfDeeds
      .flatMap((kind) =>
        this.#stored(this.#sql.deeds.all(kind, below, limit)).map(
          ({ row, at, body }) => ({ row, at, kind, body: JSON.parse(body) }) as Deed,
        ),
      )
      .sort((a, b) => b.row - a.row)
      .slice(0, limit);
  }

  counts(batch: string): Record<Outcome, number> {
    const counts = { passed: 0, failed: 0, refused: 0, errored: 0, aborted: 0 };
    for (const { outcome, n } of this.#sql.counts.all(batch) as { outcome: Outcome; n: number }[]) counts[outcome] = n;
    return counts;
  }

  /** Goes on with the tree by up to `count` rows; gives it once all rows are in, and null before. */
  treePortion(count: number): TreeHead | null {
    const hashes = this.#rows.hashes(this.#tree.size, count);
    for (const hash of hashes) this.#tree.append(hash);
    if (hashes.length === count) return null;
    const newest = this.#checkpoint();
    const before = newest === null ? null : parseCheckpoint(newest.note);
    return {
      origin: originOf(this.#sql.genesis()),
      size: this.#tree.size,
      root: this.#tree.root(),
      signedBefore: newest === null ? null : { publicKey: newest.publicKey, size: before?.size ?? 0 },
    };
  }

  newestCheckpoint(): string | null {
    return this.#checkpoint()?.note ?? null;
  }

  #checkpoint(): { note: string; publicKey: string } | null {
    const [stored] = this.#stored(this.#sql.newestCheckpoint.all());
    return stored === undefined ? null : (jsonOf(stored.row, stored.body) as { note: string; publicKey: string });
  }

  head(): ChainHead {
    return this.#rows.head();
  }

  plainRows(after: number, count: number): PlainRow[] {
    return this.#rows.plain(after, count);
  }

  exportPortion(after: number, count: number): { lines: string; last: number; count: number } {
    return this.#rows.exported(after, count);
  }

  #stored(rows: unknown[]) {
    return storedRows(rows as StoredRow[], this.#bodies);
  }

  #eventsOf(run: RunRow): StoredEvent[] {
    const found = this.#stored(this.#sql.events.all(run.n));
    // what a plan rests on must be there whole; meanwhile there may be more
    if (found.length < run.events)
      throw damaged(this.#sql.file, `of ${run.events} events of the run ${run.id} only ${found.length} are found`);
    return found.map((stored) => ({
      run: run.id,
      at: stored.at,
      ...entryOf(stored),
    }));
  }
}

/** Of acts: those about something, where it is asked for, newest first. */
const kindsOfDeeds = ['session', 'act', 'recipe-state', 'escrow-released'] as const;
const ofAbout = `AND (? IS NULL OR body ->> '$.about' = ?) ORDER BY row DESC LIMIT ?`;

function statements(db: Database) {
  return {
    batches: db.prepare('SELECT * FROM batches ORDER BY opened_at, id'),
    recipe: db.prepare('SELECT name, revision, text FROM recipes WHERE hash = ?'),
    run: db.prepare('SELECT * FROM runs WHERE id = ?'),
    runsOfMac: db.prepare('SELECT * FROM runs WHERE mac = ? ORDER BY n'),
    recentOfMac: db.prepare('SELECT * FROM runs WHERE mac = ? AND (? IS NULL OR batch = ?) ORDER BY n DESC LIMIT ?'),
    recentOfBatch: db.prepare('SELECT * FROM runs WHERE batch = ? ORDER BY n DESC LIMIT ?'),
    recent: db.prepare('SELECT * FROM runs ORDER BY n DESC LIMIT ?'),
    events: db.prepare(eventRows),
    openDevices: db.prepare(`SELECT n, mac FROM devices WHERE state = 'open' AND n > ? ORDER BY n LIMIT ?`),
    counts: db.prepare(
      'SELECT outcome, count(*) AS n FROM runs WHERE batch = ? AND outcome IS NOT NULL GROUP BY outcome',
    ),
    recipeStates: db.prepare(`SELECT row, at, body FROM book WHERE kind = 'recipe-state' ORDER BY row`),
    // A book of an older program that nobody has written since has no such table.
    escrows: !hasTable(db, 'escrows')
      ? null
      : db.prepare(
          `SELECT r.mac, r.serial, s.run, coalesce(e.at, o.at) AS at, s.what, s.fingerprint, s.wrapping_key_id, s.mechanism, s.data
       FROM escrows s LEFT JOIN entries e ON e.row = s.row LEFT JOIN older_entries o ON o.row = s.row JOIN runs r ON r.id = s.run
       WHERE r.mac IS NOT NULL AND (? IS NULL OR r.mac = ?) ORDER BY s.row DESC LIMIT ?`,
        ),
    escrowReleases: db.prepare(`SELECT row, at, body FROM book WHERE kind = 'escrow-released' ORDER BY row`),
    acts: db.prepare(`SELECT row, at, body FROM book WHERE kind = 'act' ${ofAbout}`),
    deeds: db.prepare(
      `SELECT row, at, body FROM book WHERE kind = ? AND row < ? AND coalesce(what, '') <> 'signed' ORDER BY row DESC LIMIT ?`,
    ),
    actsOf: db.prepare(`SELECT row, at, body FROM book WHERE kind = 'act' AND what = ? ${ofAbout}`),
    newestCheckpoint: db.prepare(`SELECT row, at, body FROM book WHERE kind = 'checkpoint' ORDER BY row DESC LIMIT 1`),
    genesis: () =>
      Object.fromEntries(db.prepare('SELECT name, value FROM meta').raw().all() as [string, string][]) as {
        station: string;
        ledger: string;
      },
    file: db.name,
    attempts: db.prepare('SELECT attempts FROM devices WHERE mac = ?').pluck(),
    condemned: db.prepare('SELECT condemned FROM devices WHERE mac = ?').pluck(),
    released: hasReleases(db) ? db.prepare('SELECT released FROM devices WHERE mac = ?').pluck() : null,
    claim: db.prepare('SELECT mac FROM claims WHERE field = ? AND value = ?').pluck(),
    boardsOfOrder: db.prepare(
      `SELECT count(DISTINCT mac) AS boards, count(CASE WHEN mac = ? THEN 1 END) AS here
       FROM runs JOIN batches ON runs.batch = batches.id WHERE batches.order_text = ?`,
    ),
    rowsTaken: db.prepare(`SELECT value, mac FROM claims WHERE field = 'row' AND value >= ? AND value < ?`),
    sealed: db.prepare('SELECT e.row, e.at, e.body FROM devices d JOIN book e ON e.row = d.sealed_row WHERE d.mac = ?'),
    sealedBySerial: db.prepare(
      `SELECT e.row, e.at, e.body FROM claims c JOIN devices d ON d.mac = c.mac JOIN book e ON e.row = d.sealed_row
         WHERE c.field = 'serial' AND c.value = ? AND d.serial = c.value`,
    ),
    openKeys: db.prepare(
      `SELECT k.run, k.role, k.fingerprint, k.wrapping_key_id, k.mechanism, k.data
       FROM runs r JOIN wrapped_keys k ON k.run = r.id WHERE r.mac = ? ORDER BY k.row DESC`,
    ),
  };
}
