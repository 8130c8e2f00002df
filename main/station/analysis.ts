// The ledger as tables for analysis: read from the rows of the chain themselves, each hashed as it is read, and not from the tables beside it.
import type { Cell, Column } from '../formats/parquet.ts';
import { ChainCheck, type PlainRow } from '../ledger/chain.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { readSealedRecord } from '../model/evidence/sealed-record.ts';
import { type FaultRecord, LedgerFault } from '../model/fault.ts';
import type { BatchRecord, RunRecord } from '../model/record.ts';

export const analysisTables = ['devices', 'runs'] as const;
export type AnalysisTable = (typeof analysisTables)[number];

const text = (name: string): Column => ({ name, type: 'text' });
const count = (name: string): Column => ({ name, type: 'count' });
const time = (name: string): Column => ({ name, type: 'time' });
const seconds: Column = { name: 'seconds', type: 'number' };

/** `devices`: every seal, in the order of the chain. `runs`: every try as it ended, and behind them those that did not. */
export const analysisColumns: Readonly<Record<AnalysisTable, readonly Column[]>> = {
  devices: [
    ...['mac', 'serial', 'chip'].map(text),
    count('chip_revision'),
    text('recipe'),
    count('recipe_revision'),
    ...['recipe_hash', 'order', 'batch', 'station', 'fixture', 'operator'].map(text),
    ...['started_at', 'sealed_at'].map(time),
    seconds,
    ...['secure_boot', 'certificate_serial', 'firmware'].map(text),
    ...['secure_version', 'waivers', 'row'].map(count),
    text('row_hash'),
  ],
  runs: [
    ...['run', 'mac', 'serial', 'chip', 'recipe'].map(text),
    count('recipe_revision'),
    ...['recipe_hash', 'order', 'batch', 'fixture', 'operator'].map(text),
    ...['started_at', 'ended_at'].map(time),
    seconds,
    ...['outcome', 'fault'].map(text),
    count('row'),
  ],
};

const portion = 2000;

/** The rows of a table. LedgerFault `ledger.chain-broken` where the chain does not hold. */
export async function* analysisRows(
  ledger: Pick<LedgerReader, 'plainRows'>,
  table: AnalysisTable,
): AsyncGenerator<readonly Cell[]> {
  const chain = new ChainCheck();
  const reading = table === 'devices' ? new Devices() : new Runs();
  for (;;) {
    const page = await ledger.plainRows(chain.head.row, portion);
    for (const row of page) {
      const broken = chain.check(row, row.body);
      if (broken !== null) throw notWhole(broken.row, broken.reason);
      const cells = reading.take(row);
      if (cells !== null) yield cells;
    }
    if (page.length === 0) break;
  }
  yield* reading.rest();
}

/** Orders by batch. */
class Orders {
  readonly #orders = new Map<string, string | null>();

  take({ kind, body }: PlainRow): void {
    if (kind !== 'batch-opened') return;
    const { batch } = JSON.parse(body) as { batch: BatchRecord };
    this.#orders.set(batch.id, batch.order);
  }

  of(batch: string | null): string | null {
    return batch === null ? null : (this.#orders.get(batch) ?? null);
  }
}

class Devices {
  readonly #orders = new Orders();

  take(row: PlainRow): readonly Cell[] | null {
    this.#orders.take(row);
    if (row.kind !== 'sealed') return null;
    const record = readSealedRecord((JSON.parse(row.body) as { record: unknown }).record);
    const { chip, recipe, secureBoot, identity, images } = record;
    return [
      ...[chip.mac, record.serial, chip.kind, chip.revision, recipe.name, recipe.revision, recipe.hash],
      ...[this.#orders.of(record.batch), record.batch, record.station, record.fixture, record.operator],
      ...[record.startedAt, record.sealedAt, between(record.startedAt, record.sealedAt)],
      ...[secureBoot?.scheme ?? 'off', identity?.certificateSerial ?? null],
      images.map(({ name, plainSha256 }) => `${name} ${plainSha256 ?? '-'}`).join(' '),
      ...[record.secureVersion ?? null, record.waivers.length, row.row, row.hash],
    ];
  }

  *rest(): Generator<readonly Cell[]> {}
}

class Runs {
  readonly #orders = new Orders();
  readonly #open = new Map<string, { readonly run: RunRecord; readonly row: number; readonly chip: string | null }>();

  take(row: PlainRow): readonly Cell[] | null {
    this.#orders.take(row);
    const { kind, run: id } = row;
    if (kind === 'run-opened') {
      const { run } = JSON.parse(row.body) as { run: RunRecord };
      this.#open.set(run.id, { run, row: row.row, chip: null });
    }
    const open = id === null ? undefined : this.#open.get(id);
    if (open === undefined) return null;
    if (kind === 'run-bound') {
      const facts = JSON.parse(row.body) as { readonly mac?: string; readonly serial?: string; readonly chip?: string };
      const { chip = open.chip, ...bound } = facts;
      this.#open.set(id!, { ...open, chip, run: { ...open.run, ...bound } });
    }
    if (kind !== 'run-ended' && kind !== 'sealed') return null;
    this.#open.delete(id!);
    const end = endOf(row);
    return this.#cells(open, end);
  }

  *rest(): Generator<readonly Cell[]> {
    for (const open of this.#open.values()) yield this.#cells(open, { at: null, outcome: null, fault: null });
  }

  #cells(
    { run, row, chip }: { readonly run: RunRecord; readonly row: number; readonly chip: string | null },
    { at, outcome, fault }: ReturnType<typeof endOf>,
  ): readonly Cell[] {
    const { recipe } = run;
    return [
      ...[run.id, run.mac, run.serial, chip, recipe.name, recipe.revision, recipe.hash],
      ...[this.#orders.of(run.batch), run.batch, run.fixture, run.operator],
      ...[run.startedAt, at, at === null ? null : between(run.startedAt, at), outcome, fault, row],
    ];
  }
}

function endOf({ kind, body }: PlainRow): {
  readonly at: string | null;
  readonly outcome: string | null;
  readonly fault: string | null;
} {
  if (kind === 'sealed') {
    const { record } = JSON.parse(body) as { record: { sealedAt: string } };
    return { at: record.sealedAt, outcome: 'passed', fault: null };
  }
  const { at, outcome, fault } = JSON.parse(body) as { at: string; outcome: string; fault: FaultRecord | null };
  return { at, outcome, fault: fault?.code ?? null };
}

function between(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

function notWhole(row: number, reason: string): LedgerFault {
  return new LedgerFault({
    code: 'ledger.chain-broken',
    what: `The chain is broken at row ${row}: ${reason}.`,
    next: 'Keep this ledger as it is, stop the station, and compare with an earlier export.',
    details: { row },
  });
}
