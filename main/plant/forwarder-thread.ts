// The body of the thread that sends a station's rows: a reader of the ledger and a connection of its own, beside the loop on which boards
// are worked on. Started by forwarding.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { openSqliteLedgerForReading } from '../ledger/sqlite/open.ts';
import type { PlantStanding } from '../model/plant.ts';
import { Forwarder, type ForwarderLimits } from './forwarder.ts';
import { type PlantPlaces, stationDoor } from './station-door.ts';

export interface ForwarderThreadOptions {
  /** The ledger's file. */
  readonly file: string;
  readonly station: string;
  readonly plant: PlantPlaces;
  readonly limits: ForwarderLimits;
}

/** What the thread says. */
export type FromThread =
  | { readonly standing: PlantStanding }
  | { readonly leases: readonly Uint8Array[] }
  | { readonly cosignatures: readonly string[] };

const port = parentPort;
if (port === null) throw new Error('forwarder-thread.ts runs as a thread only');
const { file, station, plant, limits } = workerData as ForwarderThreadOptions;

const ended = new AbortController();
port.once('message', () => ended.abort(new Error('the station closes')));
const ledger = await openSqliteLedgerForReading(file);
const forwarder = new Forwarder({
  ...{ ledger, station, limits, clock: systemClock, random: systemRandom },
  door: () => stationDoor(plant, station),
  tell: (standing) => port.postMessage({ standing } satisfies FromThread),
  tellLeases: (leases) => port.postMessage({ leases } satisfies FromThread),
  tellCosignatures: (cosignatures) => port.postMessage({ cosignatures } satisfies FromThread),
});
await forwarder.run(ended.signal);
await ledger.close();
// one that has stopped still waits for the word to end
if (!ended.signal.aborted) await new Promise((resolve) => ended.signal.addEventListener('abort', resolve));
port.close();
