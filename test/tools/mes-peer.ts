// The factory's own system as docs/factory.md describes it, as small as it can be: for tests, over HTTP or HTTPS.
import { once } from 'node:events';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly path: string;
  readonly key: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}

/** What it says; `lost`: it takes what it is told, and the line breaks before its answer; `never`: it takes it and is silent. */
export type Says = readonly [status: number, body: unknown] | 'lost' | 'never';

export interface MesPeer {
  readonly url: string;
  readonly asked: Asked[];
  /** Results by their keys, in the order in which they came first. */
  readonly results: Map<string, Record<string, unknown>>;
  says: (asked: Asked) => Says;
  close(): Promise<void>;
}

export async function startMesPeer(
  tls: { readonly key: string; readonly certificate: string } | null = null,
): Promise<MesPeer> {
  const peer = {
    asked: [] as Asked[],
    results: new Map<string, Record<string, unknown>>(),
    says: (({ path }) => (path === '/mes/route' ? [200, { go: true }] : [204, null])) as MesPeer['says'],
  };
  const hear = async (request: IncomingMessage, response: ServerResponse) => {
    const { 'idempotency-key': key = '', authorization } = request.headers;
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const one = { path: request.url ?? '', key: String(key), authorization, body };
    peer.asked.push(one);
    const said = peer.says(one);
    const isTaken = typeof said === 'string' || said[0] < 300;
    if (one.path === '/mes/result' && isTaken && !peer.results.has(one.key)) peer.results.set(one.key, body);
    if (said === 'lost') request.socket.destroy();
    else if (said !== 'never')
      response.writeHead(said[0]).end(typeof said[1] === 'string' ? said[1] : JSON.stringify(said[1]));
  };
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void hear(request, response).catch(() => request.socket.destroy());
  const server = tls === null ? createPlain(listener) : createServer({ key: tls.key, cert: tls.certificate }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return Object.assign(peer, {
    url: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}/mes`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
