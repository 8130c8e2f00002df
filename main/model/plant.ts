import type { FaultRecord } from './fault.ts';

/** How a station stands to its plant: to be shown, never to be waited for. */
export interface PlantStanding {
  readonly state: /** nothing was heard yet */
    | 'starting'
    /** rows are on their way */
    | 'sending'
    /** the plant has every row */
    | 'level'
    /** it cannot be reached; it is tried again and again */
    | 'away'
    /** nothing is sent any more before somebody has looked at why */
    | 'stopped';
  /** Newest row of the station's own book. */
  readonly newest: number;
  /** Newest of them that the plant has; null: not known yet. */
  readonly sent: number | null;
  /** When the plant was last heard, ISO 8601 by the station's clock; null: not since the station was opened. */
  readonly heardAt: string | null;
  /** Why it is away; null: it is not. */
  readonly reason: string | null;
  /** Conflicts in which this station is one of two, or alone, and that nobody has settled. */
  readonly conflicts: number;
  /** What needs somebody. */
  readonly faults: readonly FaultRecord[];
}

/** Before anything was heard. */
export const atStart: PlantStanding = {
  ...{ state: 'starting', newest: 0, sent: null, heardAt: null, reason: null, conflicts: 0, faults: [] },
};

/** Rows that wait for the plant; null: not known. */
export function lagOf({ newest, sent }: Pick<PlantStanding, 'newest' | 'sent'>): number | null {
  return sent === null ? null : Math.max(0, newest - sent);
}

/** The plant as a station has it. */
export interface PlantOfStation {
  readonly standing: PlantStanding;
  /** Files that the plant has for this station: signed leases, as it says. */
  readonly leases: readonly Uint8Array[];
  /** What each witness said last of this station's heads, as the plant has it: heads with their lines. */
  readonly cosignatures: readonly string[];
  /** Hears every change of these; gives back the way to stop hearing. */
  listen(listener: (standing: PlantStanding) => void): () => void;
  /** Ends sending at once; what was not sent is sent when the station is open again. */
  close(): Promise<void>;
}

/** A conflict as people are told it. */
export interface Conflict {
  readonly id: number;
  readonly at: string;
  readonly kind: 'claim' | 'head' | 'fork' | 'unreadable' | 'lease';
  readonly station: string;
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly holder: string | null;
  readonly holderRow: number | null;
}

/** All stations of a plant, at one moment. Times: ISO 8601. */
export interface PlantOverview {
  /** By the clock of the plant's server. */
  readonly at: string;
  readonly stations: readonly StationOverview[];
  /** Most frequent first, of the last day. */
  readonly faults: readonly { readonly station: string; readonly code: string; readonly count: number }[];
  readonly orders: readonly {
    readonly name: string;
    readonly boards: number;
    /** Places that are a station's, and by which it came to them. */
    readonly held: readonly { readonly station: string; readonly places: number; readonly byLease: boolean }[];
  }[];
  /** What nobody has settled, oldest first, as the plant's own program says it. */
  readonly conflicts: readonly Conflict[];
}

export interface StationOverview {
  readonly name: string;
  /** Rows that the plant has, and that are not here yet, as the station said last. */
  readonly rows: number;
  readonly lag: number;
  /** Null: never. */
  readonly seenAt: string | null;
  readonly sealed: number;
  /** Of the last hour: boards that passed, and seconds from one to the next (null: fewer than two). */
  readonly lastHour: number;
  readonly taktSeconds: number | null;
  /** Runs of the last day by how they ended. */
  readonly lastDay: {
    readonly passed: number;
    readonly failed: number;
    readonly refused: number;
    readonly aborted: number;
  };
}

/** A board that somebody looked for in the whole plant. */
export interface FoundInPlant {
  readonly station: string;
  readonly mac: string | null;
  readonly serial: string | null;
  /** What of it has the text. */
  readonly field: string;
  readonly value: string;
  /** Its newest run: when it ended, and how; null: it has not. */
  readonly at: string | null;
  readonly outcome: string | null;
}

/** What a station shows of the whole plant; all null: it is not let look. */
export interface PlantSight {
  /** As it was last read; null: never since the station was opened. */
  readonly overview: PlantOverview | null;
  /** When that was, by the station's clock. */
  readonly readAt: string | null;
  /** Why nothing newer is known; null: it is there. */
  readonly fault: FaultRecord | null;
}

/** The whole plant, for people to look at. */
export interface PlantViewer {
  look(): Promise<PlantSight>;
  /** Rejects with what keeps the plant from answering. */
  find(text: string): Promise<{ readonly found: readonly FoundInPlant[]; readonly isCut: boolean }>;
  close(): void;
}
