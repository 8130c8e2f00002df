import { closedFault } from './pkcs11/token-signer.ts';
import type { Signer } from './signer.ts';
import { signerThrough } from './through.ts';

/**
 * A token that could not be opened at the start: every call opens it first, and rejects with the fault of the opening until that succeeds.
 * `wait` says how long to wait for the next look, in `whenBack`.
 */
export function lateToken(
  open: () => Promise<Signer>,
  wait: (signal: AbortSignal | undefined) => Promise<void>,
): Signer {
  let opening: Promise<Signer> | null = null;
  let isClosed = false;
  const opened = (): Promise<Signer> => {
    if (isClosed) return Promise.reject(closedFault());
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return {
    ...signerThrough(async (work) => await work(await opened())),
    async whenBack(signal) {
      for (;;) {
        signal?.throwIfAborted();
        const found = await opened().catch((error: unknown) => {
          if (isClosed) throw error;
          return null;
        });
        if (found !== null) return await found.whenBack(signal);
        await wait(signal);
      }
    },
    async close() {
      isClosed = true;
      const found = await opening?.catch(() => null);
      await found?.close();
    },
  };
}
