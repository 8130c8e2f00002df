import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { isoTime } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import { putFile } from '../station/kept-file.ts';

/** A browser that was not seen for so long needs a link again, in ms. */
const forgottenMs = 30 * 86_400_000;
/** More browsers than that are not remembered: the one that was away longest goes. */
const mostSeats = 16;

const secret = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({
  version: z.literal(1),
  /** Where the page was served last: browsers look for the station there. */
  port: z.number().int().min(1).max(65535).nullable(),
  seats: z.array(
    z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/), key: secret, madeAt: z.string(), usedAt: z.string() }),
  ),
});
type Kept = z.infer<typeof schema>;

/** A browser of this computer that was let in once by a link, and may come back after the station was started again. */
export interface Seat {
  readonly id: string;
  readonly madeAt: string;
  readonly usedAt: string;
}

/** What station and page say to each other before the page is let in: neither ever says the key. */
export interface Greeting {
  /** The station's word that it knows the key: the page answers no other program that sits at its port. */
  readonly proof: string;
  readonly nonce: string;
}

/**
 * The browsers that this station knows, in one file of its account's. A seat opens a page with nobody signed in, and nothing else. Both
 * sides show that they have the key by a code over two fresh numbers and the address that the page sees, so that nobody who sits between
 * them, or at the port while the station is down, learns it or can pass the answer on to a station elsewhere.
 */
export class Seats {
  readonly #file: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: RandomSource;
  #kept: Kept;
  /** Called when a seat is forgotten: its pages go. */
  onForgotten: (id: string) => void = () => undefined;

  constructor(file: string, parts: { readonly clock: Pick<Clock, 'now'>; readonly random: RandomSource }) {
    this.#file = file;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#kept = read(file);
  }

  get port(): number | null {
    return this.#kept.port;
  }

  keepPort(port: number): void {
    if (port !== this.#kept.port) this.#keep({ ...this.#kept, port });
  }

  list(): readonly Seat[] {
    return this.#valid().map(({ key: _, ...seat }) => seat);
  }

  /** A new seat with its key, which is told to that browser once. */
  make(): { readonly id: string; readonly key: string } {
    const now = isoTime(this.#clock.now());
    const seat = { id: toHex(this.#random(8)), key: toHex(this.#random(32)), madeAt: now, usedAt: now };
    const others = [...this.#valid()].sort((a, b) => (a.usedAt < b.usedAt ? 1 : -1)).slice(0, mostSeats - 1);
    this.#keepIfPossible({ ...this.#kept, seats: [...others, seat] });
    return { id: seat.id, key: seat.key };
  }

  /** Forgets this seat (null: all); gives how many there were. */
  forget(id: string | null): number {
    const gone = this.#kept.seats.filter((seat) => id === null || seat.id === id);
    this.#keep({ ...this.#kept, seats: this.#kept.seats.filter((seat) => !gone.includes(seat)) });
    for (const seat of gone) this.onForgotten(seat.id);
    return gone.length;
  }

  /** Answers a page that names its seat; null: there is none such. `host`: as the page addresses the station. */
  greet(id: string, pageNonce: string, host: string): Greeting | null {
    const seat = this.#of(id);
    if (seat === null) return null;
    const nonce = toHex(this.#random(32));
    return { nonce, proof: codeOf(seat.key, 'station', host, pageNonce, nonce) };
  }

  /** Whether the page that was greeted so has the key. */
  admits(id: string, pageNonce: string, host: string, { nonce }: Greeting, proof: string): boolean {
    const seat = this.#of(id);
    if (seat === null || !secret.safeParse(proof).success) return false;
    const right = codeOf(seat.key, 'page', host, pageNonce, nonce);
    if (!timingSafeEqual(Buffer.from(right), Buffer.from(proof))) return false;
    const usedAt = isoTime(this.#clock.now());
    this.#keepIfPossible({
      ...this.#kept,
      seats: this.#kept.seats.map((one) => (one.id === id ? { ...one, usedAt } : one)),
    });
    return true;
  }

  #of(id: string): Kept['seats'][number] | null {
    return this.#valid().find((seat) => seat.id === id) ?? null;
  }

  #valid(): Kept['seats'] {
    const since = isoTime(this.#clock.now() - forgottenMs);
    return this.#kept.seats.filter(({ usedAt }) => usedAt >= since);
  }

  /** A full disk keeps nobody out: the seat holds until the station is started again. */
  #keepIfPossible(kept: Kept): void {
    try {
      this.#keep(kept);
    } catch {
      this.#kept = kept;
    }
  }

  #keep(kept: Kept): void {
    putFile(this.#file, `${JSON.stringify(kept, null, 2)}\n`);
    this.#kept = kept;
  }
}

/** What either side sends to show that it has the key; the page makes the same (renderer/bridge/seat.ts). */
function codeOf(key: string, side: 'station' | 'page', host: string, pageNonce: string, stationNonce: string): string {
  const said = `fuseline ${side} ${host} ${pageNonce} ${stationNonce}`;
  return createHmac('sha256', Buffer.from(key, 'hex')).update(said).digest('hex');
}

/** A file that cannot be read is no seat: browsers need a link then, and nothing is lost but that. */
function read(file: string): Kept {
  const none: Kept = { version: 1, port: null, seats: [] };
  if (!existsSync(file)) return none;
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return none;
  }
}
