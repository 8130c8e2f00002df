import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** A call that takes longer is worth a warning: what a person in front of a tile would notice, in ms. */
const slowMs = 1000;

/**
 * `part` with every call that answers a promise timed: each at debug level, one slower than a second as a warning, a failed one with its
 * fault (which is its caller's to judge). Arguments and answers are never looked at. `patient` names calls that wait by their nature.
 */
export function timedCalls<T extends object>(
  part: T,
  name: string,
  { log, clock, patient = [] }: { readonly log: Log; readonly clock: Clock; readonly patient?: readonly (keyof T)[] },
): T {
  const calls = new Map<string | symbol, unknown>();
  return new Proxy(part, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      let call = calls.get(key);
      if (call === undefined) {
        call = (...words: unknown[]) => {
          const startedAt = clock.monotonic();
          const answer: unknown = value.apply(target, words);
          if (!(answer instanceof Promise)) return answer;
          const facts = () => ({
            part: name,
            call: String(key),
            ms: Math.round((clock.monotonic() - startedAt) * 10) / 10,
          });
          return answer.then(
            (result: unknown) => {
              const told = facts();
              if (told.ms >= slowMs && !patient.includes(key as keyof T)) log.warn('slow-call', told);
              else log.debug('call', told);
              return result;
            },
            (error: unknown) => {
              log.info('call-failed', { ...facts(), error: error instanceof Error ? error : String(error) });
              throw error;
            },
          );
        };
        calls.set(key, call);
      }
      return call;
    },
  });
}
