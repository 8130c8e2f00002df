import { type Clock, systemClock } from '../../../main/base/clock.ts';

/** The system's clock run fast: timeouts of a dead board pass quickly, and no test waits for them. */
export const fastClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => 20 * systemClock.monotonic(),
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};
