import { toHex } from '../base/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Signer } from '../signing/signer.ts';

/**
 * The same token, each of whose signatures stands in the ledger before it is asked for: by which key, over which digest, at whose word, and
 * of what is signed for one board in which run.
 */
export function bookedSigner(
  signer: Signer,
  ledger: Pick<Ledger, 'noteAct'>,
  by: string | null,
  run: string | null = null,
): Signer {
  return {
    status: () => signer.status(),
    keys: () => signer.keys(),
    generateKey: (options) => signer.generateKey(options),
    findKey: (ref) => signer.findKey(ref),
    random: (length) => signer.random(length),
    async sign(ref, scheme, digest) {
      await ledger.noteAct({
        what: 'signed',
        by: by === null ? [] : [by],
        about: ref.label,
        detail: { id: ref.id ?? null, scheme, digest: toHex(digest), ...(run === null ? {} : { run }) },
      });
      return await signer.sign(ref, scheme, digest);
    },
    wrap: (key, secret) => signer.wrap(key, secret),
    unwrap: (key, wrapped) => signer.unwrap(key, wrapped),
    whenBack: (signal) => signer.whenBack(signal),
    close: () => signer.close(),
  };
}
