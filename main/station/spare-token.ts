import type { Clock } from '../base/clock.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WrappedKey } from '../model/event.ts';
import { type Fault, faultOf, isFault, TokenFault } from '../model/fault.ts';
import type { KeyRef } from '../model/refs.ts';
import type { KeyWish, Signer, SignScheme, TokenKey, TokenStatus } from '../signing/signer.ts';
import type { KnownToken } from './known-token.ts';

export interface SpareTokenParts {
  readonly ledger: Pick<Ledger, 'noteAct'>;
  readonly clock: Clock;
}

/** How long a call may take before the other token is asked as well, in ms; of a token that is slow by nature so many times what is usual. */
const patienceMs = 800;
const patienceTimes = 4;
/** What another token can help with. */
const awayCodes = ['token.gone', 'token.crashed', 'token.away', 'token.none', 'token.module'];

/** A token as people see it that does not serve just now. */
export interface TokenLook {
  readonly label: string;
  readonly serial: string;
  readonly signMs: number | null;
  /** Why it would not take over; null: it would. */
  readonly fault: Fault | null;
}

export async function lookAt(token: KnownToken): Promise<TokenLook> {
  try {
    const { label, serial, signMs } = await token.status();
    return { label, serial, signMs, fault: await token.refusal() };
  } catch (error) {
    return { label: '', serial: '', signMs: null, fault: faultOf(error) };
  }
}

/** One of two tokens with the same keys. */
interface Side {
  readonly name: 'first' | 'spare';
  readonly token: KnownToken;
}

/**
 * Two tokens with the same keys: one serves, the other takes over when that one is gone, its process ends, or it does not answer a call for
 * longer than a little. Which one serves from then on stands in the ledger (`token-switched`). Keys are made in the first one alone. Each is
 * held to what the ledger knows, so that a spare whose keys are others serves nothing.
 */
export class SpareToken implements Signer {
  readonly #parts: SpareTokenParts;
  readonly #sides: readonly [Side, Side];
  #serving: Side;
  /** What a call usually takes, in ms. */
  #usualMs = 0;

