import { type FaultRecord, RecipeFault } from './fault.ts';

/** A board before it starts, as the factory's own system is asked about it. */
export interface BoardAtRoute {
  readonly run: string;
  readonly fixture: string;
  readonly operator: string | null;
  readonly order: string | null;
  readonly batch: string | null;
  readonly recipe: { readonly name: string; readonly revision: number; readonly hash: string };
  readonly chip: string;
  readonly mac: string;
  /** Where it is known before the board is bound: scanned, or made of the MAC. */
  readonly serial: string | null;
}

/** What the factory's system says of it. */
export interface RouteAnswer {
  readonly answer: /** it may start */
    | 'go'
    /** it may not */
    | 'refused'
    /** nobody answered, and the station file lets boards go on for a while */
    | 'went-on';
  /** In its own words, cut and written out where they would be obeyed or turned; null: it said none. */
  readonly words: string | null;
  /** Since when it had not been heard, ms, where boards went on; null: it answered. */
  readonly silentMs: number | null;
}

/** How the station stands to the factory's system: to be shown. */
export interface MesStanding {
  readonly state: 'starting' | 'level' | 'sending' | 'away';
  /** Rows of the ledger behind the newest whose result was taken. */
  readonly waiting: number;
  /** When it was last heard, ISO 8601; null: never. */
  readonly heardAt: string | null;
  readonly faults: readonly FaultRecord[];
}

/** A result that the factory's system refused for ever, or did not take yet. */
export interface OpenResult {
  readonly run: string;
  readonly state: 'refused' | 'waiting';
  /** When it was refused, or the run ended; ISO 8601. */
  readonly at: string;
  /** Of the refusal. */
  readonly words: string | null;
}

/** The factory's own system (MES) as a station has it. */
export interface FactorySystem {
  readonly standing: MesStanding;
  /**
   * Whether a board may start. Waits where nobody answers and the station file says `hold`: `held` hears why, once. Rejects with the signal's
   * reason when that ends the wait.
   */
  ask(board: BoardAtRoute, signal: AbortSignal, held: (fault: FaultRecord) => Promise<void>): Promise<RouteAnswer>;
  /** Hears every change of what needs somebody; gives back the way to stop hearing. */
  listen(listener: (standing: MesStanding) => void): () => void;
  /** Refused ones first, then those that wait, 100 of them at most. */
  results(): Promise<readonly OpenResult[]>;
  /**
   * A person saw to a result: it is no alarm any more, and is not told where it still waits. A row of the ledger says who and why. RecipeFault
   * `mes.nothing-to-settle`, `mes.no-reason`.
   */
  settle(run: string, said: { readonly by: readonly string[]; readonly reason: string }): Promise<void>;
  /** Ends sending; what was not sent is sent when the station is open again. */
  close(): Promise<void>;
}

/** Somebody asks for results where the station file names no such system. */
export function mesNone(): RecipeFault {
  return new RecipeFault({
    code: 'mes.none',
    what: "The station file names no factory's system, so no result waits for one.",
    next: 'Give the station file that has mes: --station FILE.',
  });
}

/** How the events of a station go to a broker: to be shown. `waiting`: nobody listens whom the station file wants. */
export interface EventsStanding {
  readonly state: 'starting' | 'level' | 'waiting' | 'away';
  /** Rows of the ledger behind the newest that was told. */
  readonly waiting: number;
  readonly faults: readonly FaultRecord[];
}

/** Whoever is told what comes of each board. No board waits for it. */
export interface FactoryEvents {
  readonly standing: EventsStanding;
  /** Hears every change of what needs somebody; gives back the way to stop hearing. */
  listen(listener: (standing: EventsStanding) => void): () => void;
  close(): Promise<void>;
}
