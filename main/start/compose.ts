import { Station, type StationParts } from '../station/station.ts';

/** A station of the parts that a front door opened. Chooses nothing: which token, which ledger, which ports is the door's business. */
export function createStation(parts: StationParts): Station {
  return new Station(parts);
}
