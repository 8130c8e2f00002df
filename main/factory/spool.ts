// The ledger as the spool of results: each ended run is a row, on disk before anybody is told of it.
import type { Ledger } from '../ledger/ledger.ts';

export interface SpooledResult {
  readonly run: string;
  /** Row of the ledger that ends the run, its hash, and its time. */
  readonly row: number;
  readonly hash: string;
  readonly at: string;
}

/** Results behind a row in the order of the ledger, portion by portion; `last`: up to which row each was looked through. */
export async function* resultsBehind(
  ledger: Pick<Ledger, 'plainRows'>,
  after: number,
): AsyncGenerator<{ readonly results: readonly SpooledResult[]; readonly last: number }> {
  for (let from = after; ; ) {
    const rows = await ledger.plainRows(from, 200);
    const last = rows.at(-1);
    if (last === undefined) return;
    from = last.row;
    const results = rows.flatMap(({ row, kind, run, hash, at }) =>
      run !== null && (kind === 'run-ended' || kind === 'sealed') ? [{ run, row, hash, at }] : [],
    );
    yield { results, last: last.row };
  }
}
