import type { Clock } from '../../base/clock.ts';
import { forkLine, type ProcessLine } from '../../base/process-line.ts';
import type { SecretBytes } from '../../base/secret.ts';
import { type Fault, faultOf, TokenFault } from '../../model/fault.ts';
import { faultOfRecord } from './faults.ts';
import {
  type FromToken,
  fitsCall,
  messageOfToken,
  purposeOf,
  type TokenCall,
  type TokenCalls,
  type TokenRequest,
  type ToToken,
} from './messages.ts';
import { SealedChannel } from './sealed-channel.ts';

/** The line to a token process, whatever carries it. What comes is foreign: see `messageOfToken`. */
export type TokenLine = ProcessLine<ToToken, unknown>;

export type LaunchTokenProcess = (environment: Readonly<Record<string, string>>) => TokenLine;

/** The module that such a process runs. */
export const tokenProcessFile = new URL('./token-process.ts', import.meta.url);

/** Forks token-process.ts with the Node that runs this. Nothing of the station's arguments and no PIN is handed over this way. */
export const forkTokenProcess: LaunchTokenProcess = (environment) => forkLine(tokenProcessFile, environment);

export interface TokenAnswer<C extends TokenCall> {
  readonly value: TokenCalls[C]['value'];
  readonly secret: SecretBytes | null;
}

interface Waiting {
  readonly id: number;
  readonly call: TokenCall;
  readonly resolve: (answer: TokenAnswer<TokenCall>) => void;
  readonly reject: (fault: Fault) => void;
}

/** One life of the token process. One call at a time; the caller queues. */
export class TokenChild {
  readonly #line: TokenLine;
  readonly #clock: Clock;
  readonly #channel: Promise<SealedChannel>;
  readonly #ended: Promise<void>;
  #waiting: Waiting | null = null;
  #next = 0;
  #alive = true;

  constructor(launch: LaunchTokenProcess, environment: Readonly<Record<string, string>>, clock: Clock) {
    this.#clock = clock;
    this.#line = launch(environment);
    const { promise: channel, resolve, reject } = Promise.withResolvers<SealedChannel>();
    this.#channel = channel;
    channel.catch(() => {});
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;
    this.#line.onMessage((said) => {
      const message = messageOfToken(said);
      if (message === null) this.#breakOff(crashFault('said what is no answer', this.#waiting?.call ?? null), reject);
      else if (message.type !== 'offer') void this.#settle(message);
      else
        try {
          const offer = SealedChannel.offer();
          const agreed = offer.agree(message.publicKey, 'station');
          this.#line.send({ type: 'agree', publicKey: offer.publicKey });
          resolve(agreed);
        } catch {
          this.#breakOff(crashFault('offered a key that is none', null), reject);
        }
    });
    this.#line.onEnd((how) => {
      this.#alive = false;
      const fault = crashFault(`ended ${how}`, this.#waiting?.call ?? null);
      reject(fault);
      channel.then((open) => open.destroy()).catch(() => {});
      this.#waiting?.reject(fault);
      this.#waiting = null;
      ended.resolve();
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Rejects with the fault that the token process answered, or `token.crashed` when it ended before an answer or gave none within
   * `limitMs` (it is killed then: a module that hangs cannot be called off).
   */
  async call<C extends TokenCall>(
    call: C,
    args: TokenCalls[C]['args'],
    secrets: readonly SecretBytes[],
    limitMs: number,
  ): Promise<TokenAnswer<C>> {
    const id = this.#next++;
    const late = new AbortController();
    const answer = (async () => {
      const channel = await this.#channel;
      if (!this.#alive) throw crashFault('has ended', call);
      const boxes = secrets.map((secret, i) => channel.seal(secret, purposeOf(id, call, i)));
      return new Promise<TokenAnswer<TokenCall>>((resolve, reject) => {
        this.#waiting = { id, call, resolve, reject };
        this.#line.send({ type: 'request', id, call, args, secrets: boxes } as TokenRequest);
      });
    })();
    const limit = this.#clock.sleep(limitMs, late.signal).then(
      () => {
        this.#waiting = null;
        this.#line.kill();
        throw crashFault(`gave no answer within ${limitMs / 1000} s and was stopped`, call);
      },
      () => new Promise<never>(() => {}),
    );
    try {
      return (await Promise.race([answer, limit])) as TokenAnswer<C>;
    } finally {
      late.abort();
      answer.catch(() => {});
    }
  }

  /** Ends the process at once; the call in it rejects with `token.crashed`. */
  kill(): void {
    this.#line.kill();
  }

  /** Asks the process to log out and end; kills it where it does not within two seconds. Resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#alive) await this.call('close', null, [], 2000).catch(() => this.#line.kill());
    const late = new AbortController();
    const limit = this.#clock.sleep(2000, late.signal).then(
      () => this.#line.kill(),
      () => {},
    );
    await Promise.race([this.#ended, limit]);
    late.abort();
    await this.#ended;
  }

  async #settle(message: Exclude<FromToken, { type: 'offer' }>): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null || waiting.id !== message.id) return;
    this.#waiting = null;
    if (message.type === 'fault') {
      waiting.reject(faultOfRecord(message.fault));
      return;
    }
    try {
      const channel = await this.#channel;
      const { value, secret } = message;
      if (!fitsCall(waiting.call, value)) throw crashFault('answered in a form that fits no question', waiting.call);
      const opened = secret === null ? null : channel.open(secret, purposeOf(waiting.id, waiting.call, 'answer'));
      waiting.resolve({ value, secret: opened } as TokenAnswer<TokenCall>);
    } catch (fault) {
      // a broken channel cannot be mended: the next call starts another process
      this.#waiting = waiting;
      this.#breakOff(faultOf(fault));
    }
  }

  /** What came cannot be trusted, nor what will come. */
  #breakOff(fault: Fault, reject?: (fault: Fault) => void): void {
    this.#alive = false;
    this.#line.kill();
    reject?.(fault);
    this.#waiting?.reject(fault);
    this.#waiting = null;
  }
}

export function crashFault(how: string, call: TokenCall | null): TokenFault {
  return new TokenFault({
    code: 'token.crashed',
    what: `The process that talks to the token ${how}${call === null ? '' : ` during '${call}'`}.`,
    next: 'Try again: the next call starts it anew. If it happens again, look at the software of the token.',
    details: { call },
  });
}
