import { type AddressInfo, createServer, type Socket } from 'node:net';
import { utf8 } from '../base/bytes.ts';
import { FixtureFault } from '../model/fault.ts';
import { Rfc2217ServerSession } from '../transport/network/rfc2217-server.ts';
import type { VirtualChip } from './chip.ts';
import { feed } from './listen-feed.ts';

export interface TcpListener {
  readonly port: number;
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

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
  let current: Socket | null = null;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (current !== null) {
      socket.on('error', () => socket.destroy());
      // what it sends is read and dropped: bytes left unread would reset the connection before it has read the refusal
      socket.resume();
      socket.end(refusal);
      return;
    }
    current = socket;
    const gone = () => {
      if (current !== socket) return;
      current = null;
      chip.onSend(null);
      chip.save();
    };
    if (way === 'tcp') serveRaw(chip, socket);
    else serveRfc2217(chip, socket);
    socket.once('close', gone);
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
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serveRaw(chip: VirtualChip, socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Uint8Array) => feed(chip, chunk, socket));
  chip.onSend((bytes) => {
    if (!socket.destroyed) socket.write(bytes.slice());
  });
}

function serveRfc2217(chip: VirtualChip, socket: Socket): void {
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
