import type { ChipKind } from './chip.ts';
import type { Outcome } from './outcome.ts';
import type { RecipeRef } from './refs.ts';

/**
 * What a board is, by what was read of it and what the ledger knows. blank: nobody has burned it. met: it was here, and nothing is begun.
 * half-done: begun here. sealed, condemned: so the ledger says. foreign: begun somewhere else. other-chip: another one has its MAC. shut: it
 * cannot be read.
 */
export type RecoveryState = 'blank' | 'met' | 'half-done' | 'sealed' | 'condemned' | 'foreign' | 'other-chip' | 'shut';

/** A thing that stands in the board for ever, and who burned it. */
export interface BurnedThing {
  /** `BLOCK_KEY0`, `DIS_PAD_JTAG` */
  readonly where: string;
  /** What it is and how far it is proven, in words. */
  readonly what: string;
  /** The run that burned it, when and where; null: no run of this ledger. */
  readonly by: {
    readonly run: string;
    readonly at: string;
    readonly fixture: string;
    readonly operator: string | null;
  } | null;
}

/** Whether, and by what, a board can be finished. */
export interface FinishAnswer {
  /** Null: nobody can say here. */
  readonly possible: boolean | null;
  readonly recipe: RecipeRef | null;
  /** Why, or what it takes, each in a sentence. */
  readonly why: readonly string[];
  /** The steps that are left, in words; empty where it cannot be finished, or nobody can say. */
  readonly left: readonly string[];
}

/** Everything that a look at a board gave. Plain values, no secret; nothing was burned or written for it. */
export interface RecoveryReport {
  readonly state: RecoveryState;
  readonly chip: { readonly kind: ChipKind; readonly title: string; readonly revision: number | null } | null;
  readonly mac: string | null;
  readonly serial: string | null;
  readonly door: 'open' | 'secure' | 'disabled';
  /** What it is, in a sentence or two; then what to do. */
  readonly what: string;
  readonly next: string;
  readonly burned: readonly BurnedThing[];
  /** Its runs at this station, oldest first. */
  readonly runs: readonly {
    readonly run: string;
    readonly recipe: RecipeRef;
    readonly fixture: string;
    readonly operator: string | null;
    readonly at: string;
    readonly outcome: Outcome | null;
    readonly fault: string | null;
  }[];
  readonly finish: FinishAnswer;
  /** What ends where two people condemn or release it. */
  readonly lost: readonly string[];
  /** What can be done with it from here. */
  readonly acts: readonly ('finish' | 'name' | 'release' | 'condemn' | 'verify')[];
  /** Boards that wait for their seal behind a shut door, one of which it may be: MAC and serial number. */
  readonly waiting: readonly { readonly mac: string; readonly serial: string | null }[];
}
