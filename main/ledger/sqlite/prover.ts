// What a book can prove to others: rows with their way to a signed head. Nothing is taken from the tables but the place where a row is to be
// looked for.
import Database from 'better-sqlite3';
import { LedgerFault } from '../../model/fault.ts';
import { BatchCount } from '../batch-count.ts';
import { ChainCheck, hashOfParts } from '../chain.ts';
import { headKey, originOf, parseCheckpoint, signedBy } from '../checkpoint.ts';
import { cosignedNotes } from '../heads.ts';
import type { BatchProof, GrowthProof, ProofCall, ProvenHead, ProvenRow, SealProof } from '../ledger.ts';
import { MerklePaths } from '../merkle.ts';
import { Bodies } from './bodies.ts';
import { type PlainRow, Rows } from './rows.ts';
import { nameRows } from './schema.ts';

const portion = 5000;

/** Heads that others cosigned, of which the newest are looked at for one that covers what is to be proven. */
const mostCosigned = 20;

/** See LedgerReader.proveSeals, LedgerReader.proveBatch and LedgerReader.proveGrowth. */
export function proveFrom(file: string, call: ProofCall): (SealProof | null)[] | BatchProof | GrowthProof | null {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  try {
    nameRows(db);
    return db.transaction(() => {
      const prover = new Prover(db);
      if ('old' in call) return prover.growth(call.old);
      return 'macs' in call ? prover.seals(call.macs) : prover.batch(call.batch);
    })();
  } finally {
    db.close();
  }
}

