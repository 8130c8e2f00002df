// The station as an edge node of Sparkplug B 3.0, its fixtures as devices: births, each result as data, a death when it is gone.
import { type Clock, unlessAborted } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FactoryEvents } from '../model/factory.ts';
import type { RunRecord } from '../model/record.ts';
import { mqttFault } from './faults.ts';
import { type Broker, type Letter, type MqttLine, openLine } from './mqtt-line.ts';
import { commanded, type Metric, sparkplugPayload } from './sparkplug.ts';
import { resultsBehind, type SpooledResult } from './spool.ts';
import { Telling, type TellingLimits } from './telling.ts';

export interface NodeParts {
  readonly ledger: Pick<Ledger, 'head' | 'plainRows' | 'run' | 'batches'>;
  readonly station: string;
  readonly software: string;
  readonly fixtures: readonly string[];
  readonly group: string;
  /** The primary host application without which nothing is told; null: any that listens will do. */
  readonly host: string | null;
  /** Read anew for each connection. */
  readonly broker: () => Broker;
  /** Of the broker, for people. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: TellingLimits;
  readonly kept: string | null;
  readonly keep: (text: string) => void;
}

/** Row of the ledger up to which the broker read results, and how many connections there were. */
interface Mark {
  readonly row: number;
  readonly births: number;
}

const rebirth = 'Node Control/Rebirth';

/** Tells a broker what comes of each board; the ledger is the spool. No board waits for it. */
export function startSparkplugNode(parts: NodeParts): FactoryEvents {
  const { telling } = new Node(parts);
  telling.begin();
  return telling;
}

class Node {
  readonly #parts: NodeParts;
  readonly telling: Telling;
  /** The last result of each device, as its birth tells it. */
  readonly #last = new Map<string, readonly Metric[]>();
  #mark: Mark | null;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#mark = markIn(parts.kept);
    this.telling = new Telling(parts, {
      name: 'mqtt',
      row: () => this.#mark?.row ?? null,
      faultOf: (error) => mqttFault(parts.url, error),
      session: (signal, reached) => this.#session(signal, reached),
    });
  }

  /** From one connection to its end. */
  async #session(signal: AbortSignal, reached: () => void): Promise<void> {
    const { clock, ledger, limits, group, host, station, broker } = this.#parts;
    const head = await ledger.head();
    // a station that gets a broker tells what happens from then on; a restored ledger is shorter than the mark
    const row = this.#mark === null || this.#mark.row > head.row ? head.row : this.#mark.row;
    this.#keep({ row, births: (this.#mark?.births ?? 0) + 1 });
    const bdSeq: Metric = { name: 'bdSeq', type: 'UInt64', value: this.#mark!.births % 256 };
    const node = encodeURIComponent(station);
    const topic = (what: string, device?: string) =>
      `spBv1.0/${group}/${what}/${node}${device === undefined ? '' : `/${encodeURIComponent(device)}`}`;
    const death = (): Letter => ({ topic: topic('NDEATH'), payload: sparkplugPayload(clock.now(), null, [bdSeq]) });
    let wantsBirth = true;
    let isHostThere = host === null;
    const line = await openLine(broker(), {
      ...{ clock, clientId: `fuseline-${group}-${node}`, will: death(), ms: limits.deadlineMs },
      topics: [topic('NCMD'), ...(host === null ? [] : [`spBv1.0/STATE/${host}`])],
      hear: (letter) => {
        if (letter.topic === topic('NCMD')) wantsBirth ||= commanded(letter.payload).includes(rebirth);
        else isHostThere = isOnline(letter.payload);
      },
    });
    reached();
    const told = new Told(line, topic, clock);
    let isAtRest = false;
    try {
      for (let wasThere = false; ; ) {
        // it may go while it is told
        const isThere = isHostThere;
        if (isThere) {
          if (wantsBirth || !wasThere) this.#birth(told, bdSeq);
          wantsBirth = false;
          await this.#results(told, line, signal);
          this.telling.caughtUp();
          await this.telling.say('level', null);
        } else {
          // who was told is gone: what comes now waits for it
          if (wasThere) line.publish(death());
          await this.telling.say('waiting', null);
        }
        wasThere = isThere;
        isAtRest = true;
        await unlessAborted(Promise.race([clock.sleep(limits.restMs, signal), line.ended]), signal);
        isAtRest = false;
      }
    } finally {
      if (signal.aborted) {
        // what ended since the last look, as the last board of a terminal's command
        if (isAtRest && isHostThere)
          await this.#results(told, line, new AbortController().signal).catch(() => undefined);
        line.publish(death());
      }
      line.close();
    }
  }

