import { performance } from 'node:perf_hooks';

/** Bytes on their way over one direction of a line. */
interface Passage {
  readonly bytes: Uint8Array;
  /** Bytes a millisecond; Infinity: at once. */
  readonly speed: number;
  readonly rate: number;
  readonly start: number;
  readonly end: number;
  done: number;
}

/** Called with bytes that have arrived, the rate they were sent at, and when the last of them did (milliseconds, line time). */
export type Arrival = (bytes: Uint8Array, rate: number, at: number) => void;

/** Longest pause between two deliveries of one long passage, milliseconds. */
const stride = 8;
/** How early a timer may deliver: timers have whole milliseconds, so that on average they are neither early nor late. */
const tolerance = 0.5;
/** Lateness of a timer that is not charged to the line; what is beyond it is the receiver's own slowness. */
const forgiven = 2;

/**
 * One direction of a serial line: ten bits a byte, one byte after the other. Timers are coarse, so time is kept in exact numbers
 * beside them: bytes are delivered in the timer after they arrived, and the next ones start when the line was free in truth. The
 * average rate is exact.
 */
export class PacedLine {
  readonly #arrival: Arrival;
  readonly #latency: number;
  #queue: Passage[] = [];
  #freeAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #backlog = 0;
  #waiting: { readonly below: number; readonly resolve: () => void }[] = [];

  /** `latency`: milliseconds added to every delivery, without taking room on the line. */
  constructor(arrival: Arrival, latency = 0) {
    this.#arrival = arrival;
    this.#latency = latency;
  }

  /** Bytes sent and not delivered. */
  get backlog(): number {
    return this.#backlog;
  }

  /** Sends `bytes` (which must not change until delivered) from the line time `at` on, at `rate` bits a second; not `paced`: in no time. */
  send(bytes: Uint8Array, rate: number, paced: boolean, at: number): void {
    const speed = paced ? rate / 10_000 : Number.POSITIVE_INFINITY;
    const start = Math.max(this.#freeAt, at);
    const end = paced ? start + bytes.length / speed : start;
    this.#freeAt = end;
    this.#queue.push({ bytes, speed, rate, start, end: end + this.#latency, done: 0 });
    this.#backlog += bytes.length;
    this.#arm();
  }

  /** Drops what is under way. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#queue = [];
    this.#backlog = 0;
    this.#freeAt = 0;
    this.#wake();
  }

  /** Resolves when fewer than `below` bytes are under way. */
  drained(below: number): Promise<void> {
    if (this.#backlog < below) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ below, resolve });
    });
  }

  #arm(): void {
    const head = this.#queue[0];
    if (head === undefined || this.#timer !== null) return;
    const wait = Math.min(head.end - performance.now(), stride);
    this.#timer = setTimeout(() => this.#deliver(), Math.max(0, Math.round(wait)));
  }

  #deliver(): void {
    this.#timer = null;
    const now = performance.now();
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const whole = now + tolerance >= head.end;
      const arrived = whole
        ? head.bytes.length
        : Math.min(head.bytes.length, Math.floor((now - this.#latency - head.start) * head.speed));
      if (arrived > head.done) {
        const bytes = head.bytes.subarray(head.done, arrived);
        head.done = arrived;
        this.#backlog -= bytes.length;
        if (whole) this.#queue.shift();
        this.#arrival(bytes, head.rate, whole ? Math.max(head.end, now - forgiven) : now);
      } else if (whole) this.#queue.shift();
      if (!whole) break;
    }
    this.#wake();
    this.#arm();
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(({ below }) => this.#backlog < below);
    this.#waiting = this.#waiting.filter(({ below }) => this.#backlog >= below);
    for (const { resolve } of ready) resolve();
  }
}
