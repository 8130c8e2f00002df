import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import type { Desk } from '../station/desk/desk.ts';
import type { Dispatcher } from './dispatch.ts';
import { feedFace } from './feed.ts';
import type { Greeting, Seats } from './seats.ts';
import type { FaceSession } from './session.ts';

/** Close codes of ours (4000 to 4999 are for applications, RFC 6455 section 7.4.2). */
export const closeCodes = { badFrame: 4400, badKey: 4401, tooSlow: 4408 } as const;

/** A page has so long to say its key, in ms. */
const helloMs = 5_000;
/** A page that takes no ping for so long is gone, in ms. */
const pingMs = 20_000;
/** Bytes that may wait for a slow page: above the first no more changes of the line, above the second no more page. */
const behindAt = 1_000_000;
const lostAt = 64_000_000;
/** Calls of one page under way at once. */
const mostCalls = 64;

const helloFrame = z.strictObject({ hello: z.string().max(200) });
/** A browser that was let in before, and the number that it wants answered; then what shows that it has the key. */
const seatFrame = z.strictObject({ seat: z.string().max(40), nonce: z.string().regex(/^[0-9a-f]{64}$/) });
const proofFrame = z.strictObject({ proof: z.string().max(100) });
const callFrame = z.strictObject({
  id: z.number().int().nonnegative(),
  call: z.string().max(100),
  input: z.unknown(),
});

/** What a page gets with its welcome. */
export interface Welcome {
  readonly session: FaceSession;
  /** Secret for the page's next reload. */
  readonly reload: string;
  /** What the browser keeps to come back with after the station was started again; left out: it has it. */
  readonly seat?: { readonly id: string; readonly key: string };
}

/** Who decides which page is let in. */
export interface Doorkeeper {
  /** By a one-time or reload key; null: it is none of ours. */
  byKey(key: string): Welcome | null;
  /** By a seat that has shown its key. */
  bySeat(id: string): Welcome;
  readonly seats: Seats | null;
  /** As the page addresses the station. */
  readonly host: string;
}

/** One page in a browser, from its first frame on. */
export class BrowserFace {
  readonly #socket: WebSocket;
  readonly #desk: Desk;
  readonly #dispatcher: Dispatcher;
  readonly #door: Doorkeeper;
  #greeted: { readonly id: string; readonly nonce: string; readonly greeting: Greeting } | null = null;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #pingTimer: NodeJS.Timeout;
  #session: FaceSession | null = null;
  #stopFeed: () => void = () => undefined;
  #underWay = 0;
  #isAlive = true;
  /** Called once it is known whose page this is, or that it is gone. */
  onKnown: () => void = () => undefined;

  constructor(socket: WebSocket, desk: Desk, dispatcher: Dispatcher, door: Doorkeeper) {
    this.#socket = socket;
    this.#desk = desk;
    this.#dispatcher = dispatcher;
    this.#door = door;
    this.#helloTimer = setTimeout(() => this.drop(), helloMs);
    this.#pingTimer = setInterval(() => this.#ping(), pingMs);
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('close', () => this.#end());
    // What is wrong with a connection ends in 'close', which is all that is needed here.
    socket.on('error', () => undefined);
  }

  /** Ends it at once: whoever says nothing need not say goodbye either. */
  drop(): void {
    this.#socket.close(closeCodes.badKey);
    setImmediate(() => this.#socket.terminate());
  }

  #end(): void {
    this.onKnown();
    clearTimeout(this.#helloTimer);
    clearInterval(this.#pingTimer);
    this.#stopFeed();
  }

  #ping(): void {
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  #hear(data: RawData, isBinary: boolean): void {
    const frame = isBinary ? undefined : parsed(String(data));
    if (this.#session === null) {
      this.#hello(frame);
      return;
    }
    const call = callFrame.safeParse(frame);
    if (!call.success) {
      this.#socket.close(closeCodes.badFrame);
      return;
    }
    void this.#answer(this.#session, call.data.id, call.data.call, call.data.input);
  }

  #hello(frame: unknown): void {
    const seat = seatFrame.safeParse(frame);
    if (seat.success && this.#greet(seat.data.seat, seat.data.nonce)) return;
    const welcome = this.#welcomeFor(frame);
    if (welcome === null) {
      this.#socket.close(closeCodes.badKey);
      return;
    }
    clearTimeout(this.#helloTimer);
    this.#session = welcome.session;
    this.onKnown();
    this.#send({ welcome: true, reload: welcome.reload, ...(welcome.seat && { seat: welcome.seat }) });
    this.#stopFeed = feedFace(this.#desk, welcome.session, {
      send: (event, value) => this.#send({ event, data: value }),
      isBehind: () => this.#socket.bufferedAmount > behindAt,
    });
  }

  /** Shows a page that names a seat that this is its station; false where there is no such seat, or it was greeted already. */
  #greet(id: string, nonce: string): boolean {
    const greeting = this.#greeted === null ? (this.#door.seats?.greet(id, nonce, this.#door.host) ?? null) : null;
    if (greeting === null) return false;
    this.#greeted = { id, nonce, greeting };
    this.#send({ greeting });
    return true;
  }

  #welcomeFor(frame: unknown): Welcome | null {
    const hello = helloFrame.safeParse(frame);
    if (hello.success) return this.#door.byKey(hello.data.hello);
    const proof = proofFrame.safeParse(frame);
    if (!proof.success || this.#greeted === null) return null;
    const { id, nonce, greeting } = this.#greeted;
    const { seats, host } = this.#door;
    return seats?.admits(id, nonce, host, greeting, proof.data.proof) ? this.#door.bySeat(id) : null;
  }

  async #answer(session: FaceSession, id: number, call: string, input: unknown): Promise<void> {
    if (this.#underWay >= mostCalls) {
      const fault = {
        code: 'call.too-many',
        what: 'The page asks more than it waits for.',
        next: 'Reload the page.',
      };
      this.#send({ id, fault });
      return;
    }
    this.#underWay++;
    const reply = await this.#dispatcher.call(session, call, input);
    this.#underWay--;
    this.#send({ id, ...reply });
  }

  #send(frame: Readonly<Record<string, unknown>>): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > lostAt) {
      this.#socket.terminate();
      return;
    }
    this.#socket.send(JSON.stringify(frame));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
