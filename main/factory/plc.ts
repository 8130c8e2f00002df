// The PLC of a station over Modbus TCP: the station asks ten times a second what it says, and writes how its fixtures stand.
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Fault, isFault } from '../model/fault.ts';
import type { LineForPlc, PlcOfStation, PlcStanding } from '../model/plc.ts';
import { plcFault, plcSilent, plcWrongForm } from './faults.ts';
import { type ModbusLine, mostRegisters, openModbus, type PlcDoor } from './modbus-line.ts';
import { Handshake } from './plc-handshake.ts';
import { form, plcBlock, plcBlockLength, type StationWord, stationBlock, unit } from './plc-registers.ts';

export interface PlcLimits {
  /** For one answer, ms. */
  readonly deadlineMs: number;
  /** Between two looks. */
  readonly restMs: number;
  readonly retryMs: readonly [first: number, longest: number];
  /** A counter that stands so long is that of a program that does not run. */
  readonly silentMs: number;
}

export const usualPlcLimits: PlcLimits = { deadlineMs: 1000, restMs: 100, retryMs: [500, 5000], silentMs: 2000 };

export interface PlcParts {
  readonly door: PlcDoor;
  /** For people. */
  readonly url: string;
  /** First register of the PLC's block, and of the station's. */
  readonly readAt: number;
  readonly writeAt: number;
  readonly fixtures: PlcOfStation['fixtures'];
  /** Ids of recipes by their names. */
  readonly recipes: ReadonlyMap<string, number>;
  /** Of this start of the program: 16 bits. */
  readonly opening: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: PlcLimits;
}

/** Connects to nothing before a line is handed over. */
export function plcOf(parts: PlcParts): PlcOfStation {
  return new Plc(parts);
}

class Plc implements PlcOfStation {
  readonly fixtures: PlcOfStation['fixtures'];
  readonly #parts: PlcParts;
  readonly #handshakes: readonly Handshake[];
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(standing: PlcStanding) => void>();
  #standing: PlcStanding = { state: 'starting', faults: [] };
  #leading: Promise<void> | null = null;
  #counter = 0;

  constructor(parts: PlcParts) {
    this.#parts = parts;
    this.fixtures = parts.fixtures;
    this.#handshakes = parts.fixtures.map(() => new Handshake());
  }

  get isLed(): boolean {
    return this.#leading !== null;
  }

  get standing(): PlcStanding {
    return this.#standing;
  }

  listen(listener: (standing: PlcStanding) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  lead(line: LineForPlc): void {
    this.#leading ??= this.#lead(line, this.#ended.signal);
  }

  async close(): Promise<void> {
    this.#ended.abort(new Error('the station closes'));
    await this.#leading;
  }

  async #lead(line: LineForPlc, signal: AbortSignal): Promise<void> {
    const { clock, limits, url } = this.#parts;
    for (let tries = 0; !signal.aborted; ) {
      try {
        await this.#session(line, signal, () => {
          tries = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#say('away', isFault(error) ? error : plcFault(url, error));
        const [first, longest] = limits.retryMs;
        await clock.sleep(Math.min(longest, first * 2 ** Math.min(tries++, 16)), signal).catch(() => undefined);
      }
    }
  }

