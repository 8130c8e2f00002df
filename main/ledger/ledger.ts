import type { KeyRole, RunEvent, StepEvent, StoredEvent, WrappedKey } from '../model/event.ts';
import type { FaultRecord } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RecipeRef, RunRecord, SealedRecord } from '../model/record.ts';

/** An order: so many boards of one recipe. */
export interface BatchRecord {
  readonly id: string;
  readonly order: string | null;
  readonly recipe: RecipeRef;
  /** Boards ordered; null: open. */
  readonly count: number | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
}

/** What the ledger knows of a MAC before a run starts. */
export interface DeviceHistory {
  readonly mac: string;
  readonly sealed: SealedRecord | null;
  /** Earlier runs, oldest first, with their stored events. */
  readonly runs: readonly { readonly run: RunRecord; readonly events: readonly StoredEvent[] }[];
  /** Wrapped keys that are not yet destroyed, newest first. */
  readonly openKeys: readonly OpenKey[];
}

export interface OpenKey {
  readonly run: string;
  readonly role: KeyRole;
  readonly fingerprint: string;
  readonly wrapped: WrappedKey;
}

export interface DeviceQuery {
  /** Free text: MAC, serial, batch, recipe, certificate serial, operator; prefix match. */
  readonly text?: string;
  readonly batch?: string;
  readonly outcome?: Outcome | 'sealed' | 'open';
  /** ISO dates, inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly offset?: number;
}

export interface DeviceRow {
  readonly mac: string;
  readonly serial: string | null;
  readonly chip: string | null;
  readonly recipe: RecipeRef;
  readonly batch: string | null;
  readonly outcome: Outcome | null;
  readonly sealedAt: string | null;
  readonly lastRun: string;
  readonly lastAt: string;
  readonly attempts: number;
}

export interface ChainReport {
  readonly rows: number;
  readonly head: string;
  /** The first row that does not fit, or null. */
  readonly broken: { readonly row: number; readonly reason: string } | null;
}

/**
 * The book. Every write is durable when its promise resolves. Rows are chained by hash from the first one on. Writes of many fixtures
 * share commits; nothing blocks the caller's event loop. Faults: LedgerFault `ledger.full`, `ledger.read-only`, `ledger.locked`,
 * `ledger.damaged`, `ledger.version`, `ledger.duplicate` (details {field, value, run}), `ledger.closed`.
 */
export interface Ledger {
  openBatch(batch: BatchRecord): Promise<void>;
  closeBatch(id: string, at: string): Promise<void>;
  batches(): Promise<readonly BatchRecord[]>;
  /** Keeps the canonical text of a recipe under its hash (no effect when it is there). */
  putRecipe(ref: RecipeRef, canonicalText: string): Promise<void>;

  openRun(run: RunRecord): Promise<void>;
  /** Binds what became known of the board. `ledger.duplicate` when the serial number belongs to another MAC. */
  bindRun(
    run: string,
    facts: { readonly mac?: string; readonly serial?: string; readonly chip?: string },
  ): Promise<void>;
  append(run: string, step: string | null, event: StepEvent | RunEvent): Promise<StoredEvent>;
  endRun(
    run: string,
    end: { readonly at: string; readonly outcome: Outcome; readonly fault: FaultRecord | null },
  ): Promise<void>;
  /**
   * One transaction: the sealed record, its identity claims (MAC, serial, public key, certificate serial, key fingerprints: each may exist
   * once), the run's end, and the drop of all wrapped keys of this MAC. Gives the chain hash of the seal.
   */
  seal(record: SealedRecord): Promise<{ readonly row: number; readonly hash: string }>;

  history(mac: string): Promise<DeviceHistory>;
  /** Whether a serial number or fingerprint is taken, and by which MAC. */
  claimedBy(field: 'serial' | 'public-key' | 'fingerprint' | 'certificate', value: string): Promise<string | null>;
  sealedDevice(macOrSerial: string): Promise<SealedRecord | null>;
  devices(query: DeviceQuery): Promise<readonly DeviceRow[]>;
  runs(query: {
    readonly batch?: string;
    readonly mac?: string;
    readonly limit?: number;
  }): Promise<readonly RunRecord[]>;
  events(run: string): Promise<readonly StoredEvent[]>;
  counts(batch: string): Promise<Readonly<Record<Outcome, number>>>;

  /** Reads the whole chain again and recomputes it. */
  verify(): Promise<ChainReport>;
  /** Every row as one JSON object, in chain order, as an auditor recomputes it. */
  exportRows(): AsyncIterable<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}
