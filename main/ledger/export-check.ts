import { canonicalJson } from '../base/json.ts';
import { ChainCheck, isChainRow, notARow } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { HeadCheck, headIn } from './heads.ts';
import type { AuditOptions, ChainReport } from './ledger.ts';

/**
 * Checks exported rows with nothing but the rows and what the reader has from elsewhere. Rows with members missing or of a wrong type are
 * breaks, not exceptions. An export holds no tables: `edited` is null. The rows are gone through twice.
 */
export function verifyExport(
  rows: Iterable<Readonly<Record<string, unknown>>>,
  options: AuditOptions = {},
): ChainReport {
  const chain = new ChainCheck(null, options.remembered ?? []);
  const stored: Checkpoint[] = [];
  for (const { kind, body } of rows) {
    const head = kind === 'checkpoint' ? headIn(body) : null;
    if (head !== null) stored.push(head);
  }
  const heads = new HeadCheck(options, stored);
  let broken: ChainReport['broken'] = null;
  for (const row of rows) {
    const expected = chain.head.row + 1;
    broken = isChainRow(row)
      ? (chain.check(row, canonicalJson(row.body)) ?? heads.take(row.row, row.kind, row.hash, row.body))
      : { row: expected, reason: notARow(expected) };
    if (broken !== null) break;
  }
  broken ??= chain.end() ?? heads.end(chain.head);
  const read = { readBefore: 0, readBeforeAt: null };
  return {
    rows: chain.head.row,
    head: chain.head.hash,
    root: heads.root,
    broken,
    edited: null,
    ...read,
    signed: heads.signed,
  };
}
