import type { RunFact, StepFact } from './evidence/index.ts';
import type { RecordedFact } from './evidence/rows.ts';

export type { EscrowedSecret, KeyRole, WrappedKey } from './evidence/keys.ts';
export type { PlanFacts } from './evidence/product.ts';

/**
 * What steps say. The set is closed: it is made of the definitions of evidence/, which ledger, recovery, record and screens read as well.
 * All but `progress` are appended durably to the ledger before the step is asked to go on (LAW 2).
 */
export type StepEvent =
  | StepFact
  /** How far a long action is; for screens only, never in the ledger. */
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: 'bytes' | 'blocks' | 'images';
    };

/** What a run adds around its steps. */
export type RunEvent = RunFact;

/** An event as the ledger gives it back, brought up to the present version of its fact. */
export interface StoredEvent {
  readonly run: string;
  /** 0, 1, 2, ... within the run. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Step id, or null for events of the run itself. */
  readonly step: string | null;
  readonly event: RecordedFact;
}
