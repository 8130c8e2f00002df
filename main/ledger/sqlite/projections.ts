import type { Database } from 'better-sqlite3';
import { canonicalJson } from '../../base/json.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { DroppedKey, Entry } from '../entry.ts';
import { claimsOf, claimsOfBooked } from './claims.ts';
import { sealedRecordOfRow } from './events.ts';
import { KeptStatements } from './kept-statements.ts';
import type { Rows } from './rows.ts';
import { emptyProjections } from './schema.ts';

type Value = string | number | null;

/** An entry with its place in the chain. */
export type PlacedEntry = Entry & { readonly row: number; readonly at: string };

/**
 * Writes into the tables what one entry means. Used when an entry is appended and when the tables are made anew from the chain, so
 * both give the same tables. It decides nothing: what may not be is refused before there is an entry.
 */
export class Projections {
  readonly #sql: KeptStatements;

  constructor(db: Database) {
    this.#sql = new KeptStatements(db);
  }

  project(entry: PlacedEntry): void {
    switch (entry.kind) {
      case 'genesis':
        for (const [name, value] of Object.entries(entry.body))
          this.#run('INSERT INTO meta (name, value) VALUES (?, ?)', name, String(value));
        return;
      case 'batch-opened': {
        const { id, order, recipe, count, openedAt, closedAt } = entry.body.batch;
        const sql =
          'INSERT INTO batches (id, order_text, recipe, count, opened_at, closed_at) VALUES (?, ?, ?, ?, ?, ?)';
        this.#run(sql, id, order, canonicalJson(recipe), count, openedAt, closedAt);
        return;
      }
      case 'batch-closed':
        this.#run('UPDATE batches SET closed_at = ? WHERE id = ?', entry.body.at, entry.body.id);
        return;
      case 'recipe': {
        const { recipe, text } = entry.body;
        const sql = 'INSERT INTO recipes (hash, name, revision, text) VALUES (?, ?, ?, ?)';
        this.#run(sql, recipe.hash, recipe.name, recipe.revision, text);
        return;
      }
      case 'run-opened': {
        const { run } = entry.body;
        this.#run(
          `INSERT INTO runs (id, batch, fixture, operator, recipe, mac, serial, started_at, ended_at, outcome, fault, events, opened_row)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`,
          ...[run.id, run.batch, run.fixture, run.operator, canonicalJson(run.recipe), run.mac, run.serial],
          ...[run.startedAt, run.endedAt, run.outcome, run.fault === null ? null : canonicalJson(run.fault), entry.row],
        );
        if (run.mac !== null) this.#deviceInRun(run.id, true);
        return;
      }
      case 'run-bound': {
        const before = this.#get('SELECT mac FROM runs WHERE id = ?', entry.run) as { mac: string | null };
        const { mac = null, serial = null, chip = null } = entry.body;
        const sql =
          'UPDATE runs SET mac = coalesce(?, mac), serial = coalesce(?, serial), chip = coalesce(?, chip) WHERE id = ?';
        this.#run(sql, mac, serial, chip, entry.run);
        if (mac !== null || before.mac !== null) this.#deviceInRun(entry.run, before.mac === null);
        return;
      }
      case 'event': {
        const { seq, event } = entry.body;
        this.#run(
          'INSERT INTO events (run, seq, row) SELECT n, ?, ? FROM runs WHERE id = ?',
          seq,
          entry.row,
          entry.run,
        );
        this.#run('UPDATE runs SET events = ? WHERE id = ?', seq + 1, entry.run);
        for (const [field, value] of claimsOfBooked(event, entry.row)) this.#claimInRun(field, value, entry.run);
        return;
      }
      case 'run-ended': {
        const { at, outcome, fault } = entry.body;
        const sql = 'UPDATE runs SET ended_at = ?, outcome = ?, fault = ? WHERE id = ?';
        this.#run(sql, at, outcome, fault === null ? null : canonicalJson(fault), entry.run);
        this.#run('UPDATE devices SET outcome = ?, last_at = ? WHERE last_run = ?', outcome, at, entry.run);
        return;
      }
      case 'sealed':
        this.#seal(entry);
        return;
      case 'condemned': {
        const { mac, reason, dropped, by } = entry.body;
        const condemned = canonicalJson({ at: entry.at, run: entry.run, reason, ...(by === undefined ? {} : { by }) });
        const sql = `UPDATE devices SET condemned = coalesce(condemned, ?), state = iif(state = 'sealed', 'sealed', 'condemned') WHERE mac = ?`;
        this.#run(sql, condemned, mac);
        this.#drop(dropped);
        return;
      }
      case 'released': {
        const { mac, reason, by, dropped } = entry.body;
        const device = this.#get('SELECT last_run FROM devices WHERE mac = ?', mac) as { last_run: string } | undefined;
        const released = canonicalJson({ at: entry.at, by, reason, after: device?.last_run ?? null });
        const sql = `UPDATE devices SET released = ?, condemned = NULL, state = iif(state = 'sealed', 'sealed', 'open') WHERE mac = ?`;
        this.#run(sql, released, mac);
        this.#drop(dropped);
        return;
      }
      case 'keys-dropped':
        this.#drop(entry.body.dropped);
        return;
      // Read from the chain itself where they are asked for.
      case 'recipe-state':
      case 'session':
      case 'escrow-released':
      case 'checkpoint':
      case 'act':
        return;
    }
  }

  #seal(entry: Extract<PlacedEntry, { kind: 'sealed' }>): void {
    const { dropped } = entry.body;
    const record = sealedRecordOfRow(entry.body.record, entry.row);
    const { mac } = record.chip;
    this.#run(
      `UPDATE runs SET ended_at = coalesce(ended_at, ?), outcome = 'passed', serial = coalesce(?, serial), sealed_row = ? WHERE id = ?`,
      ...[record.sealedAt, record.serial, entry.row, entry.run],
    );
    this.#run(
      `UPDATE devices SET serial = coalesce(?, serial), certificate = ?, chip = ?, revision = ?, outcome = 'passed', state = 'sealed',
         sealed_at = ?, sealed_row = ?, last_run = ?, last_at = ? WHERE mac = ?`,
      ...[record.serial, record.identity?.certificateSerial ?? null, record.chip.kind, record.chip.revision],
      ...[record.sealedAt, entry.row, entry.run, record.sealedAt, mac],
    );
    for (const [field, value] of claimsOf(record))
      this.#run(
        'INSERT INTO claims (field, value, mac, run) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        ...[field, value, mac, record.run],
      );
    this.#drop(dropped);
  }

  /** A run became one of a device: latest run, and its facts unless a seal has fixed them; the serial is claimed. */
  #deviceInRun(run: string, isNewAttempt: boolean): void {
    const row = this.#get('SELECT * FROM runs WHERE id = ?', run) as RunRow;
    const recipe = JSON.parse(row.recipe) as RecipeRef;
    const facts = [row.serial, row.chip, row.recipe, recipe.name, row.batch, row.operator] as const;
    this.#run(
      `INSERT INTO devices (mac, serial, chip, recipe, recipe_name, batch, operator, outcome, state, last_run, last_at, attempts)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, 1)
       ON CONFLICT (mac) DO UPDATE SET
         serial = iif(state = 'sealed', serial, coalesce(excluded.serial, serial)),
         chip = coalesce(excluded.chip, chip),
         recipe = iif(state = 'sealed', recipe, excluded.recipe),
         recipe_name = iif(state = 'sealed', recipe_name, excluded.recipe_name),
         batch = iif(state = 'sealed', batch, excluded.batch),
         operator = iif(state = 'sealed', operator, excluded.operator),
         outcome = excluded.outcome, last_run = excluded.last_run, last_at = excluded.last_at, attempts = attempts + ?`,
      ...[row.mac, ...facts, row.outcome, run, row.ended_at ?? row.started_at, isNewAttempt ? 1 : 0],
    );
    if (row.serial !== null)
      this.#run(
        `INSERT INTO claims (field, value, mac, run) VALUES ('serial', ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[row.serial, row.mac, run],
      );
  }

  /** What an event claims for the board of its run. */
  #claimInRun(field: string, value: string, run: string): void {
    this.#run(
      `INSERT INTO claims (field, value, mac, run)
       SELECT ?, ?, mac, id FROM runs WHERE id = ? AND mac IS NOT NULL ON CONFLICT DO NOTHING`,
      ...[field, value, run],
    );
  }

  #drop(dropped: readonly DroppedKey[]): void {
    for (const key of dropped)
      this.#run(
        'DELETE FROM wrapped_keys WHERE run = ? AND role = ? AND fingerprint = ? AND sha256 = ?',
        ...[key.run, key.role, key.fingerprint, key.sha256],
      );
  }

  #run(sql: string, ...values: Value[]): void {
    this.#sql.of(sql).run(...values);
  }

  #get(sql: string, ...values: Value[]): unknown {
    return this.#sql.of(sql).get(...values);
  }
}

/** Empties the projections and makes them anew from the chain, in one transaction. */
export function rebuildProjections(db: Database, rows: Rows): void {
  db.transaction(() => {
    emptyProjections(db);
    const projections = new Projections(db);
    for (let after = 0; ; ) {
      const page = rows.plain(after, 1000);
      for (const row of page) projections.project({ ...row, body: JSON.parse(row.body) } as PlacedEntry);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.row;
    }
    db.prepare(`INSERT INTO meta (name, value) SELECT 'projected', max(row) FROM book`).run();
  }).immediate();
}

/** A row of the table runs. */
export interface RunRow {
  n: number;
  id: string;
  batch: string | null;
  fixture: string;
  operator: string | null;
  recipe: string;
  mac: string | null;
  serial: string | null;
  chip: string | null;
  started_at: string;
  ended_at: string | null;
  outcome: string | null;
  fault: string | null;
  events: number;
  sealed_row: number | null;
  /** Row of the entry that opened it; null for a run of a book that was written by an older program. */
  opened_row: number | null;
}