  #birth(told: Told, bdSeq: Metric): void {
    const { fixtures, software } = this.#parts;
    told.begin();
    told.say('NBIRTH', [
      bdSeq,
      { name: rebirth, type: 'Boolean', value: false },
      { name: 'Properties/Software', type: 'String', value: software },
    ]);
    for (const fixture of new Set([...fixtures, ...this.#last.keys()])) this.#birthOf(told, fixture);
  }

  #birthOf(told: Told, fixture: string): void {
    told.say('DBIRTH', this.#last.get(fixture) ?? resultMetrics(null, null, null), fixture);
    told.born.add(fixture);
  }

  async #results(told: Told, line: MqttLine, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#parts;
    for await (const { results, last } of resultsBehind(ledger, this.#mark!.row)) {
      for (const result of results) {
        const run = await ledger.run(result.run);
        if (run === null) continue;
        const metrics = resultMetrics(run, await this.telling.orderOf(run.batch), result);
        if (!told.born.has(run.fixture)) this.#birthOf(told, run.fixture);
        const isHistorical = Date.parse(result.at) < told.bornAt;
        told.say(
          'DDATA',
          metrics.map((metric) => ({ ...metric, isHistorical })),
          run.fixture,
        );
        this.#last.set(run.fixture, metrics);
      }
      if (results.length > 0) await unlessAborted(line.flushed(), signal);
      if (results.length > 0) this.#keep({ ...this.#mark!, row: last });
      else this.#mark = { ...this.#mark!, row: last };
      signal.throwIfAborted();
    }
  }

  #keep(mark: Mark): void {
    this.#mark = mark;
    this.#parts.keep(`${JSON.stringify(mark)}\n`);
  }
}

/** What is said on one connection: with its numbers, which begin anew at each birth of the node. */
class Told {
  readonly #line: MqttLine;
  readonly #topic: (what: string, device?: string) => string;
  readonly #clock: Clock;
  readonly born = new Set<string>();
  bornAt = 0;
  #seq = 0;

  constructor(line: MqttLine, topic: (what: string, device?: string) => string, clock: Clock) {
    this.#line = line;
    this.#topic = topic;
    this.#clock = clock;
  }

  begin(): void {
    this.#seq = 0;
    this.born.clear();
    this.bornAt = this.#clock.now();
  }

  say(what: 'NBIRTH' | 'DBIRTH' | 'DDATA', metrics: readonly Metric[], device?: string): void {
    const payload = sparkplugPayload(this.#clock.now(), this.#seq, metrics);
    this.#seq = (this.#seq + 1) % 256;
    this.#line.publish({ topic: this.#topic(what, device), payload });
  }
}

/** All that is told of a result, in the same order whether there is one or none. Nothing in it is secret. */
function resultMetrics(run: RunRecord | null, order: string | null, result: SpooledResult | null): Metric[] {
  const text = (name: string, value: string | null | undefined): Metric => ({
    ...{ name: `Result/${name}`, type: 'String', value: value ?? null },
  });
  const moment = (name: string, value: string | null | undefined): Metric => ({
    ...{ name: `Result/${name}`, type: 'DateTime', value: value == null ? null : Date.parse(value) },
  });
  return [
    text('Run', run?.id),
    text('Outcome', run?.outcome),
    { name: 'Result/Passed', type: 'Boolean', value: run === null ? null : run.outcome === 'passed' },
    text('MAC', run?.mac),
    text('Serial', run?.serial),
    text('Recipe', run?.recipe.name),
    { name: 'Result/Revision', type: 'UInt64', value: run?.recipe.revision ?? null },
    text('RecipeHash', run?.recipe.hash),
    text('Batch', run?.batch),
    text('Order', order),
    text('Operator', run?.operator),
    text('Fault', run?.fault?.code),
    moment('Started', run?.startedAt),
    moment('Ended', run === null ? null : (run.endedAt ?? result?.at)),
    { name: 'Result/LedgerRow', type: 'UInt64', value: result?.row ?? null },
    text('LedgerHash', result?.hash),
  ];
}

/** The state of a host application: `{"online": true, "timestamp": ...}`. */
function isOnline(payload: Uint8Array): boolean {
  try {
    return (JSON.parse(Buffer.from(payload).toString('utf8')) as { online?: unknown } | null)?.online === true;
  } catch {
    return false;
  }
}

function markIn(text: string | null): Mark | null {
  try {
    const { row, births } = JSON.parse(text ?? '') as Partial<Mark>;
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    return isCount(row) && isCount(births) ? { row, births } : null;
  } catch {
    return null;
  }
}
