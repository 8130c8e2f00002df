import type { Clock } from '../../../main/base/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time moved by hand: sleeps end when `advance` reaches them. */
export class HandClock implements Clock {
  #time = 0;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: this.#time + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** When the next sleeper wakes; null where nobody sleeps. */
  next(): number | null {
    return this.#sleepers.reduce<number | null>((least, { at }) => (least === null || at < least ? at : least), null);
  }

  advance(ms: number): void {
    this.#time += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#time).sort((a, b) => a.at - b.at);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#time);
    for (const sleeper of due) sleeper.wake();
  }
}

/** All work that can go on without time passing has gone on. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time jump from one sleeper to the next until `work` has ended. */
export async function runInTime<T>(clock: HandClock, work: Promise<T>): Promise<T> {
  let ended = false;
  const done = () => {
    ended = true;
  };
  work.then(done, done);
  await quiet();
  while (!ended) {
    const next = clock.next();
    if (next !== null) clock.advance(next - clock.monotonic());
    await quiet();
  }
  return work;
}
