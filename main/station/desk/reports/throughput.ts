import { type Clock, isoTime } from '../../../base/clock.ts';
import type { ThroughputView } from '../../../contract/views.ts';
import type { LedgerReader, RunPace } from '../../../ledger/ledger.ts';
import { stepTitle } from '../../../recipe/steps/index.ts';
import type { StepId } from '../../../recipe/types.ts';
import type { FixtureHealth } from '../../fixture-health.ts';
import { medianOf } from '../line/step-history.ts';

const minute = 60_000;
const hour = 60 * minute;
/** The Gantt shows this much of the recent past, of at most so many boards. */
const ganttMs = 20 * minute;
const ganttRuns = 300;
/** A fixture whose boards take this much longer than the usual fixture is slow. */
const slowBy = 1.3;
/** Boards that a fixture must have made before it is called slow. */
const slowAfter = 3;
/** Longer pauses between boards are no part of the line's rhythm (a shift's end, lunch), in ms. */
const longestPauseMs = 10 * minute;

/** How the last boards in each fixture were in contact. */
export function contactOf(health: Pick<FixtureHealth, 'fixtures' | 'of'>): ThroughputView['contact'] {
  return health.fixtures.map((fixture) => {
    const { boards, troubled, wear } = health.of(fixture);
    return { fixture, boards, troubled, wear };
  });
}

/** How the line went in the last `hours`, all from the ledger. */
export async function readThroughput(
  ledger: LedgerReader,
  clock: Clock,
  options: { readonly hours: number; readonly targetPerHour: number | null },
): Promise<Omit<ThroughputView, 'contact'>> {
  const now = clock.now();
  const bucketMs = options.hours <= 3 ? minute : options.hours <= 24 ? 15 * minute : hour;
  const to = now;
  const from = to - options.hours * hour;
  const start = Math.floor(from / bucketMs) * bucketMs;
  const [tally, paces] = await Promise.all([
    ledger.tally({ from: isoTime(start), to: isoTime(to), bucketMs }),
    ledger.recentPaces({ from: isoTime(Math.max(from, now - ganttMs)), limit: ganttRuns }),
  ]);
  return {
    from: isoTime(start),
    to: isoTime(to),
    targetPerHour: options.targetPerHour,
    buckets: tally.buckets,
    pareto: tally.causes.map(({ code, words, count, fixtures }) => ({ cause: code, words, count, fixtures })),
    byFixture: tally.fixtures.map(({ meanMs, ...rest }) => ({
      ...rest,
      meanSeconds: meanMs === null ? null : meanMs / 1000,
    })),
    gantt: ganttOf(paces),
    bottleneck: findBottleneck(paces),
  };
}

/** One bar a step, oldest first; times in ms since 1970. A step of a run that ended elsewhere ends with its run. */
function ganttOf(paces: readonly RunPace[]): ThroughputView['gantt'] {
  return [...paces].reverse().flatMap((pace) =>
    pace.steps.map(({ step, from, to }) => ({
      fixture: pace.fixture,
      run: pace.run,
      step,
      from: Date.parse(from),
      to: to !== null ? Date.parse(to) : pace.endedAt !== null ? Date.parse(pace.endedAt) : null,
    })),
  );
}

/**
 * What holds the line up, in words, with its share of the time a place for a board was there (0 to 1). Asked in this order: a nest much
 * slower than the others; else whatever took most of the fixtures' time: people between boards, the serial line, the token, another step.
 * Null before a few boards went through. Pure.
 */
export function findBottleneck(paces: readonly RunPace[]): ThroughputView['bottleneck'] {
  const passed = paces.filter((pace) => pace.outcome === 'passed' && pace.endedAt !== null);
  if (passed.length < slowAfter) return null;
  const slow = slowNest(passed);
  if (slow !== null) return slow;
  const spent = new Map<string, number>();
  for (const { steps } of passed)
    for (const { step, ms } of steps) if (ms !== null) spent.set(step, (spent.get(step) ?? 0) + ms);
  const idle = idleMs(paces);
  const total = idle + [...spent.values()].reduce((sum, ms) => sum + ms, 0);
  if (total <= 0) return null;
  const [step, ms] = [...spent].sort(([, a], [, b]) => b - a)[0] ?? ['', 0];
  const boards = passed.length;
  if (idle > ms)
    return {
      what: 'operator',
      share: idle / total,
      words: `Fixtures stand empty ${percent(idle / total)} of the time, ${seconds(idle / boards)} a board: the line waits for boards to be changed.`,
    };
  const each = seconds(ms / boards);
  const share = ms / total;
  if (step === 'write-flash')
    return {
      what: 'line speed',
      share,
      words: `Writing flash takes ${percent(share)} of the time, ${each} a board: the serial line's speed sets the pace.`,
    };
  if (step === 'prepare')
    return {
      what: 'token',
      share,
      words: `Keys and certificates take ${percent(share)} of the time, ${each} a board: the token sets the pace.`,
    };
  return {
    what: step,
    share,
    words: `"${stepTitle(step as StepId)}" takes ${percent(share)} of the time, ${each} a board.`,
  };
}

function slowNest(passed: readonly RunPace[]): ThroughputView['bottleneck'] {
  const means = new Map<string, number>();
  for (const fixture of new Set(passed.map((pace) => pace.fixture))) {
    const times = passed.filter((pace) => pace.fixture === fixture).map(durationOf);
    if (times.length >= slowAfter) means.set(fixture, times.reduce((sum, ms) => sum + ms, 0) / times.length);
  }
  if (means.size < 2) return null;
  const usual = medianOf([...means.values()]);
  const [fixture, mean] = [...means].sort(([, a], [, b]) => b - a)[0]!;
  if (mean <= slowBy * usual) return null;
  return {
    what: 'slow nest',
    share: 1 - usual / mean,
    words: `Fixture ${fixture} takes ${seconds(mean)} a board where the others take ${seconds(usual)}: look at its cable, its adapter and its contacts.`,
  };
}

function durationOf(pace: RunPace): number {
  return Date.parse(pace.endedAt!) - Date.parse(pace.startedAt);
}

/** Time between the end of one board and the start of the next in the same fixture, long pauses left out. */
function idleMs(paces: readonly RunPace[]): number {
  let idle = 0;
  const lastEnd = new Map<string, number>();
  for (const pace of [...paces].reverse()) {
    const end = lastEnd.get(pace.fixture);
    const pause = end === undefined ? 0 : Date.parse(pace.startedAt) - end;
    if (pause > 0 && pause < longestPauseMs) idle += pause;
    if (pace.endedAt !== null) lastEnd.set(pace.fixture, Date.parse(pace.endedAt));
  }
  return idle;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
