import { resolve } from 'node:path';
import { digestOf } from '../../base/json.ts';
import { type RandomSource, systemRandom } from '../../base/random.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import { RecipeFault } from '../../model/fault.ts';
import { portBusy } from '../../transport/faults.ts';
import type { OpenPort, Port } from '../../transport/port.ts';
import { bootFromFlash } from '../boot/boot.ts';
import { VirtualChip } from '../chip.ts';
import { parseVirtualAddress, type VirtualAddress } from './address.ts';
import { openVirtualPort } from './port.ts';

export { parseVirtualAddress, type VirtualAddress } from './address.ts';

export interface VirtualBenchParts {
  /** Where seeds of chips come from that name none. */
  readonly random?: RandomSource;
  /** What is burned in a chip that is made now. */
  readonly efuses?: EfuseSnapshot;
}

/** Virtual boards on a bench: opened by address like any port, and at hand for who turns their supply off or looks into them. */
export interface VirtualBench {
  /**
   * Opens a `virtual:` address (see parseVirtualAddress). With `name` or `state` it is the same board every time, else a new one.
   * RecipeFault `virtual.address`; FixtureFault `transport.busy` while the board's port is open.
   */
  readonly open: OpenPort;
  /** The board that the address opened last; undefined before. */
  chip(address: string): VirtualChip | undefined;
  /** Takes the board of this address off the bench, once its port is closed: the next opening makes a new one. */
  remove(address: string): void;
  /** Closes all ports, turns all boards off and saves those with a state file. */
  close(): Promise<void>;
}

/** A board on the bench. */
interface Place {
  readonly chip: VirtualChip;
  /** Digest of the options it was made with. */
  readonly made: string;
  /** Whether a name or state file leads to it again. */
  kept: boolean;
  port: Port | null;
}

/** A chip as an address describes it, without a bench around it; its supply is off. RecipeFault `virtual.address`. */
export function openBenchChip(address: string, parts: VirtualBenchParts = {}): VirtualChip {
  return makeChip(parseVirtualAddress(address), parts);
}

export function createVirtualBench(parts: VirtualBenchParts = {}): VirtualBench {
  const kept = new Map<string, Place>();
  const latest = new Map<string, Place>();
  const all = new Set<Place>();

  const placeOf = (address: string): Place => {
    const parsed = parseVirtualAddress(address);
    const key = keyOf(parsed);
    const made = digestOf(parsed.options);
    const there = key === null ? undefined : kept.get(key);
    if (there !== undefined) {
      if (there.made !== made) throw otherBoard(address);
      return there;
    }
    const place: Place = { chip: makeChip(parsed, parts), made, kept: key !== null, port: null };
    if (key !== null) kept.set(key, place);
    all.add(place);
    return place;
  };

  /** A board to which no address leads any more goes off the bench once its port is closed. */
  const retire = (place: Place | undefined, address: string): void => {
    if (place === undefined || place.kept || place.port !== null || latest.get(address) === place) return;
    place.chip.powerOff();
    all.delete(place);
  };

  const open: OpenPort = async (address, { baudRate }) => {
    const place = placeOf(address);
    if (place.port !== null) throw portBusy(address);
    const before = latest.get(address);
    latest.set(address, place);
    retire(before, address);
    const port = openVirtualPort(place.chip, address);
    place.port = port;
    const close = port.close.bind(port);
    port.close = async () => {
      await close();
      if (place.port !== port) return;
      place.port = null;
      place.chip.save();
      retire(place, address);
    };
    if (port.baudRate !== baudRate) await port.setBaudRate(baudRate);
    return port;
  };

  return {
    open,
    chip: (address) => latest.get(address)?.chip,
    remove(address) {
      const place = latest.get(address);
      const key = keyOf(parseVirtualAddress(address));
      latest.delete(address);
      if (key !== null) kept.delete(key);
      if (place === undefined) return;
      place.kept = false;
      retire(place, address);
    },
    async close() {
      for (const place of all) {
        await place.port?.close();
        place.chip.powerOff();
      }
      all.clear();
      kept.clear();
      latest.clear();
    },
  };
}

function makeChip({ options }: VirtualAddress, { random = systemRandom, efuses }: VirtualBenchParts): VirtualChip {
  const seed = options.seed ?? random(4).reduce((number, byte) => number * 256 + byte, 0);
  return new VirtualChip({ ...options, seed, ...(efuses === undefined ? {} : { efuses }) }, bootFromFlash);
}

function keyOf({ name, options }: VirtualAddress): string | null {
  if (options.stateFile !== undefined) return `state ${resolve(options.stateFile)}`;
  return name === null ? null : `name ${name}`;
}

function otherBoard(address: string): RecipeFault {
  return new RecipeFault({
    code: 'virtual.address',
    what: `${address} names a board that is on the bench already, made otherwise.`,
    next: 'Write the address as it was first, or give this board another name or state file.',
    details: { address },
  });
}
