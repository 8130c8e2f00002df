import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../base/clock.ts';
import { csvLine } from '../formats/csv-line.ts';
import { ParquetFile } from '../formats/parquet.ts';
import { headKey } from '../ledger/checkpoint.ts';
import { verifyExport } from '../ledger/export-check.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { LedgerFault } from '../model/fault.ts';
import { analysisColumns, analysisRows, analysisTables } from '../station/analysis.ts';
import { rowsFile, sumsFile } from './archived.ts';
import { oneOf } from './choice.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { exportedRows } from './exported-rows.ts';
import { cannotWrite } from './files.ts';
import { withLedger } from './opened.ts';
import { wordsOf } from './words.ts';

/** Pages that say all that somebody needs, and the one that checks. */
const pages = ['verifier.html', 'ledger-format.md', 'birth-certificate.md', 'witnesses.md'] as const;

const readme = `This folder holds a ledger of a Fuseline station, to be read and checked without that program.

rows.jsonl            every row, one JSON object a line (ledger-format.md)
heads-N.pem           the public keys by which its heads were signed, oldest first. Hold them against keys that you have
                      from elsewhere: whoever can write this folder could have written these.
witnesses.txt         who cosigned heads, by their verifier keys, if anybody did (witnesses.md)
manifest.json         what ledger this is, how many rows, hash of the last one, root of the tree
verifier.html         open it in any browser, without a network, and drop heads-N.pem and rows.jsonl on it
SHA256SUMS            sha256sum -c SHA256SUMS
`;

/** A folder that can be read and checked without this program: docs/quality.md#archives. */
export function ledgerArchive(
  options: OpenOptions & { readonly out: string; readonly json?: boolean },
  context: CliContext,
): Promise<Exit> {
  const folder = options.out;
  return withLedger(options, context, async (ledger) => {
    newFolder(folder);
    const sums = new Map<string, string>();
    const put = (name: string, content: string | Uint8Array) => {
      writeFileSync(join(folder, name), content, { flag: 'wx', mode: 0o640 });
      sums.set(name, createHash('sha256').update(content).digest('hex'));
    };
    const found = await writeRows(ledger, join(folder, rowsFile));
    sums.set(rowsFile, found.sha256);
    const report = verifyExport(exportedRows(join(folder, rowsFile)));
    if (report.broken !== null) throw broken(report.broken);
    for (const [at, key] of found.keys.entries())
      put(`heads-${at + 1}.pem`, String(headKey(key)?.export({ type: 'spki', format: 'pem' }) ?? ''));
    if (found.witnesses.length > 0) put('witnesses.txt', found.witnesses.map((key) => `${key}\n`).join(''));
    for (const page of pages) put(page, readFileSync(join(context.stationConfig, '..', 'docs', page)));
    put('README.txt', readme);
    const { rows, head, root, signed } = report;
    const { station, ledger: id } = found.genesis;
    const made = { at: isoTime(context.clock.now()), by: `fuseline ${context.version}` };
    put(
      'manifest.json',
      `${JSON.stringify({ type: 'fuseline archive', version: 1, station, ledger: id, rows, head, root, signed, made }, null, 2)}\n`,
    );
    const lines = [...sums].map(([name, sha256]) => `${sha256}  ${name}\n`);
    writeFileSync(join(folder, sumsFile), lines.join(''), { flag: 'wx', mode: 0o640 });
    if (options.json) context.streams.answer(JSON.stringify({ folder, rows, head, root }));
    else context.streams.answer(wordsOf(context).terminal.archive.holds({ folder, rows, head }));
    return exit.passed;
  });
}

/** The export as a file, its digest, and what stands in it of keys. */
async function writeRows(ledger: LedgerReader, file: string) {
  const hash = createHash('sha256');
  const keys = new Set<string>();
  const witnesses = new Set<string>();
  let genesis = { station: '', ledger: '' };
  const out = openSync(file, 'wx', 0o640);
  try {
    for await (const { lines } of ledger.exportLines()) {
      hash.update(lines);
      writeSync(out, lines);
      for (const line of lines.split('\n')) {
        if (!/"kind":"(checkpoint|act|genesis)"/.test(line)) continue;
        const { kind, body } = JSON.parse(line) as { kind: string; body: Record<string, unknown> };
        if (kind === 'genesis') genesis = body as typeof genesis;
        if (kind === 'checkpoint') keys.add(String(body.publicKey));
        if (kind === 'act' && body.what === 'head-cosigned')
          witnesses.add(String((body.detail as { witness?: unknown }).witness));
      }
    }
  } finally {
    closeSync(out);
  }
  return { sha256: hash.digest('hex'), keys: [...keys], witnesses: [...witnesses], genesis };
}

/** The ledger as a table for programs of analysis. */
export function ledgerExport(
  options: OpenOptions & { readonly table: string; readonly as: string; readonly out: string },
  context: CliContext,
): Promise<Exit> {
  const table = oneOf(options.table, analysisTables, '--table');
  const form = oneOf(options.as, ['csv', 'parquet'] as const, '--as');
  const columns = analysisColumns[table];
  return withLedger(options, context, async (ledger) => {
    const out = newFile(options.out);
    let rows = 0;
    try {
      if (form === 'csv') {
        writeSync(out, csvLine(columns.map(({ name }) => name)));
        for await (const cells of analysisRows(ledger, table)) {
          writeSync(out, csvLine(cells.map((cell) => (cell === null ? '' : String(cell)))));
          rows++;
        }
      } else {
        const file = new ParquetFile(options.out, columns, `fuseline ${context.version}`);
        for await (const cells of analysisRows(ledger, table)) {
          await file.add(cells);
          rows++;
        }
        await file.end();
      }
    } finally {
      closeSync(out);
    }
    context.streams.say(wordsOf(context).terminal.archive[table]({ rows, file: options.out }));
    return exit.passed;
  });
}

const anew = 'Name a new file or folder in a place where you may write; an existing one is never written over.';

function newFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o640);
  } catch (error) {
    throw cannotWrite(path, error, anew);
  }
}

function newFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (error) {
    throw cannotWrite(path, error, anew);
  }
}

function broken({ row, reason }: { readonly row: number; readonly reason: string }): LedgerFault {
  return new LedgerFault({
    code: 'ledger.chain-broken',
    what: `The chain is broken at row ${row}: ${reason}.`,
    next: 'Keep this ledger as it is, stop the station, and compare with an earlier export; the folder that was begun is no archive.',
  });
}
