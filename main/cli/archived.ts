import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { verifyExport } from '../ledger/export-check.ts';
import type { AuditOptions, ChainReport } from '../ledger/ledger.ts';
import { LedgerFault } from '../model/fault.ts';
import { exportedRows } from './exported-rows.ts';

export const rowsFile = 'rows.jsonl';
export const sumsFile = 'SHA256SUMS';

/** The files of an archive are as they were written; then its rows, as those of any export. */
export function verifyArchive(folder: string, against: AuditOptions): ChainReport {
  const listed = listOf(folder);
  const there = readdirSync(folder).filter((name) => name !== sumsFile);
  for (const name of new Set([...there, ...listed.keys()])) {
    const wanted = listed.get(name);
    const what =
      wanted === undefined
        ? `${name} is not in its list`
        : !there.includes(name)
          ? `${name} is missing`
          : digestOf(join(folder, name)) !== wanted
            ? `${name} was changed`
            : null;
    if (what !== null) throw notAsWritten(folder, what);
  }
  return verifyExport(exportedRows(join(folder, rowsFile)), against);
}

function listOf(folder: string): Map<string, string> {
  const listed = new Map<string, string>();
  let text = '';
  try {
    text = readFileSync(join(folder, sumsFile), 'utf8');
  } catch (error) {
    throw notAsWritten(
      folder,
      `${sumsFile} cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
    if (name === undefined || basename(name) !== name)
      throw notAsWritten(folder, `${sumsFile} has a line that is none`);
    listed.set(name, sha256!);
  }
  if (!listed.has(rowsFile)) throw notAsWritten(folder, `${sumsFile} lists no ${rowsFile}`);
  return listed;
}

function digestOf(file: string): string {
  const hash = createHash('sha256');
  const block = Buffer.alloc(1 << 20);
  const input = openSync(file, 'r');
  try {
    for (let read = readSync(input, block); read > 0; read = readSync(input, block))
      hash.update(block.subarray(0, read));
  } finally {
    closeSync(input);
  }
  return hash.digest('hex');
}

function notAsWritten(folder: string, what: string): LedgerFault {
  return new LedgerFault({
    code: 'audit.archive',
    what: `${folder} is not the archive that was written: ${what}.`,
    next: 'Take another copy of the archive. Its rows alone can still be looked at: audit verify --file FOLDER/rows.jsonl.',
  });
}
