import { canonicalJson } from '../base/json.ts';
import { ChainCheck, isChainRow, notARow } from './chain.ts';
import { HeadCheck, headIn } from './heads.ts';
import type { AuditOptions, ChainReport } from './ledger.ts';

/**
 * Checks exported rows with nothing but the rows and what the reader has from elsewhere. Rows with members missing or of a wrong type are
 * breaks, not exceptions. An export holds no tables: `edited` is null.
 */
export function verifyExport(
  rows: readonly Readonly<Record<string, unknown>>[],
  options: AuditOptions = {},
): ChainReport {
  const chain = new ChainCheck(null, options.remembered ?? []);
  const heads = new HeadCheck(
    options,
    rows.flatMap(({ kind, body }) => (kind === 'checkpoint' ? (headIn(body) ?? []) : [])),
  );
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
