import { type Clock, systemClock } from '../../../main/base/clock.ts';

/** Waits below this stay real: reset sequences, against which the virtual chip holds its own timers. */
const realBelowMs = 100;

/**
 * The system's clock with long waits cut short: a timeout of seconds passes in a fraction of it, and time jumps when it has passed. An
 * answer that comes ends its wait before that, so a slow machine only makes the wait longer, never the answer late by much.
 */
export const fastClock: Clock = clockOfItsOwn();

/**
 * Another such clock, whose jumps one board alone sees. `times` shorter is a long wait, never below `least` ms, and it ends after `turns` of
 * the event loop, in which answers come that are there.
 */
export function clockOfItsOwn({ turns = 1, times = 15, least = 10 } = {}): Clock {
  let jumped = 0;
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() + jumped,
    async sleep(ms, signal) {
      if (ms < realBelowMs) return systemClock.sleep(ms, signal);
      const short = Math.max(least, ms / times);
      const began = systemClock.monotonic();
      for (let turn = 0; turn < turns; turn++) await systemClock.sleep(short / turns, signal);
      jumped += Math.max(0, ms - (systemClock.monotonic() - began));
    },
  };
}
