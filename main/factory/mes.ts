import { type Clock, isoTime, unlessAborted } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Mutex } from '../base/mutex.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BoardAtRoute, FactorySystem, MesStanding, OpenResult, RouteAnswer } from '../model/factory.ts';
import { type Fault, type FaultRecord, faultOf } from '../model/fault.ts';
import { resultRefused } from './faults.ts';
import { type FactoryDoor, openConnections } from './post.ts';
import { testRecord } from './record.ts';
import { bookSettled, saidOfResults, waitingResults } from './settling.ts';
import { resultsBehind } from './spool.ts';
import { askRoute, type TalkParts, tellResult } from './talk.ts';

export interface MesLimits {
  /** For one question, ms. */
  readonly deadlineMs: number;
  /** So long after it was last heard boards start without its word; 0: none does. */
  readonly goOnMs: number;
  /** Between two looks at the ledger. */
  readonly restMs: number;
  /** First and longest wait before another try. */
  readonly retryMs: readonly [first: number, longest: number];
  /** So long results may wait before that is an alarm. */
  readonly awayMs: number;
}

export const usualMesLimits: MesLimits = {
  ...{ deadlineMs: 5000, goOnMs: 0, restMs: 1000, retryMs: [1000, 30_000], awayMs: 10 * 60_000 },
};

export interface MesParts {
  readonly ledger: Pick<Ledger, 'head' | 'plainRows' | 'run' | 'events' | 'batches' | 'acts' | 'noteAct'>;
  readonly station: string;
  /** Read anew for each question: a new token counts without a restart. */
  readonly door: () => FactoryDoor;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: MesLimits;
  /** What was kept of an earlier opening; null: nothing. */
  readonly kept: string | null;
  /** Keeps a text over a power cut, in the place of the one before. */
  readonly keep: (text: string) => void;
}

/** Row of the ledger up to which results were taken, and when the system was last heard. */
interface Mark {
  readonly row: number;
  readonly heardAt: string | null;
}

/** A heard moment is kept at most so often, ms: it decides minutes. */
const keepHeardMs = 10_000;

/**
 * Asks the factory's system before a board starts, and tells it every result. The ledger is the spool: results are read from its rows, behind a
 * mark that is moved when one was taken. A mark that was lost with its disk makes results be told again, by the same keys.
 */
export function startMes(parts: MesParts): FactorySystem {
  return new Mes(parts);
}

class Mes implements FactorySystem {
  readonly #parts: MesParts;
  readonly #talk: TalkParts;
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(standing: MesStanding) => void>();
  readonly #sending: Promise<void>;
  readonly #settling = new Mutex();
  #standing: MesStanding = { state: 'starting', waiting: 0, heardAt: null, faults: [] };
  /** Orders by their batches. */
  readonly #orders = new Map<string, string | null>();
  #mark: Mark | null;
  #heardKeptAt = Number.NEGATIVE_INFINITY;
  /** Of the monotonic clock: since when results wait for an answer. */
  #since: number;
  /** Why a board waits for its word; null: none does. */
  #held: Fault | null = null;
  /** What the ledger says of refused results; null: not read yet. */
  #said: Awaited<ReturnType<typeof saidOfResults>> | null = null;

  constructor(parts: MesParts) {
    this.#parts = parts;
    const { door, clock, limits } = parts;
    this.#talk = { ...{ door, clock, connections: openConnections() }, ms: limits.deadlineMs };
    this.#mark = markIn(parts.kept);
    this.#since = clock.monotonic();
    this.#standing = { ...this.#standing, heardAt: this.#mark?.heardAt ?? null };
    this.#sending = this.#send(this.#ended.signal);
  }

  get standing(): MesStanding {
    return this.#standing;
  }

