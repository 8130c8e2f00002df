// Tells a broker what comes of the boards for as long as the station is open: connection after connection, with what stands of it for people.
// What is said on one connection, and how, is its protocol's (sparkplug-node.ts, cfx-endpoint.ts).
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { EventsStanding, FactoryEvents } from '../model/factory.ts';
import { type Fault, isFault } from '../model/fault.ts';

export interface TellingLimits {
  /** For one answer of the broker, ms. */
  readonly deadlineMs: number;
  /** Between two looks at the ledger. */
  readonly restMs: number;
  readonly retryMs: readonly [first: number, longest: number];
  /** So long results may wait before that is an alarm. */
  readonly awayMs: number;
}

export const usualTellingLimits: TellingLimits = {
  ...{ deadlineMs: 10_000, restMs: 1000, retryMs: [1000, 30_000], awayMs: 10 * 60_000 },
};

export interface TellingParts {
  readonly ledger: Pick<Ledger, 'head' | 'batches'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: TellingLimits;
}

/** One way of telling. */
export interface Protocol {
  /** In the log, and in front of its fault codes. */
  readonly name: 'mqtt' | 'cfx';
  /** Row of the ledger up to which the broker was told; null: of nothing yet. */
  row(): number | null;
  /** What the network and the broker say, as a fault of this protocol. */
  faultOf(error: unknown): Fault;
  /** From one connection to its end. `reached`: the broker answers. */
  session(signal: AbortSignal, reached: () => void): Promise<void>;
}

export class Telling implements FactoryEvents {
  readonly #parts: TellingParts;
  readonly #protocol: Protocol;
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(standing: EventsStanding) => void>();
  readonly #orders = new Map<string, string | null>();
  #standing: EventsStanding = { state: 'starting', waiting: 0, faults: [] };
  #since: number;
  #telling: Promise<void> | null = null;

  constructor(parts: TellingParts, protocol: Protocol) {
    this.#parts = parts;
    this.#protocol = protocol;
    this.#since = parts.clock.monotonic();
  }

  get standing(): EventsStanding {
    return this.#standing;
  }

  listen(listener: (standing: EventsStanding) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  begin(): void {
    this.#telling ??= this.#tell(this.#ended.signal);
  }

  async close(): Promise<void> {
    this.#ended.abort(new Error('the station closes'));
    await this.#telling;
  }

  /** All that was to be told is told: what waits, waits from now on. */
  caughtUp(): void {
    this.#since = this.#parts.clock.monotonic();
  }

  /** The order of a batch. */
  async orderOf(batch: string | null): Promise<string | null> {
    if (batch === null) return null;
    if (!this.#orders.has(batch))
      for (const { id, order } of await this.#parts.ledger.batches()) this.#orders.set(id, order);
    return this.#orders.get(batch) ?? null;
  }

  async say(state: EventsStanding['state'], fault: Fault | null): Promise<void> {
    const { clock, ledger, limits } = this.#parts;
    const isAway = fault?.code === `${this.#protocol.name}.away`;
    const isAlarm = fault !== null && (!isAway || clock.monotonic() - this.#since > limits.awayMs);
    const { row } = await ledger.head();
    const waiting = Math.max(0, row - (this.#protocol.row() ?? row));
    this.#standing = { state, waiting, faults: isAlarm ? [fault.toJSON()] : [] };
    for (const listener of this.#listeners) listener(this.#standing);
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const { clock, limits, log } = this.#parts;
    const { name, faultOf, session } = this.#protocol;
    for (let tries = 0; !signal.aborted; ) {
      try {
        await session(signal, () => {
          tries = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        const fault = isFault(error) ? error : faultOf(error);
        if (tries === 0) log.warn(name, { error: fault });
        await this.say('away', fault).catch(() => undefined);
        const [first, longest] = limits.retryMs;
        await clock.sleep(Math.min(longest, first * 2 ** Math.min(tries++, 16)), signal).catch(() => undefined);
      }
    }
  }
}
