// A ledger in memory that does what a test tells it.
import assert from 'node:assert/strict';
import type { DeviceHistory, Ledger, OpenKey, StationAct } from '../../../main/ledger/ledger.ts';
import type { RunEvent, StepEvent, StoredEvent } from '../../../main/model/event.ts';
import { type Fault, LedgerFault } from '../../../main/model/fault.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../../../main/model/record.ts';

export type AnyEvent = StepEvent | RunEvent;

/** A fault as the disk below a ledger gives it. */
export const diskFull = (): Fault =>
  new LedgerFault({ code: 'ledger.full', what: 'The disk is full.', next: 'Make room.', safety: 'resumable' });

type Note = Parameters<Ledger['noteRecipeState']>[0] & { readonly at: string; readonly row: number };

/**
 * A ledger in memory that keeps what it is told in the order in which it is told, as far as runs, their boards and recipes go. `before` is asked before each append
 * and may reject it, or take its time; nothing is kept of what it rejects.
 */
export class ScriptedLedger {
  /** Every call that writes, by name, in order; an append by the type of its event. */
  readonly calls: string[] = [];
  readonly stored = new Map<string, StoredEvent[]>();
  readonly runRecords: RunRecord[] = [];
  readonly sealed: SealedRecord[] = [];
  readonly condemned: { mac: string; run: string | null; reason: string }[] = [];
  readonly batchRecords: BatchRecord[] = [];
  readonly notes: Note[] = [];
  readonly noted: (StationAct & { readonly at: string; readonly row: number })[] = [];
  readonly #wrapped: (OpenKey & { mac: string })[] = [];
  before: (event: AnyEvent, run: string) => void | Promise<void> = () => undefined;
  beforeSeal: (record: SealedRecord) => void | Promise<void> = () => undefined;

  /** The same object as what the station asks for. What a test calls beyond it is a TypeError. */
  get ledger(): Ledger {
    return this as unknown as Ledger;
  }

  /** Events of a run, or of all of them, without what the ledger adds. */
  said(run?: string): StoredEvent['event'][] {
    const all = run === undefined ? [...this.stored.values()].flat() : (this.stored.get(run) ?? []);
    return all.map(({ event }) => event);
  }

  async openBatch(batch: BatchRecord): Promise<void> {
    this.batchRecords.push(batch);
  }

  async closeBatch(): Promise<void> {
    this.calls.push('closeBatch');
  }

  async putRecipe(): Promise<void> {
    this.calls.push('putRecipe');
  }

  async noteAct(act: StationAct): Promise<void> {
    this.noted.push({ ...act, at: new Date().toISOString(), row: this.noted.length + 1 });
  }

  async acts({ what, about }: { readonly what?: string; readonly about?: string }): Promise<typeof this.noted> {
    const fits = (act: StationAct) => (what ?? act.what) === act.what && (about ?? act.about) === act.about;
    return this.noted.filter(fits).toReversed();
  }

  async recipeStates(): Promise<readonly Note[]> {
    return this.notes;
  }

  async rowsTaken(): Promise<readonly { row: string; mac: string }[]> {
    return [];
  }

  async boardsOfOrder(order: string, mac: string): Promise<{ boards: number; isOne: boolean }> {
    const batches = this.batchRecords.filter((batch) => batch.order === order).map(({ id }) => id);
    const macs = new Set(
      this.runRecords.filter(({ batch }) => batch !== null && batches.includes(batch)).flatMap((run) => run.mac ?? []),
    );
    return { boards: macs.size, isOne: macs.has(mac) };
  }

  async openRun(run: RunRecord): Promise<void> {
    this.calls.push('openRun');
    this.runRecords.push(run);
    this.stored.set(run.id, []);
  }

  async bindRun(run: string, facts: { readonly mac?: string; readonly serial?: string }): Promise<void> {
    this.calls.push('bindRun');
    this.#change(run, facts);
  }

