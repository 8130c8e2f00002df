import { isoTime } from '../../../base/clock.ts';
import type { ShiftView } from '../../../contract/views.ts';
import type { LedgerReader } from '../../../ledger/ledger.ts';
import type { RunRecord } from '../../../model/record.ts';
import { allRuns, batchReportOf, countsOf, taktOf } from './batch-report.ts';
import type { Page } from './device-page.ts';
import { paperTime } from './paper-time.ts';
import { type Shift, timeText } from './shifts.ts';
import { findBottleneck } from './throughput.ts';

/** Longer pauses of a person's boards are no work at the line, in ms. */
const longestPauseMs = 600_000;
/** Boards whose steps are looked at for the bottleneck, the newest. */
const paceRuns = 300;

/** How a shift went, all from the ledger. `now`: ms since 1970. */
export async function readShift(
  ledger: LedgerReader,
  shift: Shift,
  facts: { readonly now: number; readonly targetPerHour: number | null },
): Promise<Omit<ShiftView, 'contact'>> {
  const [from, to] = [isoTime(shift.from), isoTime(shift.to - 1)];
  const [{ runs, isCut }, batches, notes, paces] = await Promise.all([
    allRuns(ledger, { from, to }),
    ledger.batches(),
    ledger.acts({ what: 'shift-handed-over', about: shift.id }),
    ledger.recentPaces({ from, limit: paceRuns }),
  ]);
  const sealed = runs.filter(({ outcome }) => outcome === 'passed');
  const people = peopleOf(runs);
  const hours = people.reduce((sum, person) => sum + person.hours, 0);
  const met = batches.filter(({ id }) => runs.some(({ batch }) => batch === id));
  const whole = batchReportOf(
    { id: '', order: null, recipe: { name: '', revision: 0, hash: '' }, count: null, openedAt: from, closedAt: null },
    runs,
  );
  const open = whole.boards.filter(({ state }) => state === 'errored' || state === 'aborted' || state === 'open');
  return {
    shift: shift.id,
    from,
    to: isoTime(shift.to),
    isRunning: facts.now < shift.to,
    counts: countsOf([...runs].reverse()),
    batches: met.map((batch) => {
      const { passed } = countsOf(runs.filter((run) => run.batch === batch.id).reverse());
      return { batch, sealed: passed };
    }),
    causes: whole.causes,
    fixtures: whole.fixtures,
    open: await stillOpen(ledger, open),
    people,
    boardsPerOperatorHour: hours > 0 ? sealed.length / hours : null,
    secondsPerBoard: taktOf(sealed),
    targetPerHour: facts.targetPerHour,
    bottleneck: findBottleneck(paces.filter(({ startedAt }) => startedAt <= to)),
    notes: notes.map(({ at, by, detail }) => ({ at, by: by.join('+'), text: String(detail.note ?? '') })),
    isCut,
  };
}

/** Of boards that were not finished those that nobody has finished or condemned since. */
async function stillOpen(ledger: LedgerReader, boards: ShiftView['open']): Promise<ShiftView['open']> {
  const open: ShiftView['open'][number][] = [];
  for (const board of boards) {
    const [row] = board.mac === null ? [] : await ledger.devices({ text: board.mac, limit: 1 });
    if (row === undefined || (row.sealedAt === null && !row.condemned)) open.push(board);
  }
  return open;
}

/** Who worked, and for how long boards of theirs moved: from a run's start to the end of the last, pauses left out. */
function peopleOf(runs: readonly RunRecord[]): ShiftView['people'] {
  const spans = new Map<string, { from: number; to: number; passed: number }[]>();
  for (const run of [...runs].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))) {
    const who = run.operator ?? '-';
    const [from, to] = [Date.parse(run.startedAt), Date.parse(run.endedAt ?? run.startedAt)];
    const of = spans.get(who) ?? [];
    spans.set(who, of);
    const last = of.at(-1);
    const passed = run.outcome === 'passed' ? 1 : 0;
    if (last !== undefined && from - last.to < longestPauseMs) {
      last.to = Math.max(last.to, to);
      last.passed += passed;
    } else of.push({ from, to, passed });
  }
  return [...spans].map(([person, of]) => ({
    person,
    sealed: of.reduce((sum, { passed }) => sum + passed, 0),
    hours: of.reduce((sum, { from, to }) => sum + (to - from), 0) / 3_600_000,
  }));
}

/** What the shift that goes hands to the shift that comes, on paper. */
export function shiftPage(view: ShiftView, { station, at }: { readonly station: string; readonly at: string }): Page {
  const { counts } = view;
  const rate = view.secondsPerBoard;
  return {
    title: `Hand-over, shift ${view.shift}`,
    sections: [
      {
        heading: `Station ${station}, ${paperTime(at)}${view.isRunning ? ', before its end' : ''}`,
        rows: [
          ['Sealed', String(counts.passed)],
          ['Failed', String(counts.failed)],
          ['Refused', String(counts.refused)],
          ['Not finished', String(counts.unfinished)],
          ['Tried again', String(counts.retries)],
          ['First-pass yield', counts.firstPassYield === null ? '-' : `${(100 * counts.firstPassYield).toFixed(1)} %`],
          ['Pace of the line', rate ? `a sealed board every ${rate.toFixed(1)} s` : '-'],
          ['Boards an operator-hour', view.boardsPerOperatorHour?.toFixed(1) ?? '-'],
          ['Bottleneck', view.bottleneck?.words ?? '-'],
        ],
      },
      {
        heading: 'What the next shift should know',
        rows:
          view.notes.length === 0
            ? [['', 'nothing was written']]
            : view.notes.map(({ at: when, by, text }) => [`${timeText(Date.parse(when))} ${by}`, text] as const),
      },
      {
        heading: `Boards that are not finished: ${view.open.length}`,
        rows: view.open.map(
          ({ mac, serial, fixture, cause }) =>
            [mac ?? 'MAC not read', `${serial ?? '-'}   ${fixture}   ${cause ?? 'not ended'}`] as const,
        ),
      },
      {
        heading: 'Batches',
        rows: view.batches.map(
          ({ batch, sealed }) =>
            [
              batch.order ?? batch.id,
              `${batch.recipe.name} r${batch.recipe.revision}, ${sealed} sealed in this shift${batch.count === null ? '' : ` of ${batch.count} ordered`}, ${batch.closedAt === null ? 'goes on' : `ended ${timeText(Date.parse(batch.closedAt))}`}`,
            ] as const,
        ),
      },
      {
        heading: 'Why boards did not pass',
        rows: view.causes.map(({ code, words, boards }) => [`${boards} x ${code}`, words] as const),
      },
      {
        heading: 'Fixtures',
        rows: view.fixtures.map(({ fixture, passed, others }) => {
          const wear = view.contact.find((one) => one.fixture === fixture)?.wear ?? null;
          return [
            fixture,
            `${passed} passed, ${others} other tries${wear === null ? '' : `; wears out: ${wear}`}`,
          ] as const;
        }),
      },
      {
        heading: 'People',
        rows: view.people.map(
          ({ person, sealed, hours }) => [person, `${sealed} sealed in ${hours.toFixed(1)} h`] as const,
        ),
      },
      {
        heading: '',
        rows: [
          ['Handed over by', '____________________________'],
          ['Taken over by', '____________________________'],
        ],
      },
    ],
  };
}
