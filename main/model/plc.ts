// A PLC that starts the boards of some fixtures, as the station and the tie to it see each other.
import type { FaultRecord } from './fault.ts';
import type { Outcome } from './outcome.ts';

/** Why a board cannot be started, by the number that the PLC reads (docs/factory.md). */
export const startRefusals = {
  /** the level was high before the station said ready: no edge */
  'no-edge': 1,
  'no-batch': 2,
  /** no board waits in this fixture */
  'no-board': 3,
  /** its serial number was not scanned yet */
  'no-serial': 4,
  /** the PLC itself says that nothing lies there */
  'not-present': 5,
  /** the result before was not acknowledged */
  'result-open': 6,
  /** the PLC wants another recipe than the batch's */
  'other-recipe': 7,
  /** whoever began the batch may not run the line any more */
  'no-operator': 8,
} as const;

export type StartRefusal = keyof typeof startRefusals;

/** What the line says of a fixture that the PLC starts. */
export interface FixtureAtPlc {
  /** The wait of a board that lacks nothing but the start: another number for each; null: there is none. */
  readonly waits: number | null;
  /** What keeps its board from waiting so. */
  readonly lacks: Extract<StartRefusal, 'no-batch' | 'no-board' | 'no-serial' | 'no-operator'> | null;
  /** A board is being started or worked on. */
  readonly isBusy: boolean;
  /** It was planned, so that a burn may be under way at any moment. */
  readonly mustStay: boolean;
  /** How the last board ended; `number` counts them since the program started. Null: none did. */
  readonly end: { readonly number: number; readonly outcome: Outcome; readonly mac: string | null } | null;
}

export interface LineAtPlc {
  /** Of the batch that runs; null: none does. */
  readonly recipe: string | null;
  /** A board is read or finished at the desk beside any batch: whichever it is, none may be moved. */
  readonly isByHand: boolean;
  /** In the order of the station file. */
  readonly fixtures: readonly FixtureAtPlc[];
}

/** The line as a PLC leads it. */
export interface LineForPlc {
  look(): LineAtPlc;
  /** Starts the board of this wait. False: it does not wait any more. */
  start(fixture: string, wait: number): boolean;
}

/** How the station stands to its PLC: to be shown. `silent`: it answers, and its program does not count. */
export interface PlcStanding {
  readonly state: 'starting' | 'level' | 'silent' | 'away';
  readonly faults: readonly FaultRecord[];
}

/** The PLC of a station. It starts boards, and decides nothing else. */
export interface PlcOfStation {
  /** Whose boards it alone starts. */
  readonly fixtures: readonly { readonly name: string; readonly address: string | null }[];
  /** A line is handed over to it: what happens to a board is said to it. */
  readonly isLed: boolean;
  readonly standing: PlcStanding;
  /** Hears every change of what needs somebody; gives back the way to stop hearing. */
  listen(listener: (standing: PlcStanding) => void): () => void;
  /** Hands the line over: from now on it is connected to. */
  lead(line: LineForPlc): void;
  /** Says that the station is gone, and ends the connection. */
  close(): Promise<void>;
}
