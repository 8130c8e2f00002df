// A broker of AMQP 1.0 as small as it can be: it takes messages into a list. By the package that the station sends with, so that it judges what is
// sent and when, not the bytes of AMQP.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import rhea, { type Connection, type EventContext } from 'rhea';

export interface CfxHeard {
  readonly subject: string;
  readonly contentType: string;
  readonly properties: Record<string, unknown>;
  readonly address: string;
  readonly envelope: {
    readonly MessageName: string;
    readonly UniqueID: string;
    readonly MessageBody: Record<string, unknown>;
  } & Record<string, unknown>;
}

export interface AmqpPeer {
  readonly port: number;
  readonly heard: CfxHeard[];
  /** Takes nobody with another password; null: anybody. */
  password: string | null;
  takes: boolean;
  cut(): void;
  close(): Promise<void>;
}

export async function startAmqpPeer(
  options: { readonly port?: number; readonly tls?: { readonly key: string; readonly certificate: string } } = {},
): Promise<AmqpPeer> {
  const broker = rhea.create_container({ id: 'broker' });
  const open = new Set<Connection>();
  const peer = {
    ...{ port: 0, heard: [] as CfxHeard[], password: null as string | null, takes: true },
    cut() {
      for (const connection of open) (connection as unknown as { socket: Socket }).socket.destroy(new Error('cut'));
    },
    async close() {
      peer.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const sasl = broker as unknown as {
    sasl_server_mechanisms: {
      enable_plain(check: (user: string, password: string) => boolean): void;
      enable_anonymous(): void;
    };
  };
  sasl.sasl_server_mechanisms.enable_plain((_, password) => password === peer.password);
  sasl.sasl_server_mechanisms.enable_anonymous();
  broker.on('connection_open', ({ connection }: EventContext) => open.add(connection));
  broker.on('disconnected', ({ connection }: EventContext) => open.delete(connection));
  for (const event of ['connection_error', 'protocol_error', 'error']) broker.on(event, () => undefined);
  broker.on('receiver_open', ({ receiver }: EventContext) => receiver!.set_target(receiver!.target as never));
  broker.on('message', ({ message, delivery, receiver }: EventContext) => {
    if (!peer.takes) {
      delivery!.reject({ condition: 'amqp:precondition-failed', description: 'full' });
      return;
    }
    const body = message!.body as { content: Buffer };
    peer.heard.push({
      subject: String(message!.subject),
      contentType: String(message!.content_type),
      properties: message!.application_properties as Record<string, unknown>,
      address: String((receiver!.target as { address?: string }).address),
      envelope: JSON.parse(body.content.toString('utf8')) as CfxHeard['envelope'],
    });
    delivery!.accept();
  });
  const { tls, port = 0 } = options;
  const server = broker.listen({
    ...{ port, host: '127.0.0.1' },
    ...(tls === undefined ? {} : { transport: 'tls', key: tls.key, cert: tls.certificate }),
  } as Parameters<typeof broker.listen>[0]);
  await once(server, 'listening');
  peer.port = (server.address() as { port: number }).port;
  return peer;
}
