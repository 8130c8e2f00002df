import { Desk } from '../station/desk/desk.ts';
import type { DeskParts } from '../station/desk/room.ts';
import { Station, type StationParts } from '../station/station.ts';

/** A station of the parts that a front door opened. Chooses nothing: which token, which ledger, which ports is the door's business. */
export function createStation(parts: StationParts): Station {
  return new Station(parts);
}

/** The desk of a station: what people at it use. */
export function createDesk(parts: DeskParts): Desk {
  return new Desk(parts);
}