  constructor(first: KnownToken, spare: KnownToken, parts: SpareTokenParts) {
    this.#parts = parts;
    this.#sides = [
      { name: 'first', token: first },
      { name: 'spare', token: spare },
    ];
    this.#serving = this.#sides[0];
  }

  status(): Promise<TokenStatus> {
    return this.#serving.token.status();
  }

  keys(): Promise<readonly TokenKey[]> {
    return this.#serving.token.keys();
  }

  generateKey(wish: KeyWish): Promise<TokenKey> {
    if (this.#serving.name === 'first') return this.#serving.token.generateKey(wish);
    return Promise.reject(
      new TokenFault({
        code: 'token.spare',
        what: `No key is made while the spare token serves: the key '${wish.label}' would be in one of the two alone.`,
        next: 'Bring the first token back and start again, then make the key, and copy it into the spare by the means of its maker.',
      }),
    );
  }

  settleKey(id: string): Promise<TokenKey | null> {
    return this.#sides[0].token.settleKey(id);
  }

  findKey(ref: KeyRef): Promise<TokenKey> {
    return this.#ask((token) => token.findKey(ref));
  }

  random(length: number): Promise<SecretBytes> {
    return this.#ask((token) => token.random(length), destroySecret);
  }

  sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    return this.#ask((token) => token.sign(ref, scheme, digest));
  }

  wrap(wrappingKey: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    return this.#ask((token) => token.wrap(wrappingKey, secret));
  }

  unwrap(wrappingKey: KeyRef, wrapped: WrappedKey): Promise<SecretBytes> {
    return this.#ask((token) => token.unwrap(wrappingKey, wrapped), destroySecret);
  }

  /** Resolves when one of the two answers. */
  async whenBack(signal?: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const stop = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
    const waits = this.#sides.map(async ({ name, token }) => {
      await token.whenBack(stop);
      // a spare that would serve nothing is nothing to wait for
      if (name === 'spare' && (await token.refusal()) !== null) await ended(stop);
    });
    try {
      await Promise.any(waits).catch((error: AggregateError) => {
        throw error.errors[0];
      });
    } finally {
      enough.abort(new Error('one of the two is back'));
      await Promise.allSettled(waits);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sides.map(({ token }) => token.close()));
  }

  /** Why the one that serves would do nothing; null: nothing stands against it. */
  refusal(): Promise<Fault | null> {
    return this.#serving.token.refusal();
  }

  /** How the one that does not serve is. */
  look(): Promise<TokenLook> {
    return lookAt(this.#other(this.#serving).token);
  }

  /** The answer of the one that serves; where it is away, or late, that of the other one. `discard` takes what comes too late. */
  async #ask<T>(work: (token: KnownToken) => Promise<T>, discard: (late: T) => void = () => undefined): Promise<T> {
    const serving = this.#serving;
    const other = this.#other(serving);
    const first = settle(serving, work);
    const early = await this.#within(first);
    if (early?.ok) return early.value;
    if (early !== null && !awayCodes.some((code) => isFault(early.error, code))) throw early.error;
    const second = settle(other, work);
    const taken = early === null ? await firstGood(first, second) : await second;
    for (const answer of [first, second])
      void answer.then((late) => {
        if (late.ok && late !== taken) discard(late.value);
      });
    // the fault of the one that serves says what is wrong; that of the other one, only that it does not help
    if (!taken.ok) throw early === null ? taken.error : early.error;
    if (taken.side === other) await this.#switch(serving, other, early === null ? null : faultOf(early.error));
    return taken.value;
  }

  /** Null: it takes longer than patience. */
  async #within<T>(answer: Promise<Settled<T>>): Promise<Settled<T> | null> {
    const enough = new AbortController();
    const began = this.#parts.clock.monotonic();
    const late = this.#parts.clock.sleep(this.#patience(), enough.signal).then(
      () => null,
      () => null,
    );
    try {
      const early = await Promise.race([answer, late]);
      if (early?.ok) this.#usualMs += (this.#parts.clock.monotonic() - began - this.#usualMs) / 8;
      return early;
    } finally {
      enough.abort(new Error('answered'));
    }
  }

  #patience(): number {
    return Math.max(patienceMs, Math.round(this.#usualMs * patienceTimes));
  }

  async #switch(from: Side, to: Side, fault: Fault | null): Promise<void> {
    if (this.#serving !== from) return;
    const why = fault?.code ?? `no answer within ${this.#patience()} ms`;
    this.#serving = to;
    this.#usualMs = 0;
    const { serial } = await to.token.status();
    await this.#parts.ledger.noteAct({
      what: 'token-switched',
      by: [],
      about: to.name,
      detail: { serial, why },
    });
  }

  #other(side: Side): Side {
    return side === this.#sides[0] ? this.#sides[1] : this.#sides[0];
  }
}

type Settled<T> =
  | { readonly side: Side; readonly ok: true; readonly value: T }
  | { readonly side: Side; readonly ok: false; readonly error: unknown };

function settle<T>(side: Side, work: (token: KnownToken) => Promise<T>): Promise<Settled<T>> {
  return work(side.token).then(
    (value) => ({ side, ok: true, value }) as const,
    (error: unknown) => ({ side, ok: false, error }) as const,
  );
}

/** The first good answer of the two; where neither is good, the one that came last. */
function firstGood<T>(...answers: readonly Promise<Settled<T>>[]): Promise<Settled<T>> {
  return Promise.race(
    answers.map(async (answer, at) => {
      const settled = await answer;
      return settled.ok ? settled : await answers[1 - at]!;
    }),
  );
}

/** Rejects when the signal ends. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function destroySecret(secret: SecretBytes): void {
  secret.destroy();
}
