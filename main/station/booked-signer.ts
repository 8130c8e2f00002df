import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Signer } from '../signing/signer.ts';
import { signerThrough } from '../signing/through.ts';
import { requireStationClock } from './station-clock.ts';

export interface BookParts {
  readonly ledger: Pick<Ledger, 'noteAct' | 'runs' | 'acts'>;
  readonly clock: Clock;
}

/**
 * The same token, each of whose signatures stands in the ledger before it is asked for: by which key, over which digest, at whose word, and
 * of what is signed for one board in which run. None is made while the clock is wrong (`clock.wrong`).
 */
export function bookedSigner(
  signer: Signer,
  { ledger, clock }: BookParts,
  by: string | null,
  run: string | null = null,
): Signer {
  return {
    ...signerThrough((work) => work(signer)),
    async sign(ref, scheme, digest) {
      await requireStationClock({ ledger, clock });
      await ledger.noteAct({
        what: 'signed',
        by: by === null ? [] : [by],
        about: ref.label,
        detail: { id: ref.id ?? null, scheme, digest: toHex(digest), ...(run === null ? {} : { run }) },
      });
      return await signer.sign(ref, scheme, digest);
    },
    whenBack: (signal) => signer.whenBack(signal),
    close: () => signer.close(),
  };
}

/** The same token, each of whose wrappings and unwrappings for a file stands in the ledger before it is asked for: by which key, for what, at whose word. */
export function bookedWrapping(
  signer: Signer,
  ledger: Pick<Ledger, 'noteAct'>,
  by: string | null,
  use: string,
): Signer {
  const book = (about: string, does: string) =>
    ledger.noteAct({ what: 'key-used', by: by === null ? [] : [by], about, detail: { does, for: use } });
  return {
    ...signerThrough((work) => work(signer)),
    async wrap(key, secret) {
      await book(key.label, 'wrap');
      return await signer.wrap(key, secret);
    },
    async unwrap(key, wrapped) {
      await book(key.label, 'unwrap');
      return await signer.unwrap(key, wrapped);
    },
    whenBack: (signal) => signer.whenBack(signal),
    close: () => signer.close(),
  };
}