  listen(listener: (standing: MesStanding) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async ask(
    board: BoardAtRoute,
    signal: AbortSignal,
    held: (fault: FaultRecord) => Promise<void>,
  ): Promise<RouteAnswer> {
    const { clock, station, limits } = this.#parts;
    for (let tries = 0; ; tries++) {
      try {
        const asked = askRoute(this.#talk, `${board.run}-route`, { station, ...board });
        const { go, words } = await unlessAborted(asked, signal);
        this.#hear();
        return { answer: go ? 'go' : 'refused', words, silentMs: null };
      } catch (error) {
        signal.throwIfAborted();
        const fault = faultOf(error);
        const silentMs = this.#silentMs();
        if (fault.code === 'mes.away' && silentMs !== null && silentMs <= limits.goOnMs)
          return { answer: 'went-on', words: null, silentMs };
        if (tries === 0) {
          this.#held = fault;
          await this.#say({}, null);
          await held(fault.toJSON());
        }
      }
      await clock.sleep(this.#pause(tries), signal);
    }
  }

  async results(): Promise<readonly OpenResult[]> {
    const { refused, settled } = await this.#read();
    const { row } = this.#mark ?? (await this.#parts.ledger.head());
    return [...refused.values(), ...(await waitingResults(this.#parts.ledger, row, settled))];
  }

  /** One at a time: of two people who settle the same result one is told that it is settled. */
  settle(run: string, said: { readonly by: readonly string[]; readonly reason: string }): Promise<void> {
    return this.#settling.run(async () => {
      const result = (await this.results()).find((one) => one.run === run);
      await bookSettled(this.#parts.ledger, result, { run, ...said });
      const { refused, settled } = await this.#read();
      refused.delete(run);
      settled.add(run);
      await this.#say({}, null);
    });
  }

  async #read() {
    this.#said ??= await saidOfResults(this.#parts.ledger);
    return this.#said;
  }

  async close(): Promise<void> {
    this.#ended.abort(new Error('the station closes'));
    await this.#sending;
    // what ended since the last look, as the last board of a terminal's command
    if (this.#standing.state === 'level')
      await this.#sendAll(AbortSignal.timeout(this.#parts.limits.deadlineMs)).catch(() => undefined);
    this.#talk.connections.close();
  }

  /** Since when it was not heard, by the wall clock, which counts over restarts too; null: never heard, or the clock was set back. */
  #silentMs(): number | null {
    const heardAt = this.#mark?.heardAt ?? null;
    if (heardAt === null) return null;
    const silent = this.#parts.clock.now() - Date.parse(heardAt);
    return silent >= 0 ? silent : null;
  }

  #hear(): void {
    const { clock } = this.#parts;
    this.#since = clock.monotonic();
    this.#held = null;
    if (this.#mark === null) return;
    this.#mark = { ...this.#mark, heardAt: isoTime(clock.now()) };
    if (clock.monotonic() - this.#heardKeptAt > keepHeardMs) this.#keep(this.#mark);
  }

  #keep(mark: Mark): void {
    this.#mark = mark;
    this.#parts.keep(`${JSON.stringify(mark)}\n`);
    this.#heardKeptAt = this.#parts.clock.monotonic();
  }

  #pause(tries: number): number {
    const [first, longest] = this.#parts.limits.retryMs;
    return Math.min(longest, first * 2 ** Math.min(tries, 16));
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { clock, limits, log } = this.#parts;
    for (let tries = 0; !signal.aborted; ) {
      try {
        await this.#sendAll(signal);
        tries = 0;
        await clock.sleep(limits.restMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        const fault = faultOf(error);
        if (tries === 0) log.warn('mes', { error: fault });
        await this.#say({ state: 'away' }, fault).catch(() => undefined);
        await clock.sleep(this.#pause(tries++), signal).catch(() => undefined);
      }
    }
  }

  /** Tells what stands behind the mark, in the order of the ledger. */
  async #sendAll(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#parts;
    // a station that gets a factory's system tells what happens from then on; a restored ledger is shorter than the mark
    const head = await ledger.head();
    if (this.#mark === null || this.#mark.row > head.row)
      this.#keep({ row: head.row, heardAt: this.#mark?.heardAt ?? null });
    const { settled } = await this.#read();
    for await (const { results, last } of resultsBehind(ledger, this.#mark!.row)) {
      for (const { row, run, hash } of results) {
        if (!settled.has(run)) {
          // it is away until it took something: an alarm does not go and come with each try
          if (this.#standing.state !== 'away') await this.#say({ state: 'sending' }, null);
          await unlessAborted(this.#tell(run, row, hash), signal);
        }
        this.#keep({ ...this.#mark!, row });
        if (this.#standing.state === 'away') await this.#say({ state: 'sending' }, null);
      }
      // (not kept: rows without results cost nothing to look through again, and a flush of the disk each second would)
      this.#mark = { ...this.#mark!, row: last };
    }
    await this.#say({ state: 'level' }, null);
  }

  async #tell(id: string, row: number, hash: string): Promise<void> {
    const { ledger, station } = this.#parts;
    const run = await ledger.run(id);
    if (run === null) return;
    const order = await this.#orderOf(run.batch);
    const events = await ledger.events(id);
    const record = testRecord(run, { station, order, events, row, hash });
    const words = await tellResult(this.#talk, id, record);
    this.#hear();
    if (words === null) return;
    await ledger.noteAct({ what: 'mes-result-refused', by: [], about: id, detail: { words } });
    const at = isoTime(this.#parts.clock.now());
    (await this.#read()).refused.set(id, { run: id, state: 'refused', at, words });
  }

  async #orderOf(batch: string | null): Promise<string | null> {
    if (batch === null) return null;
    if (!this.#orders.has(batch))
      for (const { id, order } of await this.#parts.ledger.batches()) this.#orders.set(id, order);
    return this.#orders.get(batch) ?? null;
  }

  async #say(change: Partial<MesStanding>, fault: Fault | null): Promise<void> {
    const { clock, ledger, limits } = this.#parts;
    const open = this.#said?.refused;
    const [first] = open?.values() ?? [];
    const refused = first === undefined ? [] : [resultRefused(first.run, first.words ?? '', open!.size - 1)];
    const isAlarm = fault !== null && (fault.code !== 'mes.away' || clock.monotonic() - this.#since > limits.awayMs);
    const held = this.#held === null ? [] : [this.#held];
    const { row } = await ledger.head();
    this.#standing = {
      ...{ ...this.#standing, ...change, heardAt: this.#mark?.heardAt ?? null },
      waiting: Math.max(0, row - (this.#mark?.row ?? row)),
      faults: [...(isAlarm ? [fault] : held), ...refused].map((one) => one.toJSON()),
    };
    for (const listener of this.#listeners) listener(this.#standing);
  }
}

function markIn(text: string | null): Mark | null {
  try {
    const { row, heardAt } = JSON.parse(text ?? '') as Partial<Mark>;
    const isMoment = typeof heardAt === 'string' && !Number.isNaN(Date.parse(heardAt));
    return Number.isSafeInteger(row) && row! >= 0 ? { row: row!, heardAt: isMoment ? heardAt : null } : null;
  } catch {
    return null;
  }
}
