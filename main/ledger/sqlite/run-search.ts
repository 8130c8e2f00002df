import type { Database } from 'better-sqlite3';
import type { FaultRecord } from '../../model/fault.ts';
import type { Outcome } from '../../model/outcome.ts';
import { boardOfRun, type RunRecord } from '../../model/record.ts';
import type { RecipeRef } from '../../model/refs.ts';
import { withDates } from '../date-bound.ts';
import type { FoundRuns, RunQuery } from '../ledger.ts';
import type { RunRow } from './projections.ts';

/** Rows that one answer looks at: others wait for it. */
const mostLookedAt = 20_000;
const mostGiven = 5_000;
/** No run lasts longer: behind a run that started so long before a time, none ended after that time. */
const longestRunMs = 86_400_000;

export function runRecord(row: RunRow): RunRecord {
  return {
    id: row.id,
    batch: row.batch,
    fixture: row.fixture,
    operator: row.operator,
    recipe: JSON.parse(row.recipe) as RecipeRef,
    mac: row.mac,
    serial: row.serial,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    outcome: row.outcome as Outcome | null,
    fault: row.fault === null ? null : (JSON.parse(row.fault) as FaultRecord),
  };
}

/** Finds runs, newest first, in parts: an index leads to those of a batch or an order, all else is read and looked at. */
export class RunSearch {
  readonly #all;
  readonly #ofBatch;
  readonly #ofOrder;

  constructor(db: Database) {
    const newest = 'n < ? ORDER BY n DESC';
    this.#all = db.prepare(`SELECT * FROM runs WHERE ${newest}`);
    this.#ofBatch = db.prepare(`SELECT * FROM runs WHERE batch = ? AND ${newest}`);
    this.#ofOrder = db.prepare(
      `SELECT * FROM runs WHERE batch IN (SELECT id FROM batches WHERE order_text = ? COLLATE NOCASE) AND ${newest}`,
    );
  }

  find(asked: RunQuery): FoundRuns {
    const query = withDates(asked);
    const limit = Math.min(Math.max(query.limit ?? 100, 1), mostGiven);
    const fits = filterOf(query);
    const oldest = query.from === undefined ? null : new Date(Date.parse(query.from) - longestRunMs).toISOString();
    const runs: RunRecord[] = [];
    let looked = 0;
    for (const row of this.#rows(query)) {
      if (oldest !== null && row.started_at < oldest) return { runs, next: null };
      if (fits(row)) runs.push(runRecord(row));
      if (runs.length === limit || ++looked === mostLookedAt) return { runs, next: row.n };
    }
    return { runs, next: null };
  }

  #rows({ batch, order, before = Number.MAX_SAFE_INTEGER }: RunQuery): IterableIterator<RunRow> {
    const rows =
      batch !== undefined
        ? this.#ofBatch.iterate(batch, before)
        : order !== undefined
          ? this.#ofOrder.iterate(order, before)
          : this.#all.iterate(before);
    return rows as IterableIterator<RunRow>;
  }
}

function filterOf(query: RunQuery): (row: RunRow) => boolean {
  const { outcome, from, to } = query;
  const tests: ((row: RunRow) => boolean)[] = [];
  const equal = (asked: string | undefined, of: (row: RunRow) => string | null) => {
    const wanted = asked?.toLowerCase();
    if (wanted !== undefined) tests.push((row) => of(row)?.toLowerCase() === wanted);
  };
  equal(query.fixture, ({ fixture }) => fixture);
  equal(query.operator, ({ operator }) => operator);
  equal(query.recipe, recipeOf);
  const fault = query.fault?.toLowerCase();
  if (fault !== undefined) tests.push((row) => codeOf(row).startsWith(fault));
  if (outcome !== undefined) tests.push((row) => (row.outcome ?? 'open') === outcome);
  const at = (row: RunRow) => row.ended_at ?? row.started_at;
  if (from !== undefined) tests.push((row) => at(row) >= from);
  // 'Z' is behind every time of a day that begins with the date alone
  if (to !== undefined) tests.push((row) => at(row) <= (/T/.test(to) ? to : `${to}Z`));
  const text = query.text?.trim().toLowerCase() ?? '';
  if (text !== '') tests.push((row) => textsOf(row).some((one) => one.toLowerCase().includes(text)));
  return (row) => tests.every((test) => test(row));
}

function textsOf(row: RunRow): string[] {
  const mac = row.mac ?? (row.fault === null ? null : boardOfRun(runRecord(row))) ?? '';
  return [row.fixture, row.operator ?? '', row.serial ?? '', mac, mac.replaceAll(':', ''), codeOf(row), recipeOf(row)];
}

function codeOf({ fault }: RunRow): string {
  return fault === null ? '' : (JSON.parse(fault) as FaultRecord).code.toLowerCase();
}

function recipeOf({ recipe }: RunRow): string {
  return (JSON.parse(recipe) as RecipeRef).name;
}
