import {
  oldestVersion,
  type PrivateServer,
  privateOwner,
  serverPrograms,
  startPrivateServer,
} from '../../main/plant/private-server.ts';
import { selfSignedPair } from '../self-signed.ts';
import { noProgram } from './debian-package.ts';
import { freePort } from './free-port.ts';

/** Whose the tables are: it comes by the socket, without a password. */
export const owner = privateOwner;

/** Why there can be no server here, as `skip` of a test takes it; false: there can. Installed where it is not there and this process may. */
export const noServer: string | false = await noProgram({
  ...{ what: 'PostgreSQL', package: 'postgresql', wanted: `PostgreSQL ${oldestVersion} or later` },
  isThere: () => serverPrograms() !== null,
});

export interface PostgresServer extends PrivateServer {
  /** Of the database `plant` by 127.0.0.1, where every role needs its password. */
  readonly url: string;
  readonly port: number;
  /** Of its own key, for `localhost`, PEM. */
  readonly certificate: string;
}

/** Starts an empty server with a database `plant`. */
export async function startServer(): Promise<PostgresServer> {
  const { certificate, key } = selfSignedPair('localhost');
  const port = await freePort();
  const server = await startPrivateServer({
    programs: serverPrograms()!,
    port,
    settings: ['ssl=on', 'listen_addresses=127.0.0.1', 'max_connections=60'],
    files: { 'server.crt': certificate, 'server.key': key },
  });
  return { ...server, url: `postgres://127.0.0.1:${port}/plant`, port, certificate };
}