  /** From one connection to its end. */
  async #session(line: LineForPlc, signal: AbortSignal, reached: () => void): Promise<void> {
    const { door, clock, limits, readAt, fixtures, url } = this.#parts;
    const modbus = await openModbus(door, { clock, ms: limits.deadlineMs });
    for (const handshake of this.#handshakes) handshake.void();
    const pulse = new Pulse(clock, limits.silentMs);
    try {
      while (!signal.aborted) {
        const block = plcBlock(await modbus.read(readAt, plcBlockLength(fixtures.length)));
        if (block.form !== form) throw plcWrongForm(url, readAt, block.form);
        const wasHeard = pulse.isHeard;
        pulse.take(block.counter);
        // what was low before a program began to count says nothing of what is high behind it
        if (pulse.isHeard !== wasHeard) for (const handshake of this.#handshakes) handshake.void();
        await this.#turn(line, modbus, block, pulse.isHeard);
        if (pulse.isHeard) {
          reached();
          this.#say('level', null);
        } else if (pulse.isSilent) this.#say('silent', plcSilent(url, readAt + 1, block.counter, limits.silentMs));
        await clock.sleep(limits.restMs, signal).catch(() => undefined);
      }
      await this.#write(modbus, Array(unit * (1 + fixtures.length)).fill(0));
    } finally {
      modbus.close();
    }
  }

  /** Hears what was read, says how the fixtures stand, and starts what is to start once that was said. */
  async #turn(line: LineForPlc, modbus: ModbusLine, said: ReturnType<typeof plcBlock>, isHeard: boolean) {
    const { recipes, fixtures, opening, log } = this.#parts;
    const now = line.look();
    const recipe = (now.recipe === null ? null : recipes.get(now.recipe)) ?? 0;
    const isWrong = said.recipe !== 0 && said.recipe !== recipe;
    const words: StationWord[] = this.#handshakes.map((handshake, at) => {
      if (isHeard) handshake.hear(said.fixtures[at]!, now.fixtures[at]!, isWrong);
      return handshake.say(now.fixtures[at]!, isHeard, isWrong);
    });
    this.#counter = (this.#counter + 1) % 0x10000;
    await this.#write(
      modbus,
      stationBlock({
        ...{ counter: this.#counter, opening, isHeard, recipe, plcCounter: said.counter, fixtures: words },
        ...{ hasBatch: now.recipe !== null, isByHand: now.isByHand },
      }),
    );
    for (const [at, handshake] of this.#handshakes.entries()) {
      const wait = handshake.told(words[at]!, now.fixtures[at]!);
      if (wait === null) continue;
      const fixture = fixtures[at]!.name;
      const isStarted = line.start(fixture, wait);
      log.info('plc-start', { fixture, isStarted });
      if (!isStarted) handshake.isGone();
    }
  }

  /** Whole fixtures at a time, and the header with the counter last: what is new is there when it goes on. */
  async #write(modbus: ModbusLine, block: readonly number[]): Promise<void> {
    const portion = unit * Math.floor(mostRegisters.write / unit);
    for (let at = portion * Math.floor((block.length - 1) / portion); at >= 0; at -= portion)
      await modbus.write(this.#parts.writeAt + at, block.slice(at, at + portion));
  }

  #say(state: PlcStanding['state'], fault: Fault | null): void {
    const faults = fault === null ? [] : [fault.toJSON()];
    const { log } = this.#parts;
    const [before] = this.#standing.faults;
    if (state !== this.#standing.state || before?.code !== fault?.code) {
      if (fault === null) log.info('plc', { state });
      else log.warn('plc', { state, error: fault });
    }
    this.#standing = { state, faults };
    for (const listener of this.#listeners) listener(this.#standing);
  }
}

/** Whether the program of a PLC runs, by its counter on one connection. */
class Pulse {
  readonly #clock: Clock;
  readonly #silentMs: number;
  #last: number | null = null;
  #since: number;
  #counts = false;

  constructor(clock: Clock, silentMs: number) {
    this.#clock = clock;
    this.#silentMs = silentMs;
    this.#since = clock.monotonic();
  }

  /** It was seen to go on, and lately. */
  get isHeard(): boolean {
    return this.#counts;
  }

  /** It stands for too long. */
  get isSilent(): boolean {
    return this.#clock.monotonic() - this.#since > this.#silentMs;
  }

  take(counter: number): void {
    if (this.#last !== null && counter !== this.#last) {
      this.#counts = true;
      this.#since = this.#clock.monotonic();
    } else if (this.isSilent) this.#counts = false;
    this.#last = counter;
  }
}
