import type { Clock } from '../base/clock.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { WrappedKey } from '../model/event.ts';
import { isFault } from '../model/fault.ts';
import type { KeyRef, KeyWish, Signer, SignScheme, TokenKey, TokenStatus } from './signer.ts';

export interface TokenPoolOptions {
  /** Opens one more session (in a process of its own) on the same token. */
  readonly open: () => Promise<Signer>;
  /** Sessions at most. */
  readonly most: number;
  readonly clock: Clock;
}

/** A call that waited longer than this for a session is a reason to open another, in ms: a person's patience is longer, a line's is not. */
const waitedMs = 25;
/** After a session could not be opened because the token was away; every other fault of opening ends the growing for good. */
const restMs = 60_000;

interface Lane {
  readonly signer: Signer;
  /** Calls that are in it or wait for it. */
  busy: number;
}

/**
 * One token behind several sessions, so that the boards of many fixtures do not queue behind one signature. It begins with one and opens
 * another, up to `most`, when a call had to wait. Keys are made and settled in the first one alone. A token that allows no further session
 * is left with those that it gave.
 */
export class TokenPool implements Signer {
  readonly #options: TokenPoolOptions;
  readonly #first: Lane;
  readonly #lanes: Lane[];
  #growing: Promise<void> | null = null;
  #mayGrowFrom = 0;
  #isClosed = false;

  constructor(first: Signer, options: TokenPoolOptions) {
    this.#options = options;
    this.#first = { signer: first, busy: 0 };
    this.#lanes = [this.#first];
  }

  async status(): Promise<TokenStatus> {
    const status = await this.#use((signer) => signer.status());
    return { ...status, sessions: this.#lanes.length };
  }

  keys(): Promise<readonly TokenKey[]> {
    return this.#use((signer) => signer.keys());
  }

  generateKey(wish: KeyWish): Promise<TokenKey> {
    return this.#in(this.#first, (signer) => signer.generateKey(wish));
  }

  settleKey(id: string): Promise<TokenKey | null> {
    return this.#in(this.#first, (signer) => signer.settleKey(id));
  }

  findKey(ref: KeyRef): Promise<TokenKey> {
    return this.#use((signer) => signer.findKey(ref));
  }

  random(length: number): Promise<SecretBytes> {
    return this.#use((signer) => signer.random(length));
  }

  sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    return this.#use((signer) => signer.sign(ref, scheme, digest));
  }

  wrap(wrappingKey: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    return this.#use((signer) => signer.wrap(wrappingKey, secret));
  }

  unwrap(wrappingKey: KeyRef, wrapped: WrappedKey): Promise<SecretBytes> {
    return this.#use((signer) => signer.unwrap(wrappingKey, wrapped));
  }

  whenBack(signal?: AbortSignal): Promise<void> {
    return this.#first.signer.whenBack(signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#growing;
    await Promise.all(this.#lanes.map(({ signer }) => signer.close()));
  }

  #use<T>(work: (signer: Signer) => Promise<T>): Promise<T> {
    const lane = this.#lanes.reduce((least, one) => (one.busy < least.busy ? one : least));
    return this.#in(lane, work);
  }

  async #in<T>(lane: Lane, work: (signer: Signer) => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    const behind = lane.busy++;
    try {
      return await work(lane.signer);
    } finally {
      lane.busy--;
      // its own time in the token is about what each before it took
      const waited = ((clock.monotonic() - began) * behind) / (behind + 1);
      if (waited > waitedMs) this.#grow();
    }
  }

  #grow(): void {
    const { open, most, clock } = this.#options;
    if (this.#growing !== null || this.#isClosed || this.#lanes.length >= most) return;
    if (clock.monotonic() < this.#mayGrowFrom) return;
    this.#growing = open()
      .then(
        (signer) => void this.#lanes.push({ signer, busy: 0 }),
        (error: unknown) => {
          const isAway = isFault(error, 'token.gone') || isFault(error, 'token.crashed');
          // a PIN that was refused is tried no second time, a token that is full stays so
          this.#mayGrowFrom = isAway ? clock.monotonic() + restMs : Number.POSITIVE_INFINITY;
        },
      )
      .finally(() => {
        this.#growing = null;
      });
  }
}
