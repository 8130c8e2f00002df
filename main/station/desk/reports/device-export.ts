import { setImmediate } from 'node:timers/promises';
import type { ExportedFile } from '../../../contract/views.ts';
import { csvLine } from '../../../formats/csv-line.ts';
import type { DeviceHistory, DeviceRow } from '../../../ledger/ledger.ts';
import type { Language } from '../../../words/languages.ts';
import { saying } from '../../../words/saying.ts';
import { type AssuranceSum, assuranceOfRecord } from './assurance.ts';
import { devicePageOf, type Page } from './device-page.ts';
import { paperTime } from './paper-time.ts';
import { drawPdfApart } from './pdf-drawing.ts';

const mimes = { csv: 'text/csv', json: 'application/json', pdf: 'application/pdf' } as const;

/** A device of a list; `assurance` is null where it is not sealed. */
export type AssuredRow = DeviceRow & { readonly assurance: AssuranceSum | null };

const columns: readonly (readonly [title: string, value: (row: AssuredRow) => string])[] = [
  ['mac', (row) => row.mac],
  ['serial', (row) => row.serial ?? ''],
  ['chip', (row) => row.chip ?? ''],
  ['recipe', (row) => row.recipe.name],
  ['revision', (row) => String(row.recipe.revision)],
  ['recipe hash', (row) => row.recipe.hash],
  ['batch', (row) => row.batch ?? ''],
  ['state', stateOf],
  ['sealed at', (row) => row.sealedAt ?? ''],
  ['last run', (row) => row.lastRun],
  ['last at', (row) => row.lastAt],
  ['attempts', (row) => String(row.attempts)],
  ['guide: met', ({ assurance }) => String(assurance?.met ?? '')],
  ['guide: not applicable', ({ assurance }) => String(assurance?.notApplicable ?? '')],
  ['guide: waived', ({ assurance }) => assurance?.waived.join('; ') ?? ''],
  ['guide: not shown', ({ assurance }) => assurance?.notShown.join('; ') ?? ''],
  ['guide: not met', ({ assurance }) => assurance?.notMet.join('; ') ?? ''],
];

/** What is to be said of a device in one word. */
export function stateOf(row: DeviceRow): 'sealed' | 'condemned' | NonNullable<DeviceRow['outcome']> | 'open' {
  if (row.sealedAt !== null) return 'sealed';
  return row.condemned ? 'condemned' : (row.outcome ?? 'open');
}

/** A list of devices as a file. `at`: ISO 8601, when it was made. */
export async function exportDevices(
  rows: readonly AssuredRow[],
  form: 'csv' | 'json' | 'pdf',
  facts: { readonly station: string; readonly at: string },
  language: Language = 'en',
): Promise<ExportedFile> {
  const name = `devices-${facts.at.replaceAll(/[:.]/g, '-')}.${form}`;
  switch (form) {
    case 'csv': {
      const lines = [csvLine(columns.map(([title]) => title))];
      await forEach(rows, (row) => lines.push(csvLine(columns.map(([, value]) => value(row)))));
      return file(name, form, lines.join(''));
    }
    case 'json': {
      const devices: string[] = [];
      await forEach(rows, (row) => devices.push(JSON.stringify(row, null, 2)));
      const head = JSON.stringify(facts, null, 2).replace(/\n\}$/, '');
      return file(name, form, `${head},\n  "devices": [${devices.join(',\n')}]\n}\n`);
    }
    case 'pdf':
      return file(name, form, await drawPdfApart(listPage(rows, facts, language)));
  }
}

/** Everything the ledger holds of one device, as a file. */
export async function reportDevice(
  history: DeviceHistory,
  form: 'json' | 'pdf',
  facts: { readonly station: string; readonly at: string },
  language: Language = 'en',
): Promise<ExportedFile> {
  const name = `device-${history.mac.replaceAll(':', '')}.${form}`;
  const { openKeys: _, ...told } = history;
  const assurance = history.sealed && assuranceOfRecord(history.sealed);
  if (form === 'json') return file(name, form, `${JSON.stringify({ ...facts, ...told, assurance }, null, 2)}\n`);
  return file(name, form, await drawPdfApart(devicePageOf(history, facts, language)));
}

function file(name: string, form: keyof typeof mimes, data: string | Uint8Array): ExportedFile {
  return { name, mime: mimes[form], data: Buffer.from(data as string).toString('base64') };
}

function listPage(
  rows: readonly AssuredRow[],
  { station, at }: { station: string; at: string },
  language: Language,
): Page {
  const { paper, terminal } = saying(() => language);
  const words = paper.list;
  const { columns: titles } = words;
  return {
    language,
    title: words.title({ station }),
    sections: [
      {
        heading: words.heading({ count: rows.length, time: paperTime(at) }),
        rows: [[words.guide, words.guideMeans]],
        table: {
          columns: [titles.mac, titles.serial, titles.recipe, titles.state, titles.lastRun, titles.guideSum],
          widths: [84, 90, 108, 46, 92, 79],
          rows: rows.map((row) => [
            row.mac,
            row.serial ?? '-',
            `${row.recipe.name} r${row.recipe.revision}`,
            terminal.states[stateOf(row)],
            row.lastAt.replace('T', ' ').slice(0, 19),
            guideText(row.assurance),
          ]),
        },
      },
    ],
  };
}

function guideText(assurance: AssuranceSum | null): string {
  if (assurance === null) return '-';
  const { met, waived, notShown, notMet } = assurance;
  return [met, waived.length, notShown.length, notMet.length].join(', ');
}

/** After so many rows the event loop has its turn: boards are made while somebody exports. */
const rowsAtOnce = 20;

async function forEach<Row>(rows: readonly Row[], act: (row: Row) => void): Promise<void> {
  for (const [at, row] of rows.entries()) {
    act(row);
    if (at % rowsAtOnce === rowsAtOnce - 1) await setImmediate();
  }
}
