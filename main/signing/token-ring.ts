import { TokenFault } from '../model/fault.ts';
import type { Signer } from './signer.ts';

/** Opens another token that the station file lists, by its label; null where that is the label of the station's own. */
export type OpenToken = (label: string) => Promise<Signer | null>;

/** Where no other token is listed: TokenFault `token.not-listed`. */
export const noOtherToken: OpenToken = async (label) => {
  throw notListed(label, []);
};

/** TokenFault `token.not-listed` for a label that is none of those `listed`. */
export function notListed(label: string, listed: readonly string[]): TokenFault {
  const others = listed.map((name) => JSON.stringify(name)).join(', ');
  return new TokenFault({
    code: 'token.not-listed',
    what: `The recipe names a key of the token ${JSON.stringify(label)}, which the station file does not list (${others === '' ? 'it lists none beside its own' : `it lists ${others}`}).`,
    next: 'List the token under tokens in the station file, or correct its label in the recipe.',
    safety: 'untouched',
  });
}

/**
 * The station's own token, and those beside it that one piece of work needs: each is opened when it is first asked for, and all but the own
 * one are closed with the ring.
 */
export class TokenRing {
  readonly #own: Signer;
  readonly #open: OpenToken;
  readonly #opened = new Map<string, Promise<Signer | null>>();

  constructor(own: Signer, open: OpenToken) {
    this.#own = own;
    this.#open = open;
  }

  /** The token of this label, or the station's own. Faults as the opening of a token raises them, `token.not-listed`. */
  async signerOf(label: string | undefined): Promise<Signer> {
    if (label === undefined) return this.#own;
    const opened = this.#opened.get(label) ?? this.#open(label);
    this.#opened.set(label, opened);
    return (await opened) ?? this.#own;
  }

  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    await Promise.all(ends.map((end) => (end.status === 'fulfilled' ? end.value?.close() : undefined)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
