import type { RunGroup, RunGroupBy } from '../../../contract/views.ts';
import type { BatchRecord, RunRecord } from '../../../model/record.ts';
import { countsOf, meanSeconds, taktOf } from './batch-report.ts';
import { dayText, shiftOf, timeText, weekText } from './shifts.ts';

/** How the runs (newest first) of a span went, put together by what they share; the most boards first, times in their order. Pure. */
export function groupRuns(
  runs: readonly RunRecord[],
  by: RunGroupBy,
  given: {
    readonly batches: readonly BatchRecord[];
    readonly shifts: readonly string[];
    /** Of a week, 1 Monday to 7 Sunday. */
    readonly firstDay: number;
  },
): RunGroup[] {
  const { batches, shifts, firstDay } = given;
  const orders = new Map(batches.map(({ id, order }) => [id, order] as const));
  const at = (run: RunRecord) => Date.parse(run.endedAt ?? run.startedAt);
  const keys: Readonly<Record<RunGroupBy, (run: RunRecord) => string>> = {
    recipe: ({ recipe }) => recipe.name,
    revision: ({ recipe }) => `${recipe.name} r${recipe.revision} ${recipe.hash.slice(0, 8)}`,
    order: ({ batch }) => (batch === null ? null : orders.get(batch)) ?? '-',
    batch: ({ batch }) => batch ?? '-',
    fixture: ({ fixture }) => fixture,
    person: ({ operator }) => operator ?? '-',
    shift: (run) => shiftOf(at(run), shifts).id,
    week: (run) => weekText(at(run), firstDay),
    day: (run) => dayText(at(run)),
    hour: (run) => `${dayText(at(run))} ${timeText(at(run)).slice(0, 2)}:00`,
  };
  const groups = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const key = keys[by](run);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  const told = [...groups].map(([key, of]): RunGroup => {
    const sealed = of.filter(({ outcome }) => outcome === 'passed');
    return {
      key,
      counts: countsOf([...of].reverse()),
      meanSeconds: meanSeconds(sealed),
      secondsPerBoard: taktOf(sealed),
    };
  });
  const isTime = by === 'shift' || by === 'week' || by === 'day' || by === 'hour';
  return told.sort((a, b) => (isTime ? (a.key < b.key ? 1 : -1) : b.counts.done - a.counts.done));
}
