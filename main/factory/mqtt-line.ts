// One connection to an MQTT 3.1.1 broker, with everything bounded. What is published goes with QoS 0, as Sparkplug wants it; that the broker
// has read it is known by the answer to a ping behind it, since a broker takes the packets of a connection in their order.
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { type Clock, inTime } from '../base/clock.ts';
import { NotLetIn } from './faults.ts';

export interface Broker {
  readonly host: string;
  readonly port: number;
  /** False: in clear, on this computer alone. */
  readonly tls: boolean;
  /** PEM; null: the authorities that this computer trusts. */
  readonly ca: string | null;
  /** Null: none is asked for. */
  readonly user: string | null;
  readonly password: string | null;
}

export interface Letter {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface MqttLine {
  /** Rejects with why the connection ended; never before it does. */
  readonly ended: Promise<never>;
  publish(letter: Letter): void;
  /** Resolves when the broker has read all that was published. */
  flushed(): Promise<void>;
  /** Takes leave, so that the broker does not say the last will. */
  close(): void;
}

/** Larger ones are nothing that a node is told. */
const mostBytes = 65_536;

export interface LineParts {
  readonly clock: Clock;
  readonly clientId: string;
  readonly will: Letter;
  readonly topics: readonly string[];
  readonly hear: (letter: Letter) => void;
  /** For one answer of the broker; a ping is sent as often. */
  readonly ms: number;
}

/** Connects and subscribes. Rejects with what the network says, `NotLetIn`, or an Error of code `ETIMEDOUT` or `EPROTO`. */
export async function openLine(
  broker: Broker,
  { clock, clientId, will, topics, hear, ms }: LineParts,
): Promise<MqttLine> {
  const { host, port, tls, ca } = broker;
  const socket: Socket = tls
    ? connectTls({ host, port, minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === null ? {} : { ca }) })
    : connectPlain({ host, port });
  const waiting: { readonly cmd: Packet['cmd']; take(packet: Packet): void }[] = [];
  const ended = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(failure('ECONNRESET', 'the connection ended')));
  });
  ended.catch(() => undefined);
  const broken = (what: string) => socket.destroy(failure('EPROTO', what));
  const reader = parser({ protocolVersion: 4 });
  reader.on('error', () => broken('what it says is no MQTT'));
  reader.on('packet', (packet: Packet) => {
    if (packet.cmd === 'publish') {
      if (packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId! });
      hear({ topic: packet.topic, payload: Buffer.from(packet.payload as Uint8Array) });
      return;
    }
    const next = waiting.shift();
    if (next?.cmd === packet.cmd) next.take(packet);
    else broken(`it says ${packet.cmd}, which nobody asked for`);
  });
  let pending = 0;
  socket.on('data', (data: Buffer) => {
    pending = reader.parse(data);
    if (pending > mostBytes) broken(`it says more than ${mostBytes} bytes at once`);
  });
  const send = (packet: Packet) => void socket.write(generate(packet, { protocolVersion: 4 }));
  /** Sends, and gives the answer. */
  const ask = async (packet: Packet, cmd: Packet['cmd']): Promise<Packet> => {
    const answer = new Promise<Packet>((take) => waiting.push({ cmd, take }));
    send(packet);
    return await inTime(clock, ms, Promise.race([answer, ended]), () =>
      failure('ETIMEDOUT', `it did not answer within ${ms / 1000} seconds`),
    );
  };
  let beat: NodeJS.Timeout | undefined;
  try {
    const ready = new Promise<void>((resolve) => socket.once(tls ? 'secureConnect' : 'connect', resolve));
    await inTime(clock, ms, Promise.race([ready, ended]), () => failure('ETIMEDOUT', 'it cannot be reached in time'));
    const said = await ask(connectPacket(broker, clientId, will, ms), 'connack');
    if (said.cmd === 'connack' && said.returnCode !== 0) throw new NotLetIn(said.returnCode ?? -1);
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }));
    const granted = await ask({ cmd: 'subscribe', messageId: 1, subscriptions }, 'suback');
    if (granted.cmd === 'suback' && granted.granted.includes(128)) throw new NotLetIn(128);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const flushed = async () => void (await ask({ cmd: 'pingreq' }, 'pingresp'));
  beat = setInterval(() => void flushed().catch((error: Error) => socket.destroy(error)), ms);
  beat.unref();
  socket.on('close', () => clearInterval(beat));
  return {
    ...{ ended, flushed },
    publish: ({ topic, payload }) =>
      send({ cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain: false, dup: false }),
    close: () => {
      send({ cmd: 'disconnect' });
      socket.end();
      clearInterval(beat);
    },
  };
}

function connectPacket(
  { user, password }: Broker,
  clientId: string,
  { topic, payload }: Letter,
  ms: number,
): IConnectPacket {
  return {
    cmd: 'connect',
    ...{ protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId },
    keepalive: Math.max(1, Math.ceil((3 * ms) / 1000)),
    will: { topic, payload: Buffer.from(payload), qos: 1, retain: false },
    ...(user === null ? {} : { username: user }),
    ...(password === null ? {} : { password: Buffer.from(password) }),
  };
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
