// One connection to an AMQP 1.0 broker with one link to send on, everything bounded. A message counts as told when the broker has accepted it.
import type { Socket } from 'node:net';
import rhea, { type Connection, type Delivery, type EventContext, type Message } from 'rhea';
import { type Clock, inTime } from '../base/clock.ts';
import type { Broker } from './mqtt-line.ts';

/** Bytes of a text as one data section of a message. */
export function dataSection(text: string): unknown {
  return rhea.message.data_section(Buffer.from(text));
}

export interface AmqpLine {
  /** Rejects with why the connection ended; never before it does. */
  readonly ended: Promise<never>;
  /** Resolves when the broker has accepted it. Rejects with an Error of code `EPROTO` where it will not, `ETIMEDOUT`, or as `ended`. */
  send(message: Message): Promise<void>;
  /** Takes leave, and ends the connection whether that is answered or not. */
  close(): Promise<void>;
}

export interface AmqpParts {
  readonly clock: Clock;
  readonly container: string;
  /** To which messages go: queue, topic or exchange, as the broker names it. */
  readonly address: string;
  /** For one answer. */
  readonly ms: number;
}

/** Connects, and opens the link. Rejects with what the network says, or an Error of code `ETIMEDOUT`, `EPROTO` or `amqp:unauthorized-access`. */
export async function openAmqp(broker: Broker, { clock, container, address, ms }: AmqpParts): Promise<AmqpLine> {
  const { host, port, tls, ca, user, password } = broker;
  let fail = (_: Error): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    fail = reject;
  });
  ended.catch(() => undefined);
  const waiting = new Map<Delivery, { take(): void; refuse(error: Error): void }>();
  const own = rhea.create_container({ id: container });
  // what is wrong is told by the promise of the link: of an error that nobody hears the package would end the program
  for (const event of ['connection_error', 'session_error', 'sender_error', 'error', 'protocol_error'])
    own.on(event, (context: EventContext & { error?: unknown }) =>
      fail(
        saidBy(
          context.connection?.error ?? context.sender?.error ?? context.session?.error ?? context.error ?? context,
        ),
      ),
    );
  own.on('disconnected', (context: EventContext) => fail(saidBy(context.error ?? null)));
  for (const event of ['connection_close', 'session_close', 'sender_close'])
    own.on(event, () => fail(failure('ECONNRESET', 'the broker ended it')));
  own.on('accepted', ({ delivery }: EventContext) => waiting.get(delivery!)?.take());
  for (const event of ['rejected', 'released', 'modified'])
    own.on(event, ({ delivery }: EventContext) =>
      waiting.get(delivery!)?.refuse(failure('EPROTO', `it does not take what it is told (${event})`)),
    );
  const open = new Promise<void>((resolve) => own.once('sendable', () => resolve()));
  const connection: Connection = own.connect({
    ...{ host, port, reconnect: false, idle_time_out: 4 * ms, max_frame_size: 65_536 },
    ...(tls
      ? {
          transport: 'tls',
          rejectUnauthorized: true,
          servername: host,
          minVersion: 'TLSv1.2',
          ...(ca === null ? {} : { ca }),
        }
      : { transport: 'tcp' }),
    ...(user === null ? {} : { username: user }),
    ...(password === null ? {} : { password }),
  } as Parameters<typeof own.connect>[0]);
  // the package hears of a socket that fails, and not of one that is destroyed in silence: its timers would go on
  const cut = () => (connection as unknown as { socket?: Socket }).socket?.destroy(failure('ECONNRESET', 'it is over'));
  const sender = connection.open_sender({ target: { address, durable: 0 }, autosettle: true });
  try {
    await inTime(clock, ms, Promise.race([open, ended]), () =>
      failure('ETIMEDOUT', `it gives no leave to send within ${ms / 1000} seconds`),
    );
  } catch (error) {
    cut();
    throw error;
  }
  return {
    ended,
    async send(message) {
      const delivery = sender.send(message);
      const accepted = new Promise<void>((take, refuse) => waiting.set(delivery, { take, refuse }));
      try {
        const late = () => failure('ETIMEDOUT', `it did not accept a message within ${ms / 1000} seconds`);
        await inTime(clock, ms, Promise.race([accepted, ended]), late);
      } finally {
        waiting.delete(delivery);
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) => own.once('connection_close', () => resolve()));
      connection.close();
      await inTime(clock, ms, Promise.race([closed, ended]), () => new Error('late')).catch(() => undefined);
      cut();
    },
  };
}

function saidBy(error: unknown): Error {
  const { code, condition, message, description } = (error ?? {}) as Record<
    'code' | 'condition' | 'message' | 'description',
    string | undefined
  >;
  return failure(code ?? condition ?? 'ECONNRESET', description ?? message ?? 'the connection ended');
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
