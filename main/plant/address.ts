import { isIP } from 'node:net';
import { RecipeFault } from '../model/fault.ts';

/** Where a plant is. */
export interface PlantAddress {
  /** Name or address of the server; of a unix socket the folder in which it lies. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Null: the station's own role. */
  readonly user: string | null;
}

/**
 * `postgres://[USER@]HOST[:PORT]/DATABASE`, or `postgres://[USER@]/DATABASE?host=/FOLDER[&port=N]` for a unix socket. RecipeFault `plant.url`
 * for anything else: a password has no place in it, and no option is taken that could lower what a connection asks for.
 */
export function plantAddress(text: string): PlantAddress {
  const wrong = (why: string) =>
    new RecipeFault({
      code: 'plant.url',
      what: `The address of the plant cannot be used: ${why}.`,
      next: 'Write postgres://HOST:PORT/DATABASE, or postgres:///DATABASE?host=/FOLDER for a socket on this computer; the password lies in a file of its own.',
    });
  const form =
    /^postgres(?:ql)?:\/\/(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/?#[\]]*)(?::(\d{1,5}))?\/([^/?#]+)(?:\?([^#]*))?$/.exec(text);
  if (form === null) throw wrong('it has not the form of one');
  const [, user = '', name = '', ownPort, database = '', query = ''] = form;
  if (user.includes(':')) throw wrong('there is a password in it');
  const options = new URLSearchParams(query);
  for (const option of options.keys())
    if (option !== 'host' && option !== 'port') throw wrong(`it has the option ${option}`);
  const socket = options.get('host');
  if (socket !== null && (name !== '' || !socket.startsWith('/')))
    throw wrong('host names a folder, and no other server stands beside it');
  const host = socket ?? name.replace(/^\[|\]$/g, '');
  if (host === '') throw wrong('it names no server');
  const port = Number(ownPort ?? options.get('port') ?? 5432);
  if (!(port >= 1 && port <= 65_535)) throw wrong('its port is none');
  try {
    return { host, port, database: decodeURIComponent(database), user: user === '' ? null : decodeURIComponent(user) };
  } catch {
    throw wrong('a percent sign in it begins no character');
  }
}

/** Whether what is said never leaves this computer: a unix socket, or a loopback address. A name may be anybody's, also `localhost`'s. */
export function isOnThisComputer({ host }: PlantAddress): boolean {
  return host.startsWith('/') || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The address as people are told it. */
export function addressText({ host, port, database }: PlantAddress): string {
  return `${host}:${port}/${database}`;
}

/** The address as a station file names it: what `plantAddress` reads back, without a user. */
export function addressUrl({ host, port, database }: PlantAddress): string {
  const name = encodeURIComponent(database);
  if (host.startsWith('/')) return `postgres:///${name}?host=${host}&port=${port}`;
  return `postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${name}`;
}