class Prover {
  readonly #db: Database.Database;
  readonly #rows: Rows;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#rows = new Rows(db, new Bodies(db));
  }

  seals(macs: readonly string[]): (SealProof | null)[] {
    const rows = macs.map((mac) => this.#sealOf(mac));
    const newest = this.#head();
    const head = newest && this.#witnessed(newest, Math.max(0, ...rows.map((row) => row?.row ?? 0)));
    const isCovered = (row: PlainRow | null) => row !== null && head !== null && row.row <= head.size;
    const paths = head !== null && rows.some(isCovered) ? this.#paths(head) : null;
    return rows.map((row) =>
      row === null ? null : { row, path: isCovered(row) ? paths!.path(row.row - 1) : null, head },
    );
  }

  #sealOf(mac: string): PlainRow | null {
    const place = this.#db
      .prepare(`SELECT sealed_row FROM devices WHERE mac = ? AND state = 'sealed'`)
      .pluck()
      .get(mac);
    if (typeof place !== 'number') return null;
    const row = this.#row(place);
    const { record } = JSON.parse(row.body) as { record?: { chip?: { mac?: unknown } } };
    if (row.kind !== 'sealed' || record?.chip?.mac !== mac) throw edited('devices', mac);
    return row;
  }

  batch(id: string): BatchProof | null {
    const place = this.#db
      .prepare(`SELECT row FROM book WHERE kind = 'batch-opened' AND row >= ? ORDER BY row`)
      .pluck();
    const opened = (place.all(1) as number[]).map((row) => this.#row(row)).find((row) => batchOf(row) === id);
    if (opened === undefined) return null;
    const newest = this.#head();
    if (newest === null || newest.size < opened.row) return { opened, head: newest, proven: null };
    const count = new BatchCount(id);
    const chain = new ChainCheck({ row: opened.row - 1, hash: opened.prev });
    let closed: PlainRow | null = null;
    // a head that others saw is the better one, where nothing of the batch came behind it
    const witnessed = this.#witnessed(newest, opened.row);
    let asSeen: string | null = null;
    const state = () => JSON.stringify([closed?.row ?? null, count.result()]);
    while (chain.head.row < newest.size) {
      if (chain.head.row === witnessed.size) asSeen = state();
      const end = chain.head.row < witnessed.size ? witnessed.size : newest.size;
      const page = this.#rows.plain(chain.head.row, Math.min(portion, end - chain.head.row));
      for (const row of page) {
        const broken = chain.check(row, row.body);
        if (broken !== null) throw unproven(broken.row, broken.reason);
        count.take(row);
        if (row.kind === 'batch-closed' && (JSON.parse(row.body) as { id?: unknown }).id === id) closed = row;
      }
      if (page.length === 0) break;
    }
    if (witnessed.size === newest.size) asSeen = state();
    const head = asSeen === state() ? witnessed : newest;
    const paths = this.#paths(head);
    const proven = (row: PlainRow): ProvenRow => ({ row, path: paths.path(row.row - 1) });
    return {
      ...{ opened, head },
      proven: { opened: proven(opened), closed: closed === null ? null : proven(closed), ...count.result() },
    };
  }

  /** A row whose content gives its hash. */
  #row(number: number): PlainRow {
    const [row] = this.#rows.plain(number - 1, 1);
    if (row?.row !== number) throw unproven(number, 'it is missing');
    if (hashOfParts(row, row.body) !== row.hash) throw unproven(number, 'its content does not give its hash');
    return row;
  }

  /** The newest signed head, of this book and signed by the key that it names; null: none was signed. */
  #head(): ProvenHead | null {
    const place = this.#db.prepare(`SELECT max(row) FROM book WHERE kind = 'checkpoint'`).pluck().get();
    if (typeof place !== 'number') return null;
    const { note, publicKey } = JSON.parse(this.#row(place).body) as { note: string; publicKey: string };
    const checkpoint = parseCheckpoint(String(note));
    const key = headKey(String(publicKey));
    const genesis = JSON.parse(this.#row(1).body) as { station: string; ledger: string };
    if (checkpoint === null || key === null || checkpoint.origin !== originOf(genesis) || !signedBy(checkpoint, key))
      throw unproven(place, 'it is a signed head that does not hold');
    return { note, publicKey, size: checkpoint.size, root: checkpoint.root };
  }

  growth(old: number): GrowthProof | null {
    const head = this.#head();
    if (head === null) return null;
    if (old > head.size) throw new RangeError(`rows 1 to ${old} are more than the ${head.size} under the newest head`);
    return { head, path: old === 0 ? [] : this.#paths(head).growth(old) };
  }

  /** In place of a head that nobody else saw the newest by the same key that others cosigned, where it covers this row. */
  #witnessed(newest: ProvenHead, row: number): ProvenHead {
    const places = this.#db
      .prepare(`SELECT row FROM book WHERE kind = 'act' AND what = 'head-cosigned' ORDER BY row DESC LIMIT ?`)
      .pluck()
      .all(mostCosigned) as number[];
    const notes = cosignedNotes(places.map((place) => JSON.parse(this.#row(place).body) as unknown));
    const key = headKey(newest.publicKey)!;
    const heads = [...notes.values()].map(({ note, seen }) => ({ note, seen, head: parseCheckpoint(note)! }));
    for (const { note, seen, head } of heads.sort((a, b) => b.head.size - a.head.size)) {
      const { size, root } = head;
      if (signedBy(head, key) && size <= newest.size && size >= row) return { ...newest, note, size, root, seen };
    }
    return newest;
  }

  /** The tree under a head, which is the one that was signed. */
  #paths({ size, root }: ProvenHead): MerklePaths {
    const hashes = Buffer.alloc(32 * size);
    for (let row = 0; row < size; ) {
      const page = this.#rows.hashes(row, Math.min(portion, size - row));
      for (const hash of page) hashes.write(hash, 32 * row++, 'hex');
      if (page.length === 0) throw unproven(row + 1, 'it is missing, and a head was signed over it');
    }
    const paths = new MerklePaths(hashes);
    if (paths.root() !== root) throw unproven(size, `the newest signed head does not fit rows 1 to ${size}`);
    return paths;
  }
}

function batchOf(row: PlainRow): string | undefined {
  return (JSON.parse(row.body) as { batch?: { id?: string } }).batch?.id;
}

function unproven(row: number, reason: string): LedgerFault {
  return new LedgerFault({
    code: 'ledger.chain-broken',
    what: `Nothing can be certified of this ledger: row ${row} does not hold: ${reason}.`,
    next: 'Keep this ledger as it is, stop the station, let "audit verify" look at the whole, and compare with an earlier export.',
    details: { row },
  });
}

function edited(table: string, record: string): LedgerFault {
  return new LedgerFault({
    code: 'ledger.table-edited',
    what: `Nothing can be certified of ${record}: the table ${table} names a row that is not its seal.`,
    next: 'Keep this ledger as it is and find out who wrote into it; "audit verify" says what was changed.',
    details: { table },
  });
}
