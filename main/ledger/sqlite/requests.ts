import type { RunEvent, StepEvent } from '../../model/event.ts';
import type { FaultRecord } from '../../model/fault.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../../model/record.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { EscrowRelease, RecipeStateNote, SessionNote, StationAct } from '../ledger.ts';

/**
 * What the writing thread can be asked. A request crosses to it as its canonical JSON text: what has no JSON form (a SecretBytes, a
 * Uint8Array) cannot cross, where structured cloning would have let it through.
 */
export type WriteRequest =
  | { op: 'openBatch'; batch: BatchRecord }
  | { op: 'closeBatch'; id: string; at: string }
  | { op: 'putRecipe'; recipe: RecipeRef; text: string }
  | { op: 'noteRecipeState'; note: RecipeStateNote }
  | { op: 'noteSession'; note: SessionNote }
  | { op: 'noteAct'; act: StationAct }
  | { op: 'noteCheckpoint'; checkpoint: { note: string; publicKey: string } }
  | { op: 'noteEscrowRelease'; release: EscrowRelease }
  | { op: 'openRun'; run: RunRecord }
  | { op: 'bindRun'; run: string; facts: { mac?: string; serial?: string; chip?: string } }
  | { op: 'append'; run: string; step: string | null; event: Exclude<StepEvent | RunEvent, { type: 'progress' }> }
  | { op: 'endRun'; run: string; end: { at: string; outcome: Outcome; fault: FaultRecord | null } }
  | { op: 'seal'; record: SealedRecord }
  | { op: 'condemn'; mac: string; run: string | null; reason: string; keepKeys: boolean; by: readonly string[] | null }
  | { op: 'release'; mac: string; by: readonly string[]; reason: string }
  | { op: 'dropKeys'; mac: string; reason: string };

/** Answer of a write: the row it became (null where nothing had to be written), and an event's place in its run. */
export interface Written {
  readonly row: number | null;
  readonly hash: string | null;
  readonly seq: number | null;
}

/** One write on its way: its time by the station's clock (ISO 8601) and the canonical text of the request. */
export interface TimedRequest {
  readonly at: string;
  readonly text: string;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FaultRecord };

/** What a thread of the ledger is made of: it answers messages, each a batch of calls, until it is closed. `report`: what it says first. */
export interface ThreadBody {
  readonly handle: (calls: readonly unknown[]) => readonly Answer<unknown>[] | Promise<readonly Answer<unknown>[]>;
  readonly close: () => void;
  readonly report: unknown;
}
