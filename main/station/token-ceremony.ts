import { RecipeFault } from '../model/fault.ts';
import { agreedByTwo, type PeopleParts } from './desk/access/people.ts';
import type { Second } from './desk/access/second.ts';
import type { KnownToken } from './known-token.ts';
import type { SpareToken } from './spare-token.ts';

/** The station's own token as a ceremony needs it. */
export interface TokenOfStation {
  readonly known: KnownToken;
  /** Makes the private SoftHSM token where there is none; no effect on any other. */
  makeAnew(): Promise<void>;
  /** The two of them, where a second one stands in for it. */
  readonly spare: SpareToken | null;
}

/**
 * The token in place is the right one from here on, at the word of two custodians (of one, while the station has no second; `by` null where
 * it knows nobody): see `KnownToken.accept`. Where the private token is missing a new one is made. RecipeFault `token.reason`, `people.two`,
 * `people.second`; those of the token.
 */
export async function acceptToken(
  parts: PeopleParts & { readonly token: TokenOfStation },
  { by, second, reason }: { readonly by: string | null; readonly second: Second | null; readonly reason: string },
): Promise<void> {
  if (reason.trim() === '')
    throw new RecipeFault({
      code: 'token.reason',
      what: 'A token is taken for the right one with a reason, and none was given.',
      next: 'Say in a sentence what became of the one that the ledger knows (--reason TEXT).',
    });
  const who = by === null ? [] : await agreedByTwo(parts, 'own token', by, second);
  await parts.token.makeAnew();
  await parts.token.known.accept(who, reason.trim());
}
