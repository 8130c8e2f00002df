import { type Clock, systemClock } from '../../../main/base/clock.ts';

/** Waits below this stay real: reset sequences, against which the virtual chip holds its own timers. */
const realBelowMs = 100;

/**
 * The system's clock with long waits cut short: a timeout of seconds passes in a fraction of it, and time jumps when it has passed. An
 * answer that comes ends its wait before that, so a slow machine only makes the wait longer, never the answer late by much.
 */
export const fastClock: Clock = (() => {
  let jumped = 0;
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() + jumped,
    async sleep(ms, signal) {
      if (ms < realBelowMs) return systemClock.sleep(ms, signal);
      const short = Math.max(10, ms / 15);
      await systemClock.sleep(short, signal);
      jumped += ms - short;
    },
  };
})();
