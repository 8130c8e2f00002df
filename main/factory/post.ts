// One question over HTTP, with everything bounded: time, size, and what counts as an answer. No redirect is followed, nothing of the
// environment counts (no proxies), and the token stands in a header alone.
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { type Clock, inTime } from '../base/clock.ts';

/** Where the factory's system is, read anew for each question. */
export interface FactoryDoor {
  /** Without a slash at its end. */
  readonly url: string;
  /** PEM; null: the authorities that this computer trusts. */
  readonly ca: string | null;
  /** Bearer token; null: none is asked for. */
  readonly token: string | null;
}

export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** An answer of more bytes is none. */
const mostBytes = 65_536;

/** Connections that stay open between boards. */
export interface Connections {
  readonly plain: PlainAgent;
  readonly tls: Agent;
  close(): void;
}

export function openConnections(): Connections {
  const how = { keepAlive: true, maxSockets: 8 };
  const [plain, tls] = [new PlainAgent(how), new Agent({ ...how, minVersion: 'TLSv1.2', rejectUnauthorized: true })];
  return {
    ...{ plain, tls },
    close() {
      plain.destroy();
      tls.destroy();
    },
  };
}

/**
 * Posts JSON and gives the reply whatever its status. `key`: of this deed, the same whenever it is told again. Rejects with what the network
 * says, or with an error of code `ETIMEDOUT` where the whole takes longer than `ms`, or `EMSGSIZE` where the answer is too long.
 */
export async function postJson(
  { url, ca, token }: FactoryDoor,
  path: string,
  { key, body }: { readonly key: string; readonly body: unknown },
  { connections, clock, ms }: { readonly connections: Connections; readonly clock: Clock; readonly ms: number },
): Promise<Reply> {
  const bytes = Buffer.from(JSON.stringify(body));
  const isPlain = url.startsWith('http:');
  const headers = {
    'content-type': 'application/json',
    'content-length': bytes.length,
    accept: 'application/json',
    'idempotency-key': key,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const options = {
    method: 'POST',
    headers,
    agent: isPlain ? connections.plain : connections.tls,
    ...(ca === null ? {} : { ca }),
  };
  const asked = isPlain ? plainRequest(`${url}${path}`, options) : request(`${url}${path}`, options);
  const answered = new Promise<Reply>((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (response) => void readBody(response).then(resolve, reject));
  });
  asked.end(bytes);
  try {
    return await inTime(clock, ms, answered, () =>
      failure('ETIMEDOUT', `it did not answer within ${ms / 1000} seconds`),
    );
  } catch (error) {
    answered.catch(() => undefined);
    asked.destroy();
    throw error;
  }
}

async function readBody(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > mostBytes) throw failure('EMSGSIZE', `its answer is longer than ${mostBytes} bytes`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts) };
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
