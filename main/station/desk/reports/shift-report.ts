import { isoTime } from '../../../base/clock.ts';
import type { ShiftView } from '../../../contract/views.ts';
import type { LedgerReader } from '../../../ledger/ledger.ts';
import type { RunRecord } from '../../../model/record.ts';
import { faultIn } from '../../../words/faults.ts';
import type { Language } from '../../../words/languages.ts';
import { saying } from '../../../words/saying.ts';
import { allRuns, batchReportOf, countsOf, taktOf } from './batch-report.ts';
import type { Page } from './device-page.ts';
import { countRows } from './paper-counts.ts';
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
export function shiftPage(
  view: ShiftView,
  { station, at }: { readonly station: string; readonly at: string },
  language: Language = 'en',
): Page {
  const { counts } = view;
  const said = saying(() => language);
  const { paper } = said;
  const { shift: words, counts: names } = paper;
  const rate = view.secondsPerBoard;
  const time = paperTime(at);
  const { bottleneck } = view;
  return {
    language,
    title: words.title({ shift: view.shift }),
    sections: [
      {
        heading: view.isRunning ? words.beforeEnd({ station, time }) : paper.station({ station, time }),
        rows: [
          [names.sealed, paper.number({ value: counts.passed })],
          ...countRows(counts, paper),
          [names.pace, rate ? paper.everySeconds({ seconds: rate }) : '-'],
          [names.operatorHour, view.boardsPerOperatorHour?.toFixed(1) ?? '-'],
          [names.bottleneck, bottleneck === null ? '-' : bottleneckWords(bottleneck, language)],
        ],
      },
      {
        heading: words.notes,
        rows:
          view.notes.length === 0
            ? [['', words.noNotes]]
            : view.notes.map(({ at: when, by, text }) => [`${timeText(Date.parse(when))} ${by}`, text] as const),
      },
      {
        heading: words.open({ count: view.open.length }),
        rows: view.open.map(
          ({ mac, serial, fixture, cause }) =>
            [mac ?? words.noMac, `${serial ?? '-'}   ${fixture}   ${cause ?? paper.notEnded}`] as const,
        ),
      },
      {
        heading: words.batches,
        rows: view.batches.map(({ batch, sealed }) => {
          const { name: recipe, revision } = batch.recipe;
          const state =
            batch.closedAt === null ? words.goesOn : words.ended({ time: timeText(Date.parse(batch.closedAt)) });
          const told = { recipe, revision, sealed, state };
          return [
            batch.order ?? batch.id,
            batch.count === null ? words.batch(told) : words.batchOf({ ...told, ordered: batch.count }),
          ] as const;
        }),
      },
      {
        heading: words.causes,
        rows: view.causes.map(
          ({ code, words: what, boards }) =>
            [`${boards} x ${code}`, faultIn(language, { code, what, next: '' }).what] as const,
        ),
      },
      {
        heading: paper.fixtures,
        rows: view.fixtures.map(({ fixture, passed, others }) => {
          const contact = view.contact.find((one) => one.fixture === fixture);
          const tried = paper.tried({ passed, others });
          if (contact === undefined || contact.wear === null) return [fixture, tried] as const;
          const what = language === 'en' ? contact.wear : said.page.throughput.contactOf(contact);
          return [fixture, words.wears({ counts: tried, what })] as const;
        }),
      },
      {
        heading: words.people,
        rows: view.people.map(({ person, sealed, hours }) => [person, words.person({ sealed, hours })] as const),
      },
      {
        heading: '',
        rows: [
          [paper.signs.handedOver, '____________________________'],
          [paper.signs.takenOver, '____________________________'],
        ],
      },
    ],
  };
}

/** In English the whole sentence; else what holds the line up, and how much of its time. */
function bottleneckWords({ what, words, share }: NonNullable<ShiftView['bottleneck']>, language: Language): string {
  if (language === 'en') return words;
  const said = saying(() => language);
  const { bottlenecks } = said.page.throughput;
  const named = Object.hasOwn(bottlenecks, what) ? bottlenecks[what as keyof typeof bottlenecks] : null;
  const step = Object.hasOwn(said.steps, what) ? said.steps[what as keyof typeof said.steps] : what;
  return `${named ?? step}, ${said.paper.percent({ share: 100 * share })}`;
}
