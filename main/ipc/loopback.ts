import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { sha256Hex } from '../base/digest.ts';
import type { RandomSource } from '../base/random.ts';
import { FixtureFault } from '../model/fault.ts';
import type { Desk } from '../station/desk/desk.ts';
import { BrowserFace, closeCodes, type Doorkeeper, type Welcome } from './browser-face.ts';
import { Dispatcher } from './dispatch.ts';
import { contentPolicy, PageFiles } from './page-files.ts';
import type { Seats } from './seats.ts';
import { FaceSession } from './session.ts';

export interface LoopbackOptions {
  readonly desk: Desk;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Folder of the built page. */
  readonly page: string;
  /** 0: any free one. */
  readonly port: number;
  /** Browsers that are known from before; left out: none is remembered beyond this process. */
  readonly seats?: Seats;
  /** A one-time link was used; the next browser needs the next one. */
  readonly onLinkUsed?: (nextLink: string) => void;
}

/** The station's browser face, open on this computer alone. */
export interface Loopback {
  readonly origin: string;
  /** The page with a key that lets one browser in, once. */
  link(): string;
  close(): Promise<void>;
}

/** How long a page that is gone may come back by its reload secret, in ms. */
const reloadMs = 12 * 3_600_000;
const address = '127.0.0.1';
/** Longest frame that a page may send, in bytes: a recipe's text is the longest that has a reason. */
const longestFrame = 1_000_000;
const mostFaces = 32;
/** Sockets that have not said their key yet; one more drives the oldest out, so that idle strangers lock nobody out. */
const mostStrangers = 16;
/** Close code of an end that is going away (RFC 6455 section 7.4.1), and how long pages have to take their last frames, in ms. */
const stationCloses = 1001;
const farewellMs = 500;

interface KnownPage {
  readonly session: FaceSession;
  readonly seat: string | null;
  readonly leave: () => void;
  usedAt: number;
}

/**
 * Serves the page and its calls on 127.0.0.1. Three things must fit before anything is heard: the Host (no other name may lead here, so no
 * foreign page can rebind its name to this address), the Origin of the WebSocket (no page of another origin), and the key: one-time from
 * the link, or the reload secret that the page was given for it. FixtureFault `loopback.port` when the port cannot be had.
 */
export async function startLoopback(options: LoopbackOptions): Promise<Loopback> {
  const server = createServer();
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return new LoopbackServer(server, port, options);
}

class LoopbackServer implements Loopback {
  readonly origin: string;
  readonly #options: LoopbackOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #hosts: ReadonlySet<string>;
  readonly #files: PageFiles;
  readonly #dispatcher: Dispatcher;
  /** By the SHA-256 of their reload secrets: a secret is compared by its hash, in a time that tells nothing. */
  readonly #pages = new Map<string, KnownPage>();
  readonly #strangers = new Set<BrowserFace>();
  readonly #socketsOf = new Map<WebSocket, FaceSession>();
  #link: string;

