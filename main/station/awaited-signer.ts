import type { Signer } from '../signing/signer.ts';
import { signerThrough } from '../signing/through.ts';

/** A token that has not answered for so long is told of, in ms: far longer than a signature takes, shorter than people's patience. */
export const silentMs = 1500;

/**
 * The same token, telling when one of its answers is overdue (true) and when none is any more (false): a token that hangs raises no fault,
 * and whoever stands before the board must not guess.
 */
export function awaitedSigner(signer: Signer, tell: (isSilent: boolean) => void, afterMs = silentMs): Signer {
  let overdue = 0;
  async function awaited<Value>(answer: Promise<Value>): Promise<Value> {
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      if (++overdue === 1) tell(true);
    }, afterMs);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      if (isOverdue && --overdue === 0) tell(false);
    }
  }
  return {
    ...signerThrough((work) => awaited(work(signer))),
    // it waits for a token that is known to be away, and the run says so itself
    whenBack: (signal) => signer.whenBack(signal),
    close: () => signer.close(),
  };
}
