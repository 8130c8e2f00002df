import type { EscrowedSecret, KeyRole } from '../model/event.ts';
import type { WrittenEvent } from '../model/evidence/rows.ts';
import type { FaultRecord } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../model/record.ts';
import type { RecipeRef } from '../model/refs.ts';

/** Version of the tables and of the bodies below; bound by the genesis row, and SQLite's user_version. */
export const ledgerSchema = 8;

/** What the chain holds of a wrapped key: enough to prove which bytes lay there, not the bytes (they vanish at the seal). */
export interface WrappedKeyMark {
  readonly wrappingKeyId: string;
  readonly mechanism: string;
  /** SHA-256 (hex) of the wrapped bytes. */
  readonly sha256: string;
}

/** A wrapped key that an entry declares gone. */
export interface DroppedKey {
  readonly run: string;
  readonly role: KeyRole;
  readonly fingerprint: string;
  readonly sha256: string;
}

/** An event as it stands in a row's body: with the version of its fact, and of wrapped keys only the mark. */
export type BookedEvent = WrittenEvent;

/** What became of a recipe (by the hash that binds it and its firmware), and who said so. The latest one of a hash holds. */
export interface RecipeStateNote {
  readonly recipe: RecipeRef;
  readonly state: 'draft' | 'rehearsed' | 'approved' | 'retired';
  readonly by: string;
  readonly reason: string | null;
  /** How a rehearsal of this hash went, where this note is of one. One that did not pass leaves the state as it was. */
  readonly rehearsal?: {
    readonly passed: boolean;
    readonly ms: number;
    readonly steps: readonly { readonly title: string; readonly ms: number }[];
    readonly fault: FaultRecord | null;
  };
}

/** Who sat down at a face of the station or left it, and what was refused to whom. Never a PIN or a badge. */
export interface SessionNote {
  readonly what: 'login' | 'logout' | 'login-refused' | 'call-refused';
  /** How the face reaches the station: `window` or `browser`. */
  readonly face: string;
  readonly operator: string | null;
  readonly detail: string | null;
}

/**
 * What somebody did to the station itself: to people, their roles and ways in, printer, fixtures, keys of a token; a signature that a token
 * was asked for, a key that it wrapped or unwrapped for a file; a head of another book that it saw or refused, what others say of its own heads; a backup put in the ledger's place; a signed order that it begins to work on, leases of it; work in development mode. Booked before it is done. Never a PIN, a badge, or a secret.
 */
export interface StationAct {
  readonly what:
    | 'person-saved'
    | 'person-removed'
    | 'credential-made'
    | 'printer-set'
    | 'fixtures-set'
    | 'keys-made'
    | 'token-known'
    | 'key-making'
    | 'key-known'
    | 'key-undone'
    | 'clock-set'
    | 'token-switched'
    | 'signed'
    | 'key-used'
    | 'ledger-restored'
    | 'recipe-removed'
    | 'exported'
    | 'shift-handed-over'
    | 'development-work'
    | 'order-taken'
    | 'head-witnessed'
    | 'head-refused'
    | 'head-cosigned'
    | 'leases-opened'
    | 'lease-taken'
    | 'lease-returned'
    | 'mes-result-refused'
    | 'mes-result-settled'
    | 'question-saved'
    | 'anonymous-tries'
    | 'seats-forgotten'
    | 'language-chosen';
  /** Who, by id; two where it takes two. */
  readonly by: readonly string[];
  /** Whom or what it was done to. */
  readonly about: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** An escrowed secret was given out: of which device, at whose word, why. Booked before the secret comes out. */
export interface EscrowRelease {
  readonly mac: string;
  readonly what: EscrowedSecret;
  readonly fingerprint: string | null;
  /** Run in which the secret was put away. */
  readonly escrowedBy: string;
  /** Two different people. */
  readonly custodians: readonly [string, string];
  readonly reason: string;
}

/** What the chain can say. `run` is set for entries of a run. All tables but the wrapped bytes follow from these in order. */
export type Entry =
  | { kind: 'genesis'; run: null; body: { station: string; ledger: string; schema: number } }
  | { kind: 'batch-opened'; run: null; body: { batch: BatchRecord } }
  | { kind: 'batch-closed'; run: null; body: { id: string; at: string } }
  | { kind: 'recipe-state'; run: null; body: RecipeStateNote }
  | { kind: 'session'; run: null; body: SessionNote }
  | { kind: 'act'; run: null; body: StationAct }
  | { kind: 'escrow-released'; run: null; body: EscrowRelease }
  | { kind: 'checkpoint'; run: null; body: { note: string; publicKey: string } }
  | { kind: 'recipe'; run: null; body: { recipe: RecipeRef; text: string } }
  | { kind: 'run-opened'; run: string; body: { run: RunRecord } }
  | { kind: 'run-bound'; run: string; body: { mac?: string; serial?: string; chip?: string } }
  | { kind: 'event'; run: string; body: { seq: number; step: string | null; event: BookedEvent } }
  | { kind: 'run-ended'; run: string; body: { at: string; outcome: Outcome; fault: FaultRecord | null } }
  | { kind: 'sealed'; run: string; body: { record: SealedRecord; dropped: readonly DroppedKey[] } }
  | {
      kind: 'condemned';
      run: string | null;
      /** `by`: the people who said so; left out where a run found it. */
      body: { mac: string; reason: string; dropped: readonly DroppedKey[]; by?: readonly string[] };
    }
  | {
      kind: 'released';
      run: null;
      body: { mac: string; reason: string; by: readonly string[]; dropped: readonly DroppedKey[] };
    }
  | {
      kind: 'keys-dropped';
      run: null;
      body: { mac: string; reason: string; dropped: readonly DroppedKey[] };
    };
