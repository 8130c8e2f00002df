import type { BatchReport, ExportedFile } from '../../../contract/views.ts';
import { csvLine } from '../../../formats/csv-line.ts';
import type { Page } from './device-page.ts';
import { paperTime } from './paper-time.ts';
import { drawPdfApart } from './pdf-drawing.ts';

type Facts = { readonly station: string; readonly at: string };

/** A batch report as a file: boards as CSV, everything as JSON, or sheets of paper. */
export async function batchFile(
  report: BatchReport,
  form: 'csv' | 'json' | 'pdf',
  facts: Facts,
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
      return file('application/pdf', await drawPdfApart(batchPage(report, facts)));
  }
}

const columns = ['mac', 'serial', 'state', 'tries', 'fixture', 'at', 'cause', 'run'];

function cells({ mac, serial, state, tries, fixture, at, cause, run }: BatchReport['boards'][number]): string[] {
  return [mac ?? '', serial ?? '', state === 'passed' ? 'sealed' : state, `${tries}`, fixture, at, cause ?? '', run];
}

/** The report for people who get it on paper: what was ordered and made, why boards are missing, and every board. */
export function batchPage(report: BatchReport, { station, at }: Facts): Page {
  const { batch, counts, left, people, fixtures, causes, boards, head } = report;
  const rate = report.secondsPerBoard;
  return {
    title: `Batch ${batch.order ?? batch.id}`,
    sections: [
      {
        heading: `Station ${station}, ${paperTime(at)}`,
        rows: [
          ['Batch', batch.id],
          ['Order', batch.order ?? '-'],
          ['Recipe', `${batch.recipe.name}, revision ${batch.recipe.revision}, ${batch.recipe.hash}`],
          ['Began', paperTime(batch.openedAt)],
          ['Ended', batch.closedAt === null ? 'not yet' : paperTime(batch.closedAt)],
          ['Worked by', people.join(', ') || '-'],
        ],
      },
      {
        heading: 'Boards',
        rows: [
          ['Ordered', batch.count === null ? 'any number' : String(batch.count)],
          ['Sealed', String(counts.passed)],
          ['Left to make', left === null ? '-' : String(left)],
          ['Failed', String(counts.failed)],
          ['Refused', String(counts.refused)],
          ['Not finished', String(counts.unfinished)],
          ['Tried again', String(counts.retries)],
          ['First-pass yield', counts.firstPassYield === null ? '-' : `${(100 * counts.firstPassYield).toFixed(1)} %`],
          ['Time a board', report.meanSeconds === null ? '-' : `${report.meanSeconds.toFixed(1)} s in its fixture`],
          [
            'Pace of the line',
            rate === null || rate === 0
              ? '-'
              : `a sealed board every ${rate.toFixed(1)} s, ${Math.round(3600 / rate)} an hour`,
          ],
        ],
      },
      {
        heading: causes.length === 0 ? 'Every board that came is sealed' : 'Why boards are not sealed',
        rows: causes.map(({ code, words, boards: count }) => [`${count} x ${code}`, words] as const),
      },
      {
        heading: 'Fixtures',
        rows: fixtures.map(
          ({ fixture, passed, others }) => [fixture, `${passed} passed, ${others} other tries`] as const,
        ),
      },
      {
        heading: `Every board${report.isCut ? ' (the newest: there are more)' : ''}`,
        rows: [],
        table: {
          columns: ['MAC', 'Serial number', 'State', 'Tries', 'Fixture', 'Time (UTC)', 'Cause'],
          widths: [84, 96, 44, 26, 56, 96, 97],
          rows: boards.map((board) => cells({ ...board, at: board.at.replace('T', ' ').slice(0, 19) }).slice(0, 7)),
        },
      },
      {
        heading: '',
        rows: [
          ['For the line', '____________________________'],
          ['For quality', '____________________________'],
        ],
      },
      ...(head === null
        ? []
        : [
            {
              heading: 'Head of the ledger',
              rows: [
                ['Head', head.line] as const,
                [
                  'For whom',
                  'Keep this sheet: audit verify --head "..." holds the ledger against it, also years later.',
                ] as const,
              ],
              code: head.line,
            },
          ]),
    ],
  };
}
