import type { RunEvent, StepEvent } from '../model/event.ts';
import type { FaultRecord } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';

/** Where a fixture is in its life. */
export type FixtureState =
  /** nothing to do, or not started */
  | 'idle'
  /** waits for the next board to be inserted */
  | 'waiting'
  | 'identifying'
  /** a board is in and waits for a person: a serial number to be scanned, a key to be pressed */
  | 'ready'
  /** a board is in that may start, and boards under way fill the order: it starts where one of them fails */
  | 'held'
  | 'running'
  /** nothing is plugged in where the fixture should be */
  | 'absent'
  /** a board is in, as its own USB tells, and answers nothing */
  | 'mute'
  /** waits for the token; the board is at a safe step */
  | 'parked'
  /** waits for the word of the factory's own system; the board is untouched */
  | 'mes-away'
  /** the board is sealed and waits for its label to be scanned back */
  | 'labelling'
  /** a verdict is shown; the board may be taken out */
  | 'shown';

/** What the station says of itself to any face. Steps' own events carry the run; the rest the fixture. */
export type StationEvent =
  | { readonly type: 'fixture'; readonly fixture: string; readonly state: FixtureState }
  | {
      readonly type: 'run';
      readonly fixture: string;
      readonly run: string;
      readonly step: string | null;
      readonly event: StepEvent | RunEvent;
    }
  /** The work in this fixture waits for a token that has not answered for a while; or that is over. */
  | { readonly type: 'token'; readonly fixture: string; readonly isSilent: boolean }
  /** The work in this fixture waits for a ledger whose disk takes long; or that is over. */
  | { readonly type: 'ledger'; readonly fixture: string; readonly isSlow: boolean }
  | {
      readonly type: 'verdict';
      readonly fixture: string;
      readonly run: string;
      readonly mac: string | null;
      readonly serial: string | null;
      readonly outcome: Outcome;
      readonly fault: FaultRecord | null;
      readonly seal: { readonly row: number; readonly hash: string } | null;
      readonly ms: number;
    }
  | {
      readonly type: 'batch';
      readonly batch: string;
      readonly done: number;
      readonly passed: number;
      /** Boards ordered; null: open. */
      readonly of: number | null;
    };

export type StationListener = (event: StationEvent) => void;
