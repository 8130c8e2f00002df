import type { WaiverRecord } from './assurance.ts';
import type { FaultRecord } from './fault.ts';
import type { Outcome } from './outcome.ts';

/** Plain values that may stand in an event or a record. No secret has such a form. */
export type Fact = null | boolean | number | string | readonly Fact[] | { readonly [name: string]: Fact };

/**
 * What steps say. The set is closed; ledger and screens read the same stream. All but `progress` are appended durably to the
 * ledger before the step is asked to go on (LAW 2).
 */
export type StepEvent =
  /** How far a long action is; for screens only, never in the ledger. */
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: 'bytes' | 'blocks' | 'images';
    }
  /** Something read or computed. */
  | { readonly type: 'observed'; readonly what: string; readonly value: Fact }
  /** A per-device key came to be: only its fingerprint and, where the run must survive a power cut, its wrapped form. */
  | {
      readonly type: 'key-made';
      readonly role: KeyRole;
      readonly fingerprint: string;
      readonly wrapped: WrappedKey | null;
    }
  /**
   * A secret of the device was put away for later: its wrapped form survives the seal, and comes out only when two custodians ask for it.
   * `fingerprint` is null where the secret is so short that one could be searched for.
   */
  | {
      readonly type: 'escrowed';
      readonly what: EscrowedSecret;
      readonly fingerprint: string | null;
      readonly wrapped: WrappedKey | null;
    }
  /** The board is about to be changed for ever: appended before, never after. */
  | { readonly type: 'intend'; readonly what: string; readonly detail: Fact }
  /** The irreversible act was carried out; not yet believed. */
  | { readonly type: 'burned'; readonly what: string; readonly detail: Fact }
  /** Read back and found as intended. */
  | { readonly type: 'verified'; readonly what: string; readonly detail: Fact }
  /** Per-device keys were zeroed and their wrapped forms are to be dropped at the seal. */
  | { readonly type: 'keys-destroyed'; readonly roles: readonly KeyRole[]; readonly livedMs: number }
  | ({ readonly type: 'waived' } & WaiverRecord);

/** What a run adds around its steps. */
export type RunEvent =
  | { readonly type: 'run-started'; readonly fixture: string; readonly operator: string | null }
  | { readonly type: 'identified'; readonly identity: Fact; readonly efuses: Fact }
  | {
      readonly type: 'planned';
      readonly planDigest: string;
      readonly steps: readonly string[];
      readonly resumes: string | null;
      readonly facts: PlanFacts;
    }
  /** The token went away (or came back): the run waits where the board is safe. */
  | { readonly type: 'parked'; readonly fault: FaultRecord }
  | { readonly type: 'resumed'; readonly waitedMs: number }
  /** A row of a list of devices was given to this board, for ever. */
  | { readonly type: 'row-taken'; readonly list: string; readonly row: string }
  | { readonly type: 'step-started'; readonly step: string; readonly irreversible: boolean }
  | { readonly type: 'step-passed'; readonly step: string; readonly ms: number }
  /** A label was scanned back for this sealed board, by whom, and whether it was its own. */
  | {
      readonly type: 'label-scanned';
      readonly text: string;
      readonly fits: boolean;
      readonly operator: string | null;
    }
  | { readonly type: 'run-ended'; readonly outcome: Outcome; readonly fault: FaultRecord | null; readonly ms: number };

/** What of a plan the sealed record will state; its whole text is bound by the digest. */
export interface PlanFacts {
  readonly serial: string | null;
  readonly secureBoot: { readonly scheme: string; readonly keyDigests: readonly string[] } | null;
  readonly secureVersion: number;
  /** Every key block of the product, burned now or before: what lies there; a digest for public ones. */
  readonly keys: readonly { readonly material: string; readonly block: number; readonly digest: string | null }[];
  /** Fields that the last burn sets. */
  readonly door: Readonly<Record<string, number>>;
}

/** An event as it lies in the ledger and goes to screens. */
export interface StoredEvent {
  readonly run: string;
  /** 0, 1, 2, ... within the run. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Step id, or null for events of the run itself. */
  readonly step: string | null;
  readonly event: StepEvent | RunEvent;
}

/** What a per-device key is for. */
export type KeyRole = 'flash-encryption' | 'ecdsa-identity' | 'hmac-up' | 'hmac-down-ds' | 'hmac-down-jtag';

/** Secrets of a device that may be put away under two custodians: what re-enables its JTAG, what a customer needs to provision it. */
export type EscrowedSecret = 'jtag-token' | 'proof-of-possession';

/** A per-device key under the token's non-extractable wrapping key (AES key wrap with padding, RFC 5649). */
export interface WrappedKey {
  /** CKA_ID of the wrapping key, hex. */
  readonly wrappingKeyId: string;
  readonly mechanism: 'AES_KEY_WRAP_PAD';
  /** Base64 of the wrapped bytes. */
  readonly data: string;
}
