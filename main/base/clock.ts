import { performance } from 'node:perf_hooks';

/** Time as a part that is handed in: tests and virtual lines bring their own. */
export interface Clock {
  /** Wall time, milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Milliseconds from an arbitrary start that never run backwards. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

/** Why a wait was left: constant, since an abort without a reason makes an exception with a stack, and exchanges wait by the thousand. */
export const waitOver = new Error('the wait is over');

/** What `work` gives, or the fault of `late` where it takes longer than `ms`; the work itself goes on. */
export async function inTime<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  const waited = new AbortController();
  const limit = clock.sleep(ms, waited.signal).then(() => {
    throw late();
  });
  limit.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    waited.abort(waitOver);
  }
}

/** ISO 8601 in UTC with milliseconds, the only form of time in records. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** What `work` gives, or the signal's reason as soon as it is aborted; the work itself goes on, and whoever began it sees to what it gives. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (signal == null) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
