import * as bwip from 'bwip-js/node';
import type { BatchReport } from '../../../contract/views.ts';
import { headLine, parseCheckpoint } from '../../../ledger/checkpoint.ts';
import type { LedgerReader } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { type BatchRecord, boardOfRun, type RunRecord } from '../../../model/record.ts';
import { BatchTally } from '../line/batch-tally.ts';

/** Runs of a batch that a report is made of, the newest: more are said to be left out. */
export const mostRuns = 100_000;
const atOnce = 5_000;

type Board = BatchReport['boards'][number];

/** Everything that the ledger holds of a batch, told by boards. RecipeFault `batches.unknown`. */
export async function readBatch(ledger: LedgerReader, id: string): Promise<BatchReport> {
  const batch = (await ledger.batches()).find((one) => one.id === id);
  if (batch === undefined)
    throw new RecipeFault({
      code: 'batches.unknown',
      what: `The ledger knows no batch ${JSON.stringify(id)}.`,
      next: 'Choose one of the list of batches.',
    });
  const { runs, isCut } = await allRuns(ledger, { batch: id });
  return { ...batchReportOf(batch, runs), isCut, head: await headOf(ledger) };
}

/** Whoever keeps the paper is a witness: docs/witnesses.md. */
async function headOf(ledger: LedgerReader): Promise<BatchReport['head']> {
  const newest = parseCheckpoint((await ledger.newestCheckpoint()) ?? '');
  if (newest === null) return null;
  const line = headLine(newest);
  return { line, code: bwip.toSVG({ bcid: 'qrcode', text: line, scale: 2 }) };
}

/** Runs that fit, newest first, at most `mostRuns`; `isCut`: there are more. */
export async function allRuns(
  ledger: LedgerReader,
  query: Parameters<LedgerReader['findRuns']>[0],
): Promise<{ readonly runs: RunRecord[]; readonly isCut: boolean }> {
  const runs: RunRecord[] = [];
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
    const part: Awaited<ReturnType<LedgerReader['findRuns']>> = await ledger.findRuns({
      ...{ ...query, limit: atOnce, before },
    });
    for (const run of part.runs) runs.push(run);
    if (runs.length >= mostRuns && part.next !== null) return { runs: runs.slice(0, mostRuns), isCut: true };
    before = part.next;
  }
  return { runs, isCut: false };
}

/** `runs`: newest first. Pure. */
export function batchReportOf(batch: BatchRecord, runs: readonly RunRecord[]): BatchReport {
  const oldestFirst = [...runs].reverse();
  const counts = countsOf(oldestFirst);
  const boards = boardsOf(oldestFirst);
  const sealed = oldestFirst.filter(({ outcome }) => outcome === 'passed');
  return {
    batch,
    counts,
    left: batch.count === null ? null : Math.max(0, batch.count - counts.passed),
    people: [...new Set(oldestFirst.flatMap(({ operator }) => operator ?? []))].sort(),
    fixtures: fixturesOf(oldestFirst),
    causes: causesOf(boards, oldestFirst),
    boards,
    meanSeconds: meanSeconds(sealed),
    secondsPerBoard: taktOf(sealed),
    isCut: false,
    head: null,
  };
}

/** Boards of these runs (oldest first), as the line counts them. */
export function countsOf(oldestFirst: readonly RunRecord[]): BatchReport['counts'] {
  const tally = new BatchTally('');
  for (const run of oldestFirst) if (run.outcome !== null) tally.add(run.outcome, boardOfRun(run));
  return tally.counts;
}

/** One line a board, in the order in which they came; a board that told no MAC is one of its own. */
function boardsOf(oldestFirst: readonly RunRecord[]): Board[] {
  const boards = new Map<string, Board>();
  for (const run of oldestFirst) {
    const mac = boardOfRun(run);
    const key = mac ?? run.id;
    const met = boards.get(key);
    const isSealed = met?.state === 'passed';
    boards.set(key, {
      mac,
      serial: run.serial ?? met?.serial ?? null,
      // what comes after the seal says nothing of how the board was made
      state: isSealed ? 'passed' : (run.outcome ?? 'open'),
      tries: (met?.tries ?? 0) + 1,
      fixture: isSealed ? met.fixture : run.fixture,
      run: isSealed ? met.run : run.id,
      at: isSealed ? met.at : (run.endedAt ?? run.startedAt),
      cause: isSealed ? null : causeOf(run),
    });
  }
  return [...boards.values()];
}

function causeOf({ outcome, fault }: Pick<RunRecord, 'outcome' | 'fault'>): string | null {
  return outcome === null || outcome === 'passed' ? null : (fault?.code ?? outcome);
}

/** Why boards are not sealed, the most frequent first; each board by its last try. */
function causesOf(boards: readonly Board[], runs: readonly RunRecord[]): BatchReport['causes'] {
  const words = new Map(runs.flatMap((run) => [[causeOf(run), run.fault?.what ?? '']] as const));
  const counts = new Map<string, number>();
  for (const { cause } of boards) if (cause !== null) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  return [...counts]
    .map(([code, count]) => ({ code, words: words.get(code) ?? '', boards: count }))
    .sort((a, b) => b.boards - a.boards);
}

function fixturesOf(runs: readonly RunRecord[]): BatchReport['fixtures'] {
  const fixtures = new Map<string, { passed: number; others: number }>();
  for (const { fixture, outcome } of runs) {
    const place = fixtures.get(fixture) ?? { passed: 0, others: 0 };
    fixtures.set(fixture, place);
    if (outcome === 'passed') place.passed++;
    else if (outcome !== null) place.others++;
  }
  return [...fixtures]
    .map(([fixture, counts]) => ({ fixture, ...counts }))
    .sort((a, b) => a.fixture.localeCompare(b.fixture, 'en', { numeric: true }));
}

/** Of runs that ended, in seconds; null: there is none. */
export function meanSeconds(runs: readonly RunRecord[]): number | null {
  const times = runs.flatMap(({ startedAt, endedAt }) =>
    endedAt === null ? [] : [(Date.parse(endedAt) - Date.parse(startedAt)) / 1000],
  );
  return times.length === 0 ? null : times.reduce((sum, one) => sum + one, 0) / times.length;
}

/** Longer pauses between sealed boards are no part of the rhythm (lunch, a shift's end), in ms. */
const longestPauseMs = 600_000;

/** Seconds from one sealed board of the line to the next, pauses left out; null before the second. */
export function taktOf(sealed: readonly RunRecord[]): number | null {
  const ends = sealed.flatMap(({ endedAt }) => (endedAt === null ? [] : [Date.parse(endedAt)])).sort((a, b) => a - b);
  const gaps = ends.slice(1).map((at, n) => at - ends[n]!);
  const rhythm = gaps.filter((gap) => gap < longestPauseMs);
  return rhythm.length === 0 ? null : rhythm.reduce((sum, gap) => sum + gap, 0) / rhythm.length / 1000;
}
