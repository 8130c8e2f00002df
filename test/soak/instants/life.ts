// One life of the station's process beside one board: everything that it does to the world outside goes through here, is counted, and at a
// chosen place the process dies, the supply goes, or both, before the act or right behind it.

import type { Ledger } from '../../../main/ledger/ledger.ts';
import { LedgerFault } from '../../../main/model/fault.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import type { Port } from '../../../main/transport/port.ts';

/** What ends at the chosen act. `full`: the disk takes nothing from there on. */
export type Ending = 'program' | 'supply' | 'both' | 'full';

export interface Strike {
  readonly ending: Ending;
  /** The act, from 1, and on which side of it. */
  readonly at: number;
  readonly side: 'before' | 'after';
}

export interface Later {
  readonly acts: number;
  work(): void;
}

/** A process that is dead does nothing any more: no fault of the house, since nobody is there to handle it. */
export class Killed extends Error {}

const writes = new Set<PropertyKey>([
  ...['openBatch', 'closeBatch', 'putRecipe', 'noteAct', 'openRun', 'bindRun', 'append', 'endRun', 'seal', 'condemn'],
]);
const portActs = ['write', 'setLines', 'setBaudRate'] as const;

export class Life {
  /** Acts so far. */
  acts = 0;
  isDead = false;
  isFull = false;
  /** The act at which it was struck; null: it was not. */
  struck: string | null = null;
  /** What was done to the port since. */
  portActsSince = 0;
  readonly #strike: Strike | null;
  readonly #cutSupply: () => void;
  readonly #later: Later | null;
  #actsSince = 0;

  /** `later`: what happens so many acts behind the strike. */
  constructor(strike: Strike | null, cutSupply: () => void, later: Later | null = null) {
    this.#strike = strike;
    this.#cutSupply = cutSupply;
    this.#later = later;
  }

  /** One act outside. */
  async act<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#mustLive();
    if (this.struck !== null && name.startsWith('port')) this.portActsSince++;
    if (this.struck !== null && ++this.#actsSince === this.#later?.acts) this.#later.work();
    const isStruck = ++this.acts === this.#strike?.at;
    if (isStruck && this.#strike.side === 'before') this.#end(name);
    this.#mustLive();
    const done = await work();
    if (isStruck && this.#strike.side === 'after') this.#end(name);
    this.#mustLive();
    return done;
  }

  port(port: Port): Port {
    for (const name of portActs) {
      const method = (port[name] as (...values: unknown[]) => Promise<void>).bind(port);
      Object.defineProperty(port, name, {
        value: (...values: unknown[]) => this.act(`port ${name}`, () => method(...values)),
      });
    }
    return port;
  }

  ledger(ledger: Ledger): Ledger {
    return this.#through(ledger, (name, call) => {
      if (!writes.has(name)) return this.#ifAlive(call);
      return this.act(`ledger ${String(name)}`, () => (this.isFull ? Promise.reject(diskFull()) : call()));
    });
  }

  signer(signer: Signer): Signer {
    return this.#through(signer, (name, call) => this.act(`token ${String(name)}`, call));
  }

  /** Every call of a method of `whole` as `how` does it. */
  #through<T extends object>(whole: T, how: (name: PropertyKey, call: () => Promise<unknown>) => Promise<unknown>): T {
    return new Proxy(whole, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...values: unknown[]) => how(name, () => value.apply(target, values));
      },
    });
  }

  async #ifAlive<T>(call: () => Promise<T>): Promise<T> {
    this.#mustLive();
    const answer = await call();
    this.#mustLive();
    return answer;
  }

  #mustLive(): void {
    if (this.isDead) throw new Killed('the process was killed');
  }

  #end(act: string): void {
    const { ending } = this.#strike!;
    this.struck = act;
    if (ending === 'full') this.isFull = true;
    if (ending === 'program' || ending === 'both') this.isDead = true;
    if (ending === 'supply' || ending === 'both') this.#cutSupply();
  }
}

function diskFull(): LedgerFault {
  return new LedgerFault({
    code: 'ledger.full',
    what: 'The disk is full.',
    next: 'Make room.',
    safety: 'resumable',
  });
}
