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
  /** Hears every change; gives back the way to stop hearing. */
  listen(listener: (standing: PlantStanding) => void): () => void;
  /** Ends sending at once; what was not sent is sent when the station is open again. */
  close(): Promise<void>;
}
