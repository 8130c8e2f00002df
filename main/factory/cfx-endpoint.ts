// The station as an endpoint of IPC-CFX over AMQP 1.0: what becomes of each board, in the order of the ledger, and a heartbeat.
import { type Clock, isoTime, unlessAborted } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FactoryEvents } from '../model/factory.ts';
import { type AmqpLine, dataSection, openAmqp } from './amqp-line.ts';
import { begun, type CfxMessage, ended, envelope, heartbeat, type ToldFault, uuidOf } from './cfx-messages.ts';
import { cfxFault } from './faults.ts';
import type { Broker } from './mqtt-line.ts';
import { rowsOfRunsBehind } from './spool.ts';
import { Telling, type TellingLimits } from './telling.ts';

export interface CfxParts {
  readonly ledger: Pick<Ledger, 'head' | 'plainRows' | 'run' | 'batches'>;
  /** Of the endpoint, as `Vendor.Model.SerialNumber`. */
  readonly handle: string;
  /** Queue, topic or exchange of the broker. */
  readonly address: string;
  /** Read anew for each connection. */
  readonly broker: () => Broker;
  /** Of the broker, for people. */
  readonly url: string;
  /** Seconds between two heartbeats. */
  readonly heartbeatSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: TellingLimits;
  readonly kept: string | null;
  readonly keep: (text: string) => void;
}

/** Row of the ledger up to which the broker accepted messages, and faults of fixtures that were told and stand. */
interface Mark {
  readonly row: number;
  readonly faults: Readonly<Record<string, ToldFault>>;
}

/** Tells a broker what becomes of each board; the ledger is the spool. No board waits for it. */
export function startCfxEndpoint(parts: CfxParts): FactoryEvents {
  const { telling } = new Endpoint(parts);
  telling.begin();
  return telling;
}

class Endpoint {
  readonly #parts: CfxParts;
  readonly telling: Telling;
  #mark: Mark | null;

  constructor(parts: CfxParts) {
    this.#parts = parts;
    this.#mark = markIn(parts.kept);
    this.telling = new Telling(parts, {
      name: 'cfx',
      row: () => this.#mark?.row ?? null,
      faultOf: (error) => cfxFault(parts.url, error),
      session: (signal, reached) => this.#session(signal, reached),
    });
  }

  /** From one connection to its end. */
  async #session(signal: AbortSignal, reached: () => void): Promise<void> {
    const { clock, ledger, limits, handle, address, broker, heartbeatSeconds } = this.#parts;
    const head = await ledger.head();
    // a station that gets a broker tells what happens from then on; a restored ledger is shorter than the mark
    if (this.#mark === null || this.#mark.row > head.row) this.#keep({ row: head.row, faults: {} });
    const line = await openAmqp(broker(), { clock, address, container: handle, ms: limits.deadlineMs });
    const own = (name: string, body: CfxMessage['body']): CfxMessage => {
      const at = isoTime(clock.now());
      return { name, at, body, id: uuidOf(handle, name, at) };
    };
    try {
      const nowhere = { RequestNetworkUri: null, RequestTargetAddress: null };
      await this.#send(line, [own('CFX.EndpointConnected', { CFXHandle: handle, ...nowhere })]);
      for (let beatAt = Number.NEGATIVE_INFINITY; ; ) {
        await this.#runs(line, signal);
        reached();
        this.telling.caughtUp();
        if (clock.monotonic() - beatAt >= heartbeatSeconds * 1000) {
          const at = isoTime(clock.now());
          const standing = Object.values(this.#mark!.faults);
          await this.#send(line, [heartbeat(handle, at, heartbeatSeconds, standing)]);
          beatAt = clock.monotonic();
        }
        await this.telling.say('level', null);
        await unlessAborted(Promise.race([clock.sleep(limits.restMs, signal), line.ended]), signal);
      }
    } finally {
      if (signal.aborted) {
        // what ended since the last look, as the last board of a terminal's command
        const last = async () => {
          await this.#runs(line, new AbortController().signal);
          await this.#send(line, [own('CFX.EndpointShuttingDown', { CFXHandle: handle })]);
        };
        await last().catch(() => undefined);
      }
      await line.close();
    }
  }

  async #runs(line: AmqpLine, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#parts;
    for await (const { rows, last } of rowsOfRunsBehind(ledger, this.#mark!.row)) {
      for (const { row, isEnd, run: id, at } of rows) {
        const run = await ledger.run(id);
        if (run === null) continue;
        const { faults } = this.#mark!;
        if (!isEnd) {
          // of what came since nothing is said yet: its end is a row of its own
          const order = await this.telling.orderOf(run.batch);
          await this.#send(line, begun({ run: { ...run, outcome: null }, order, at }));
          this.#keep({ row, faults });
        } else {
          const { messages, standing } = ended({ run, at }, faults[run.fixture] ?? null);
          await this.#send(line, messages);
          const { [run.fixture]: _, ...others } = faults;
          this.#keep({ row, faults: standing === null ? others : { ...others, [run.fixture]: standing } });
        }
        signal.throwIfAborted();
      }
      // (not kept: rows without runs cost nothing to look through again)
      this.#mark = { ...this.#mark!, row: last };
    }
  }

  async #send(line: AmqpLine, messages: readonly CfxMessage[]): Promise<void> {
    const { handle } = this.#parts;
    for (const message of messages)
      await line.send({
        ...{ message_id: message.id, subject: `${handle}.${message.name}`, durable: true },
        content_type: 'application/json; charset="utf-8"',
        creation_time: new Date(message.at),
        application_properties: {
          'cfx-topic': message.name.slice(0, message.name.lastIndexOf('.')),
          ...{ 'cfx-message': message.name, 'cfx-handle': handle },
        },
        body: dataSection(JSON.stringify(envelope(handle, message))),
      });
  }

  #keep(mark: Mark): void {
    this.#mark = mark;
    this.#parts.keep(`${JSON.stringify(mark)}\n`);
  }
}

function markIn(text: string | null): Mark | null {
  try {
    const { row, faults } = JSON.parse(text ?? '') as Partial<Mark>;
    if (!Number.isSafeInteger(row) || row! < 0 || typeof faults !== 'object' || faults === null) return null;
    const told = Object.entries(faults).filter(([, fault]) => typeof fault?.FaultCode === 'string');
    return { row: row!, faults: Object.fromEntries(told) };
  } catch {
    return null;
  }
}
