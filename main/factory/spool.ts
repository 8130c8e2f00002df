// The ledger as the spool of results: each ended run is a row, on disk before anybody is told of it.
import type { Ledger } from '../ledger/ledger.ts';

export interface SpooledResult {
  readonly run: string;
  /** Row of the ledger that ends the run, its hash, and its time. */
  readonly row: number;
  readonly hash: string;
  readonly at: string;
}

/** As `resultsBehind`, with the rows that begin a run too. */
export async function* rowsOfRunsBehind(
  ledger: Pick<Ledger, 'plainRows'>,
  after: number,
): AsyncGenerator<{ readonly rows: readonly (SpooledResult & { readonly isEnd: boolean })[]; readonly last: number }> {
  for (let from = after; ; ) {
    const all = await ledger.plainRows(from, 200);
    const last = all.at(-1);
    if (last === undefined) return;
    from = last.row;
    const rows = all.flatMap(({ row, kind, run, hash, at }) => {
      const isEnd = kind === 'run-ended' || kind === 'sealed';
      return run !== null && (isEnd || kind === 'run-opened') ? [{ run, row, hash, at, isEnd }] : [];
    });
    yield { rows, last: last.row };
  }
}

/** Results behind a row in the order of the ledger, portion by portion; `last`: up to which row each was looked through. */
export async function* resultsBehind(
  ledger: Pick<Ledger, 'plainRows'>,
  after: number,
): AsyncGenerator<{ readonly results: readonly SpooledResult[]; readonly last: number }> {
  for await (const { rows, last } of rowsOfRunsBehind(ledger, after))
    yield { results: rows.filter(({ isEnd }) => isEnd).map(({ isEnd: _, ...result }) => result), last };
}
