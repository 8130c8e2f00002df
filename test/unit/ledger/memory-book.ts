// A book in memory, for those who only read one: rows of the same form and chain as the ledger writes, without its threads and file.
import { canonicalJson } from '../../../main/base/json.ts';
import { type ChainHead, chainStart, hashOfParts, type PlainRow } from '../../../main/ledger/chain.ts';
import { mac, record, run } from './book.ts';

export class MemoryBook {
  readonly rows: PlainRow[] = [];
  readonly station: string;

  constructor(station: string, ledger = 'ab'.repeat(16)) {
    this.station = station;
    this.add('genesis', null, { station, ledger, schema: 6 });
  }

  copy(): MemoryBook {
    const copy = new MemoryBook(this.station);
    copy.rows.splice(0, 1, ...this.rows);
    return copy;
  }

  add(kind: string, of: string | null, body: unknown, at = '2026-11-22T10:00:00.000Z'): PlainRow {
    const { row, hash: prev } = this.#last;
    const next = { row: row + 1, at, kind, run: of, body: canonicalJson(body), prev };
    this.rows.push({ ...next, hash: hashOfParts(next, next.body) });
    return this.rows.at(-1)!;
  }

  /** Two rows: a run and its seal. */
  seal(n: number, facts: Parameters<typeof record>[2] = {}): void {
    const id = `${this.station}-${n}`;
    this.add('run-opened', id, { run: run(id, { mac: mac(n) }) });
    this.add('sealed', id, { record: record(id, n, { station: this.station, ...facts }), dropped: [] });
  }

  get #last(): ChainHead {
    return this.rows.at(-1) ?? { row: 0, hash: chainStart };
  }

  head = async (): Promise<ChainHead> => this.#last;

  plainRows = async (after: number, count: number): Promise<PlainRow[]> => this.rows.slice(after, after + count);
}
