// Brokers of a test's own: aedes within this process, and Debian's mosquitto; and the host application's view of what a node says, by the
// decoder of Eclipse Tahu (sparkplug-payload), which is not ours.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { Aedes, type AuthenticateError } from 'aedes';
import sparkplug from 'sparkplug-payload';
import { noProgram } from './debian-package.ts';
import { freePort } from './free-port.ts';

const { decodePayload, encodePayload } = sparkplug.get('spBv1.0')!;

/** A message of a node, decoded. */
export interface Heard {
  readonly topic: string;
  readonly seq: number | null;
  readonly metrics: ReadonlyMap<string, unknown>;
  readonly isHistorical: boolean;
}

export function heard(topic: string, payload: Uint8Array): Heard {
  const { seq, metrics: told } = decodePayload(payload);
  const metrics = told ?? [];
  const plain = ({ value, type }: (typeof metrics)[number]) =>
    value !== null && type === 'UInt64' ? Number(value) : value;
  return {
    topic: topic.replace('spBv1.0/', ''),
    seq: seq == null ? null : Number(seq),
    metrics: new Map(metrics.map((metric) => [metric.name ?? '', plain(metric)])),
    isHistorical: metrics.some((metric) => metric.isHistorical === true),
  };
}

/** A command of a host application, as its own library writes it. */
export function command(name: string, value: boolean): Buffer {
  return Buffer.from(encodePayload({ timestamp: Date.now(), metrics: [{ name, type: 'Boolean', value }] }));
}

export interface TestBroker {
  readonly port: number;
  readonly heard: Heard[];
  /** Takes nobody with another password; null: anybody. */
  password: string | null;
  publish(topic: string, payload: Buffer, retain?: boolean): Promise<void>;
  /** Breaks every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startAedes(
  options: { readonly port?: number; readonly tls?: { readonly key: string; readonly certificate: string } } = {},
): Promise<TestBroker> {
  const aedes = await Aedes.createBroker({
    authenticate: (_client, _user, password, done) => {
      const isRight = broker.password === null || password?.toString() === broker.password;
      done(isRight ? null : (Object.assign(new Error('no'), { returnCode: 5 }) as AuthenticateError), isRight);
    },
  });
  const sockets = new Set<Socket>();
  const { tls } = options;
  const server: Server =
    tls === undefined
      ? createServer(aedes.handle)
      : createTls({ key: tls.key, cert: tls.certificate }, (socket) => aedes.handle(socket as never));
  server.on('connection', (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const broker: TestBroker = {
    port: (server.address() as { port: number }).port,
    heard: [],
    password: null,
    publish: (topic, payload, retain = false) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, retain, qos: 0, dup: false } as const;
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      broker.cut();
      await new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
  aedes.on('publish', ({ topic, payload }) => {
    if (/^spBv1\.0\/[^/]+\/[ND](BIRTH|DATA|DEATH)\//.test(topic))
      broker.heard.push(heard(topic, Buffer.from(payload as Buffer)));
  });
  return broker;
}

const mosquitto = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'];
const program = () => mosquitto.find((file) => existsSync(file)) ?? null;

/** Why there can be no mosquitto here, as `skip` of a test takes it; false: there can. */
export const noMosquitto: string | false = await noProgram({
  ...{ what: 'mosquitto', package: 'mosquitto' },
  isThere: () => program() !== null,
});

/** Starts an empty one that takes anybody on this computer. */
export async function startMosquitto(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-mosquitto-'));
  const port = await freePort();
  writeFileSync(join(folder, 'conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const server = spawn(program()!, ['-c', join(folder, 'conf')], { stdio: 'ignore' });
  for (let tries = 0; ; tries++) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) break;
    if (tries > 200) throw new Error('mosquitto does not start');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    port,
    async close() {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
