import type { BatchReport, ExportedFile } from '../../../contract/views.ts';
import { csvLine } from '../../../formats/csv-line.ts';
import { faultIn } from '../../../words/faults.ts';
import type { Language } from '../../../words/languages.ts';
import { saying } from '../../../words/saying.ts';
import type { Page } from './device-page.ts';
import { countRows } from './paper-counts.ts';
import { paperTime } from './paper-time.ts';
import { drawPdfApart } from './pdf-drawing.ts';

type Facts = { readonly station: string; readonly at: string };

/** A batch report as a file: boards as CSV, everything as JSON, or sheets of paper. */
export async function batchFile(
  report: BatchReport,
  form: 'csv' | 'json' | 'pdf',
  facts: Facts,
  language: Language = 'en',
): Promise<ExportedFile> {
  const name = `batch-${report.batch.id.replaceAll(/[^A-Za-z0-9._-]/g, '-')}.${form}`;
  const file = (mime: string, data: string | Uint8Array) => ({
    ...{ name, mime, data: Buffer.from(data as string).toString('base64') },
  });
  switch (form) {
    case 'csv':
      return file('text/csv', [csvLine(columns), ...report.boards.map((board) => csvLine(cells(board)))].join(''));
    case 'json':
      return file(
        'application/json',
        `${JSON.stringify({ ...facts, ...report, head: report.head?.line ?? null }, null, 2)}\n`,
      );
    case 'pdf':
      return file('application/pdf', await drawPdfApart(batchPage(report, facts, language)));
  }
}

const columns = ['mac', 'serial', 'state', 'tries', 'fixture', 'at', 'cause', 'run'];

function cells({ mac, serial, state, tries, fixture, at, cause, run }: BatchReport['boards'][number]): string[] {
  return [mac ?? '', serial ?? '', state === 'passed' ? 'sealed' : state, `${tries}`, fixture, at, cause ?? '', run];
}

/** The report for people who get it on paper: what was ordered and made, why boards are missing, and every board. */
export function batchPage(report: BatchReport, { station, at }: Facts, language: Language = 'en'): Page {
  const { batch, counts, left, people, fixtures, causes, boards, head } = report;
  const { paper } = saying(() => language);
  const { batch: words, counts: names, states } = paper;
  const rate = report.secondsPerBoard;
  const stateWords = (state: string) => (Object.hasOwn(states, state) ? states[state as keyof typeof states] : state);
  return {
    language,
    title: words.title({ name: batch.order ?? batch.id }),
    sections: [
      {
        heading: paper.station({ station, time: paperTime(at) }),
        rows: [
          [words.batch, batch.id],
          [words.order, batch.order ?? '-'],
          [words.recipe, `${paper.revision(batch.recipe)}, ${batch.recipe.hash}`],
          [words.began, paperTime(batch.openedAt)],
          [words.ended, batch.closedAt === null ? paper.notYet : paperTime(batch.closedAt)],
          [words.workedBy, people.join(', ') || '-'],
        ],
      },
      {
        heading: words.boards,
        rows: [
          [names.ordered, batch.count === null ? paper.anyNumber : paper.number({ value: batch.count })],
          [names.sealed, paper.number({ value: counts.passed })],
          [names.left, left === null ? '-' : paper.number({ value: left })],
          ...countRows(counts, paper),
          [names.time, report.meanSeconds === null ? '-' : paper.inFixture({ seconds: report.meanSeconds })],
          [
            names.pace,
            rate === null || rate === 0 ? '-' : paper.paceOf({ seconds: rate, perHour: Math.round(3600 / rate) }),
          ],
        ],
      },
      {
        heading: causes.length === 0 ? words.allSealed : words.notSealed,
        rows: causes.map(
          ({ code, words: what, boards: count }) =>
            [`${count} x ${code}`, faultIn(language, { code, what, next: '' }).what] as const,
        ),
      },
      {
        heading: paper.fixtures,
        rows: fixtures.map(({ fixture, passed, others }) => [fixture, paper.tried({ passed, others })] as const),
      },
      {
        heading: report.isCut ? words.newest : words.everyBoard,
        rows: [],
        table: {
          columns: [
            words.columns.mac,
            words.columns.serial,
            words.columns.state,
            words.columns.tries,
            words.columns.fixture,
            words.columns.time,
            words.columns.cause,
          ],
          widths: [84, 96, 44, 26, 56, 96, 97],
          rows: boards.map(({ mac, serial, state, tries, fixture, at: ended, cause }) => [
            ...[mac ?? '', serial ?? '', stateWords(state), `${tries}`, fixture],
            ...[ended.replace('T', ' ').slice(0, 19), cause ?? ''],
          ]),
        },
      },
      {
        heading: '',
        rows: [
          [paper.signs.line, '____________________________'],
          [paper.signs.quality, '____________________________'],
        ],
      },
      ...(head === null
        ? []
        : [
            {
              heading: words.ledgerHead,
              rows: [[words.head, head.line] as const, [words.forWhom, words.keep] as const],
              code: head.line,
            },
          ]),
    ],
  };
}
