import { type Clock, inTime, isoTime } from '../base/clock.ts';
import { Mutex } from '../base/mutex.ts';
import { faultOf } from '../model/fault.ts';
import type { PlantSight, PlantViewer } from '../model/plant.ts';
import { type OwnSql, openSql, type PlantDoor, plantFault, silentPlant } from './connect.ts';
import { findInPlant, readOverview } from './overview.ts';

export interface ViewingParts {
  /** Read anew before each connection. */
  readonly door: () => PlantDoor;
  readonly clock: Clock;
  /** For one question to the plant, ms. */
  readonly deadlineMs?: number;
  /** So long what was read is new enough for whoever else asks, ms. */
  readonly freshMs?: number;
}

/** Looks at the whole plant over one connection, made when somebody asks and made anew when it broke. */
export function startViewing({ door, clock, deadlineMs = 10_000, freshMs = 2000 }: ViewingParts): PlantViewer {
  const turn = new Mutex();
  let open: { readonly sql: OwnSql; readonly door: PlantDoor } | null = null;
  let sight: PlantSight = { overview: null, readAt: null, fault: null };
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<PlantSight> | null = null;
  const leave = () => {
    open?.sql.end();
    open = null;
  };
  /** One question at a time: a transaction is the connection's. */
  const ask = <Value>(question: (sql: OwnSql) => Promise<Value>): Promise<Value> =>
    turn.run(async () => {
      const mine = door();
      open ??= { sql: openSql(mine), door: mine };
      const { sql, door: asked } = open;
      try {
        return await inTime(clock, deadlineMs, question(sql), () => silentPlant(asked));
      } catch (error) {
        leave();
        throw plantFault(error, asked);
      }
    });
  const look = async (): Promise<PlantSight> => {
    try {
      const overview = await ask(readOverview);
      sight = { overview, readAt: isoTime(clock.now()), fault: null };
    } catch (error) {
      sight = { ...sight, fault: faultOf(error).toJSON() };
    }
    lookedAt = clock.monotonic();
    return sight;
  };
  return {
    look() {
      if (clock.monotonic() - lookedAt < freshMs) return Promise.resolve(sight);
      looking ??= look().finally(() => {
        looking = null;
      });
      return looking;
    },
    find: (text) => ask((sql) => findInPlant(sql, text)),
    close: leave,
  };
}
