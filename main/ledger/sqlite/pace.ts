import type { Database } from 'better-sqlite3';
import type { FaultRecord } from '../../model/fault.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { RunPace, RunTally } from '../ledger.ts';
import type { Bodies } from './bodies.ts';
import { entryOf, eventRows, type StoredRow, storedRows } from './events.ts';
import type { RunRow } from './projections.ts';

/** Most buckets of one tally: a week by the minute. */
const mostBuckets = 10_080;

/** How fast and how well boards go through, for the screens of the line: read newest first until the time asked for is passed. */
export class PaceQuestions {
  readonly #newest;
  readonly #steps;
  readonly #bodies: Bodies;

  constructor(db: Database, bodies: Bodies) {
    this.#bodies = bodies;
    this.#newest = db.prepare('SELECT * FROM runs ORDER BY n DESC');
    this.#steps = db.prepare(eventRows);
  }

  tally({ from, to, bucketMs }: { from: string; to: string; bucketMs: number }): RunTally {
    const start = Date.parse(from);
    const count = Math.min(mostBuckets, Math.max(1, Math.ceil((Date.parse(to) - start) / bucketMs)));
    const buckets = Array.from({ length: count }, (_, at) => ({
      at: new Date(start + at * bucketMs).toISOString(),
      passed: 0,
      failed: 0,
    }));
    const causes = new Map<string, { code: string; words: string; count: number; fixtures: Record<string, number> }>();
    const fixtures = new Map<string, { fixture: string; passed: number; failed: number; passedMs: number[] }>();
    for (const row of this.#since(from)) {
      if (row.outcome === null || row.ended_at === null || row.ended_at < from || row.ended_at > to) continue;
      const bucket = buckets[Math.floor((Date.parse(row.ended_at) - start) / bucketMs)] ?? buckets.at(-1)!;
      const place = fixtures.get(row.fixture) ?? { fixture: row.fixture, passed: 0, failed: 0, passedMs: [] };
      fixtures.set(row.fixture, place);
      if (row.outcome === 'passed') {
        bucket.passed++;
        place.passed++;
        place.passedMs.push(Date.parse(row.ended_at) - Date.parse(row.started_at));
        continue;
      }
      bucket.failed++;
      place.failed++;
      const fault = row.fault === null ? null : (JSON.parse(row.fault) as FaultRecord);
      const code = fault?.code ?? row.outcome;
      const words = fault?.what ?? 'Stopped by a person.';
      const cause = causes.get(code) ?? { code, words, count: 0, fixtures: {} };
      causes.set(code, cause);
      cause.count++;
      cause.fixtures[row.fixture] = (cause.fixtures[row.fixture] ?? 0) + 1;
    }
    return {
      buckets,
      causes: [...causes.values()].sort((a, b) => b.count - a.count),
      fixtures: [...fixtures.values()]
        .map(({ passedMs, ...place }) => ({ ...place, meanMs: meanOf(passedMs) }))
        .sort((a, b) => (a.fixture < b.fixture ? -1 : 1)),
    };
  }

  recentPaces({ from, recipe, limit }: { from: string; recipe?: string; limit: number }): RunPace[] {
    const paces: RunPace[] = [];
    for (const row of this.#since(from)) {
      if (paces.length >= limit) break;
      const ref = JSON.parse(row.recipe) as RecipeRef;
      if (recipe !== undefined && ref.name !== recipe) continue;
      paces.push({
        run: row.id,
        fixture: row.fixture,
        recipe: ref.name,
        startedAt: row.started_at,
        endedAt: row.ended_at,
        outcome: row.outcome as RunPace['outcome'],
        steps: this.#stepsOf(row.n),
      });
    }
    return paces;
  }

  *#since(from: string): Generator<RunRow, void, void> {
    for (const row of this.#newest.iterate() as IterableIterator<RunRow>) {
      // A run is numbered when it starts, so those behind this one started no later. A day is more than any run lasts.
      if (row.started_at < from && Date.parse(from) - Date.parse(row.started_at) > 86_400_000) return;
      if ((row.ended_at ?? row.started_at) >= from) yield row;
      else if (row.started_at < from) return;
    }
  }

  #stepsOf(run: number): RunPace['steps'] {
    const steps: { step: string; from: string; to: string | null; ms: number | null }[] = [];
    for (const stored of storedRows(this.#steps.all(run) as StoredRow[], this.#bodies)) {
      const { at } = stored;
      // The long bodies (eFuse read-outs) are passed over before they are parsed.
      if (!stored.body.includes('"type":"step-')) continue;
      const { event } = entryOf(stored);
      if (event.type === 'step-started') steps.push({ step: event.step, from: at, to: null, ms: null });
      const open = steps.at(-1);
      if (event.type === 'step-passed' && open?.step === event.step) Object.assign(open, { to: at, ms: event.ms });
    }
    return steps;
  }
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