  async append(run: string, step: string | null, event: AnyEvent): Promise<StoredEvent> {
    await this.before(event, run);
    assert.ok(event.type !== 'progress', 'no progress is kept');
    this.calls.push(event.type);
    const events = this.stored.get(run);
    assert.ok(events, `${run} is open`);
    const kept = event.type === 'key-made' || event.type === 'escrowed' ? { ...event, wrapped: null } : event;
    // as a real one keeps it: a copy, which no later change of the event reaches
    const stored = structuredClone({ run, seq: events.length, at: new Date().toISOString(), step, event: kept });
    events.push(stored);
    if (event.type === 'key-made' && event.wrapped !== null) {
      const { role, fingerprint, wrapped } = event;
      this.#wrapped.unshift({ run, role, fingerprint, wrapped, mac: this.#run(run).mac! });
    }
    return stored;
  }

  async endRun(run: string, end: Pick<RunRecord, 'outcome' | 'fault'> & { readonly at: string }): Promise<void> {
    this.calls.push('endRun');
    const { at, outcome, fault } = end;
    this.#change(run, { endedAt: at, outcome, fault });
  }

  async seal(record: SealedRecord): Promise<{ row: number; hash: string }> {
    await this.beforeSeal(record);
    this.calls.push('seal');
    this.sealed.push(record);
    this.#change(record.run, { outcome: 'passed', endedAt: record.sealedAt });
    this.#drop(record.chip.mac);
    return { row: this.sealed.length, hash: 'ab'.repeat(32) };
  }

  async condemn(mac: string, run: string | null, reason: string, { keepKeys = false } = {}): Promise<void> {
    this.calls.push('condemn');
    this.condemned.push({ mac, run, reason });
    if (!keepKeys) this.#drop(mac);
  }

  async history(mac: string): Promise<DeviceHistory> {
    const condemned = this.condemned.find((one) => one.mac === mac);
    return {
      mac,
      sealed: this.sealed.find(({ chip }) => chip.mac === mac) ?? null,
      runs: this.runRecords
        .filter((run) => run.mac === mac)
        .map((run) => ({ run, events: this.stored.get(run.id) ?? [] })),
      openKeys: this.#wrapped.filter((key) => key.mac === mac),
      condemned: condemned === undefined ? null : { ...condemned, at: '2026-11-22T10:00:00.000Z' },
    };
  }

  async runs({ limit = 100 }: { readonly limit?: number }): Promise<readonly RunRecord[]> {
    return this.runRecords.toReversed().slice(0, limit);
  }

  async unfinishedBurns(fields: readonly string[]): Promise<readonly RunRecord[]> {
    const meant = ({ event }: StoredEvent) =>
      event.type === 'intend' && fields.some((field) => JSON.stringify(event.detail).includes(`"field":"${field}"`));
    const open = this.runRecords.filter(({ id, outcome }) => outcome !== 'passed' && this.stored.get(id)?.some(meant));
    return open.toReversed();
  }

  async recipe(): Promise<null> {
    return null;
  }

  /** The board that a serial number was bound to; nothing else is claimed here. */
  async claimedBy(field: string, value: string): Promise<string | null> {
    return field === 'serial' ? (this.runRecords.find(({ serial }) => serial === value)?.mac ?? null) : null;
  }

  async events(run: string): Promise<readonly StoredEvent[]> {
    return this.stored.get(run) ?? [];
  }

  async close(): Promise<void> {}

  #run(id: string): RunRecord {
    const run = this.runRecords.find((one) => one.id === id);
    assert.ok(run, `${id} was opened`);
    return run;
  }

  #change(id: string, facts: Partial<RunRecord>): void {
    this.runRecords.splice(this.runRecords.indexOf(this.#run(id)), 1, { ...this.#run(id), ...facts });
  }

  #drop(mac: string): void {
    for (const key of this.#wrapped.filter((one) => one.mac === mac))
      this.#wrapped.splice(this.#wrapped.indexOf(key), 1);
  }
}
