// The chain of a large book, looked at by several threads at once. They say only that a stretch of it holds: where anything does not, the
// whole is looked at row by row (auditor.ts), which says what.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ChainHead, chainStart } from '../chain.ts';
import { type HeadCheck, saysOfHeads } from '../heads.ts';
import type { Segment, Stretch } from './segment.ts';
import type { TableCheck } from './table-check.ts';

/** Rows that one thread looks at in one go; a power of two, so that the tree over them is a part of the tree over all. */
const stretchRows = 4096;
const mostThreads = 4;
/** Stretches under way, for each thread: the next one lies ready, and no more are in memory. */
const ahead = 2;
/** Where an answer takes longer than this, ms, the whole is looked at in the old way. */
const answerMs = 120_000;

/** Whether a book of so many rows is worth several threads here. */
export const worthSegments = (rows: number): boolean => rows >= 8 * stretchRows && availableParallelism() > 1;

/** Who looks at stretches, in the order in which they are asked for. */
export interface StretchLooker {
  /** Null: something does not hold, or nobody is there to look. */
  ask(stretch: Stretch): Promise<Segment | null>;
  close(): Promise<void>;
}

/** In how many rows at a time, and by whom; left out: as many threads as are worth it here. */
export interface Division {
  readonly rows: number;
  readonly lookers: readonly StretchLooker[];
}

const threadsFor = (file: string): Division => ({
  rows: stretchRows,
  lookers: Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => new SegmentThread(file)),
});

interface Checks {
  readonly heads: HeadCheck;
  readonly tables: TableCheck | null;
  readonly remembered: readonly ChainHead[];
}

/** Takes rows 1 to `last` into heads and tables; gives the last row's hash, or null where not all of it holds. */
export async function takeSegments(
  file: string,
  last: number,
  { heads, tables, remembered }: Checks,
  division?: Division,
): Promise<string | null> {
  if (remembered.some(({ row }) => row > last)) return null;
  const { rows, lookers } = division ?? threadsFor(file);
  try {
    const { wanted } = heads;
    const ask = (at: number) => {
      const after = at * rows;
      const count = Math.min(rows, last - after);
      const isIn = (row: number) => row > after && row <= after + count;
      return lookers[at % lookers.length]!.ask({
        after,
        count,
        wanted: wanted.filter(isIn),
        remembered: remembered.filter(({ row }) => isIn(row)),
        tables: tables !== null,
      });
    };
    const stretches = Math.ceil(last / rows);
    const underWay: Promise<Segment | null>[] = [];
    let hash = chainStart;
    for (let at = 0; at < stretches; at++) {
      while (underWay.length < ahead * lookers.length && at + underWay.length < stretches)
        underWay.push(ask(at + underWay.length));
      const segment = await underWay.shift()!;
      if (segment === null || (segment.follows ?? chainStart) !== hash) return null;
      hash = segment.last;
      heads.grow(Math.min(rows, last - at * rows), segment.parts, segment.within);
      for (const row of segment.telling) {
        if (row.row !== 1 && !saysOfHeads(row.kind)) continue;
        if (heads.hear(row.row, row.kind, JSON.parse(row.body)) !== null) return null;
      }
      if (tables !== null && !tables.takeMany(segment.telling, segment.places)) return null;
    }
    return hash;
  } finally {
    await Promise.all(lookers.map((looker) => looker.close()));
  }
}

/** Answers come in the order of the questions. */
class SegmentThread implements StretchLooker {
  readonly #worker: Worker;
  readonly #waiting: { readonly done: (segment: Segment | null) => void; readonly timer: NodeJS.Timeout }[] = [];

  constructor(file: string) {
    this.#worker = new Worker(new URL('./segment-thread.ts', import.meta.url), {
      workerData: file,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on('message', (segment: Segment | null) => this.#answer(segment));
    this.#worker.on('error', () => this.#give());
    this.#worker.on('exit', () => this.#give());
  }

  ask(stretch: Stretch): Promise<Segment | null> {
    return new Promise((done) => {
      this.#waiting.push({ done, timer: setTimeout(() => this.#give(), answerMs) });
      this.#worker.postMessage(stretch);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(segment: Segment | null): void {
    const first = this.#waiting.shift();
    clearTimeout(first?.timer);
    first?.done(segment);
  }

  /** It answers no more. */
  #give(): void {
    while (this.#waiting.length > 0) this.#answer(null);
  }
}