  constructor(server: Server, port: number, options: LoopbackOptions) {
    this.#options = options;
    this.#server = server;
    this.origin = `http://${address}:${port}`;
    this.#hosts = new Set([`${address}:${port}`, `localhost:${port}`]);
    this.#files = new PageFiles(
      options.page,
      contentPolicy(`'self' ${[...this.#hosts].map((host) => `ws://${host}`).join(' ')}`),
    );
    this.#dispatcher = new Dispatcher(options.desk, options.seats);
    if (options.seats !== undefined) options.seats.onForgotten = (id) => this.#turnOut(id);
    this.#link = this.#secret();
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: longestFrame });
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  link(): string {
    return `${this.origin}/#token=${this.#link}`;
  }

  async close(): Promise<void> {
    const faces = [...this.#sockets.clients];
    const gone = faces.map((face) => new Promise((resolve) => face.once('close', resolve)));
    // What was sent last still goes out; a page that does not take it is not waited for.
    for (const face of faces) face.close(stationCloses);
    await Promise.race([Promise.all(gone), this.#options.clock.sleep(farewellMs)]);
    for (const face of faces) face.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#dispatcher.close();
    for (const { session, leave } of this.#pages.values()) {
      leave();
      session.close();
    }
  }

  #secret(): string {
    return toHex(this.#options.random(32));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#hosts.has(request.headers.host ?? '')) return refuse(response, 421, 'This is not the place.');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, 'Only reading is possible.');
    const { status, headers, body } = await this.#files.read((request.url ?? '/').split('?')[0]!);
    response.writeHead(status, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { host = '', origin } = request.headers;
    const isOurs = this.#hosts.has(host) && origin === `http://${host}` && request.url === '/api';
    if (!isOurs || this.#sockets.clients.size - this.#strangers.size >= mostFaces) {
      socket.end(`HTTP/1.1 ${isOurs ? '503 Service Unavailable' : '403 Forbidden'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const face = new BrowserFace(webSocket, this.#options.desk, this.#dispatcher, this.#doorkeeper(host, webSocket));
      const [oldest] = this.#strangers;
      if (this.#strangers.size >= mostStrangers) oldest?.drop();
      this.#strangers.add(face);
      webSocket.once('close', () => this.#socketsOf.delete(webSocket));
      face.onKnown = () => this.#strangers.delete(face);
    });
  }

  #doorkeeper(host: string, socket: WebSocket): Doorkeeper {
    const known = (welcome: Welcome | null) => {
      if (welcome !== null) this.#socketsOf.set(socket, welcome.session);
      return welcome;
    };
    return {
      seats: this.#options.seats ?? null,
      host,
      byKey: (key) => known(this.#letIn(key)),
      bySeat: (id) => known(this.#newPage(id))!,
    };
  }

  /** The session that the key opens, with the secret for the page's next reload; null when the key is none of ours. */
  #letIn(key: string): Welcome | null {
    const now = this.#options.clock.monotonic();
    for (const [hash, page] of this.#pages) if (now - page.usedAt > reloadMs) this.#forget(hash, page);
    const known = this.#pages.get(sha256Hex(key));
    if (known !== undefined) {
      known.usedAt = now;
      return { session: known.session, reload: key };
    }
    if (!timingSafeEqual(Buffer.from(sha256Hex(key)), Buffer.from(sha256Hex(this.#link)))) return null;
    this.#link = this.#secret();
    const seat = this.#options.seats?.make();
    const page = this.#newPage(seat?.id ?? null);
    this.#options.onLinkUsed?.(this.link());
    return seat === undefined ? page : { ...page, seat };
  }

  /** A page at which nobody is signed in. */
  #newPage(seat: string | null): Welcome {
    const session = new FaceSession('browser', this.#options.desk, this.#options.clock);
    const reload = this.#secret();
    const usedAt = this.#options.clock.monotonic();
    this.#pages.set(sha256Hex(reload), { session, seat, usedAt, leave: this.#dispatcher.admit(session) });
    return { session, reload };
  }

  #forget(hash: string, { session, leave }: KnownPage): void {
    leave();
    session.close();
    this.#pages.delete(hash);
  }

  /** A browser that is not let in any more: its pages go at once. */
  #turnOut(seat: string): void {
    for (const [hash, page] of this.#pages) {
      if (page.seat !== seat) continue;
      for (const [socket, session] of this.#socketsOf) if (session === page.session) socket.close(closeCodes.badKey);
      this.#forget(hash, page);
    }
  }
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${words}\n`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new FixtureFault({
          code: 'loopback.port',
          what: `The page cannot be served on port ${port} of this computer: ${cause.code === 'EADDRINUSE' ? 'another program uses it' : cause.message}.`,
          next: 'Name another port with --port N, or leave it out: then any free one is taken.',
          details: { port },
          cause,
        }),
      );
    });
    server.listen({ host: address, port }, () => resolve());
  });
}
