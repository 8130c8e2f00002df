// A fixture of the scripted station: its port leads to whatever silicon lies in it, and knows whether it was closed.

import type { Outcome } from '../../../main/model/outcome.ts';
import type { FixtureState, StationEvent } from '../../../main/station/events.ts';
import { Fixture, type FixtureGate, type FixtureParts } from '../../../main/station/fixture.ts';
import type { Port } from '../../../main/transport/port.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import { type Rig, takesAll } from './parts.ts';

export interface NestOptions {
  readonly serials?: readonly (string | null)[];
  readonly gate?: FixtureGate;
  readonly usb?: Port['usb'];
  readonly signal?: AbortSignal;
}

/** What a fixture did with the boards that were given to it. */
export interface NestReport {
  readonly verdicts: readonly Extract<StationEvent, { type: 'verdict' }>[];
  readonly outcomes: readonly Outcome[];
  readonly states: readonly FixtureState[];
  /** Ports that were opened and are open still. */
  readonly open: number;
  readonly givenBack: number;
  /** What `work` rejected with; null: it did not. */
  readonly error: unknown;
}

/** Lets a fixture work off as many claims as there are serial numbers (one without any). */
export async function work(rig: Rig, chip: VirtualChip, options: NestOptions = {}): Promise<NestReport> {
  const { serials = [null], gate = null, usb = null } = options;
  const halt = new AbortController();
  const signal = options.signal === undefined ? halt.signal : AbortSignal.any([options.signal, halt.signal]);
  const ports = new Set<Port>();
  const outcomes: Outcome[] = [];
  let [claimed, givenBack] = [0, 0];
  const from = rig.heard.length;
  const parts: FixtureParts = {
    ...rig.parts,
    openPort: async (address) => {
      const port = openVirtualPort(chip, address);
      ports.add(port);
      return {
        ...methodsOf(port),
        address,
        hasControlLines: true,
        hasBaudRate: true,
        get baudRate() {
          return port.baudRate;
        },
        usb,
        close: () => {
          ports.delete(port);
          return port.close();
        },
      };
    },
    job: {
      loaded: rig.loaded,
      allowance: takesAll,
      release: await rig.station.prepareRelease(rig.loaded),
      resetBy: 'lines',
      signal,
      operator: 'op-7',
      batch: 'B-1',
      device: null,
    },
    gate,
    claim: () => (claimed < serials.length ? { serial: serials[claimed++] ?? null } : null),
    claimLater: async () => (claimed < serials.length ? { serial: serials[claimed++] ?? null } : null),
    isFull: () => false,
    whenFree: async () => undefined,
    giveBack: () => {
      givenBack++;
    },
    done: (outcome) => {
      outcomes.push(outcome);
      // with people at the line a fixture waits for boards until the order is done
      if (gate !== null && outcomes.length === serials.length) halt.abort(new Error('the order is done'));
    },
  };
  let error: unknown = null;
  try {
    await new Fixture({ name: 'nest', address: 'virtual:nest' }, parts).work();
  } catch (reason) {
    error = reason;
  }
  const heard = rig.heard.slice(from);
  return {
    verdicts: heard.filter((event) => event.type === 'verdict'),
    outcomes,
    states: heard.flatMap((event) => (event.type === 'fixture' ? [event.state] : [])),
    open: ports.size,
    givenBack,
    error,
  };
}

/** A port's methods, bound to it: its class keeps private state. */
function methodsOf(
  port: Port,
): Omit<Port, 'address' | 'hasControlLines' | 'hasBaudRate' | 'usb' | 'baudRate' | 'close'> {
  return {
    write: (bytes) => port.write(bytes),
    drain: () => port.drain(),
    onData: (listener) => port.onData(listener),
    onGone: (listener) => port.onGone(listener),
    setLines: (lines) => port.setLines(lines),
    setBaudRate: (rate) => port.setBaudRate(rate),
    discardInput: () => port.discardInput(),
  };
}
