import { type AddressInfo, createServer, type Socket } from 'node:net';
import { utf8 } from '../../base/bytes.ts';
import { FixtureFault } from '../../model/fault.ts';
import { Rfc2217ServerSession } from '../../transport/network/rfc2217-server.ts';
import type { VirtualChip } from '../chip.ts';
import { feed } from './feed.ts';

export interface TcpListener {
  readonly port: number;
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** One who leaves and comes back at once must not meet himself: how long a newcomer waits before he is sent away, milliseconds. */
const patienceMs = 200;
const refusal = utf8('This virtual chip is in use by another client.\r\n');

/**
 * One client at a time behind a TCP port, raw or RFC 2217; a second one is told so and sent away. A client that goes leaves the chip
 * as it is. FixtureFault `virtual.listen` where the port cannot be had.
 */
export async function listenTcp(
  chip: VirtualChip,
  way: 'tcp' | 'rfc2217',
  host: string,
  port: number,
): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const waiting: Socket[] = [];
  let current: Socket | null = null;

  const serve = (socket: Socket): void => {
    current = socket;
    if (way === 'tcp') serveRaw(chip, socket);
    else serveRfc2217(chip, socket);
    socket.once('close', () => {
      current = null;
      chip.onSend(null);
      try {
        chip.save();
      } catch {
        // a state that cannot be kept ends the listening; the last save says why
        void close();
      }
      const next = waiting.shift();
      if (next !== undefined) serve(next);
    });
    socket.resume();
  };
  const close = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
      if (waiting.includes(socket)) waiting.splice(waiting.indexOf(socket), 1);
    });
    if (current === null) {
      serve(socket);
      return;
    }
    waiting.push(socket);
    const patience = setTimeout(() => {
      if (!waiting.includes(socket)) return;
      waiting.splice(waiting.indexOf(socket), 1);
      // what it sends is read and dropped: bytes left unread would reset the connection before it has read the refusal
      socket.resume();
      socket.end(refusal);
    }, patienceMs);
    socket.once('close', () => clearTimeout(patience));
  });
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)));
    server.listen({ host, port }, resolve);
  });
  server.on('error', () => undefined);
  return {
    port: (server.address() as AddressInfo).port,
    closed,
    close,
  };
}

function serveRaw(chip: VirtualChip, socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('data', (chunk: Uint8Array) => feed(chip, chunk, socket));
  chip.onSend((bytes) => {
    if (!socket.destroyed) socket.write(bytes.slice());
  });
}

/** What an adapter is set to before its client has set it, and what a session tells its client then. */
export const defaultBaudRate = 115200;

function serveRfc2217(chip: VirtualChip, socket: Socket): void {
  chip.setHostBaudRate(defaultBaudRate);
  chip.setLines({ dtr: false, rts: false });
  const session = new Rfc2217ServerSession(socket, {
    onData: (bytes) => feed(chip, bytes, socket),
    onLines: (lines) => chip.setLines(lines),
    onBaudRate: (rate) => chip.setHostBaudRate(rate),
  });
  chip.onSend((bytes) => {
    session.send(bytes);
  });
}

function cannotListen(host: string, port: number, cause: Error): FixtureFault {
  const code = (cause as NodeJS.ErrnoException).code;
  const why = code === 'EADDRINUSE' ? 'another program uses it' : cause.message;
  return new FixtureFault({
    code: 'virtual.listen',
    what: `Nothing can listen on ${host} port ${port}: ${why}.`,
    next: 'Choose another port, or 0 for any free one.',
    details: { host, port },
    cause,
  });
}
