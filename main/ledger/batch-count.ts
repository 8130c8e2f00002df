// What became of every board of a batch, from the rows of the chain alone.
import type { Outcome } from '../model/outcome.ts';
import type { CertifiedBoard } from './ledger.ts';

/** A row with its text. */
interface Row {
  readonly row: number;
  readonly kind: string;
  readonly run: string | null;
  readonly body: string;
  readonly hash: string;
}

interface Board {
  serial: string | null;
  outcome: Outcome | null;
  tries: number;
  burned: boolean;
  sealed: Row | null;
  elsewhere: Row | null;
  condemned: Row | null;
}

interface Try {
  mac: string | null;
  serial: string | null;
  burned: boolean;
}

/** Takes the rows from the batch's opening on, one after the other. */
export class BatchCount {
  readonly #id: string;
  readonly #boards = new Map<string, Board>();
  readonly #tries = new Map<string, Try>();

  constructor(id: string) {
    this.#id = id;
  }

  take(row: Row): void {
    const run = row.run === null ? undefined : this.#tries.get(row.run);
    switch (row.kind) {
      case 'run-opened': {
        const { run: opened } = bodyOf(row) as {
          run: { batch: string | null; mac: string | null; serial: string | null };
        };
        if (row.run !== null && opened.batch === this.#id) this.#open(row.run, opened);
        return;
      }
      case 'run-bound':
        if (run !== undefined) this.#bind(run, bodyOf(row) as { mac?: string; serial?: string });
        return;
      case 'event':
        if (run !== undefined && /"type":"(?:intend|burned)"/.test(row.body)) this.#burned(run);
        return;
      case 'run-ended':
        if (run?.mac) this.#board(run.mac).outcome = (bodyOf(row) as { outcome: Outcome }).outcome;
        return;
      case 'sealed': {
        const { record } = bodyOf(row) as { record: { chip: { mac: string }; serial: string | null } };
        const board = this.#boards.get(record.chip.mac);
        if (board === undefined) return;
        if (run === undefined) board.elsewhere = row;
        else Object.assign(board, { sealed: row, serial: record.serial ?? board.serial });
        return;
      }
      case 'condemned':
      case 'released': {
        const board = this.#boards.get((bodyOf(row) as { mac: string }).mac);
        if (board !== undefined) board.condemned = row.kind === 'condemned' ? (board.condemned ?? row) : null;
        return;
      }
    }
  }

  /** Boards by MAC; `unidentified`: tries that ended before the chip was known. */
  result(): { readonly boards: readonly CertifiedBoard[]; readonly unidentified: number } {
    const boards = [...this.#boards].sort(([a], [b]) => (a < b ? -1 : 1)).map(([mac, board]) => certified(mac, board));
    return { boards, unidentified: [...this.#tries.values()].filter(({ mac }) => mac === null).length };
  }

  #open(id: string, { mac, serial }: { mac: string | null; serial: string | null }): void {
    const opened: Try = { mac: null, serial: null, burned: false };
    this.#tries.set(id, opened);
    this.#bind(opened, { ...(mac === null ? {} : { mac }), ...(serial === null ? {} : { serial }) });
  }

  #bind(run: Try, { mac, serial }: { mac?: string; serial?: string }): void {
    run.serial = serial ?? run.serial;
    if (mac !== undefined && run.mac === null) {
      run.mac = mac;
      this.#board(mac).tries++;
      if (run.burned) this.#burned(run);
    }
    if (run.mac === null) return;
    const board = this.#board(run.mac);
    if (board.sealed === null) board.serial = run.serial ?? board.serial;
  }

  #burned(run: Try): void {
    run.burned = true;
    if (run.mac !== null) this.#board(run.mac).burned = true;
  }

  #board(mac: string): Board {
    let board = this.#boards.get(mac);
    if (board === undefined) {
      board = { serial: null, outcome: null, tries: 0, burned: false, sealed: null, elsewhere: null, condemned: null };
      this.#boards.set(mac, board);
    }
    return board;
  }
}

function certified(mac: string, board: Board): CertifiedBoard {
  const { serial, tries, sealed, condemned, elsewhere } = board;
  const by = sealed ?? condemned ?? elsewhere;
  return { mac, serial, tries, state: stateOf(board), row: by?.row ?? null, hash: by?.hash ?? null };
}

/** What counts is the most that was done to the board: a seal, then an end by people, then fuses. */
function stateOf({ sealed, condemned, elsewhere, burned, outcome }: Board): CertifiedBoard['state'] {
  if (sealed !== null) return 'sealed';
  if (condemned !== null) return 'condemned';
  if (elsewhere !== null) return 'sealed in another batch';
  if (burned) return 'burned, not sealed';
  return outcome === 'passed' || outcome === null ? 'not ended' : outcome;
}

function bodyOf(row: Row): unknown {
  return JSON.parse(row.body);
}
