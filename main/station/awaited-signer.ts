import type { Signer } from '../signing/signer.ts';
import { signerThrough } from '../signing/through.ts';
import { overdueTeller } from './overdue.ts';

/** The same token, telling when one of its answers is overdue and when none is any more. */
export function awaitedSigner(signer: Signer, tell: (isSilent: boolean) => void, afterMs?: number): Signer {
  const awaited = overdueTeller(tell, afterMs);
  return {
    ...signerThrough((work) => awaited(work(signer))),
    // it waits for a token that is known to be away, and the run says so itself
    whenBack: (signal) => signer.whenBack(signal),
    close: () => signer.close(),
  };
}
