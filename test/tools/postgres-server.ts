// A PostgreSQL server of a test's own: Debian's programs, on a port and a socket of its own.
import { mkdirSync } from 'node:fs';
import { installPackages } from '../../main/boot/system.mjs';
import {
  oldestVersion,
  type PrivateServer,
  privateOwner,
  serverPrograms,
  startPrivateServer,
} from '../../main/plant/private-server.ts';
import { selfSignedPair } from '../self-signed.ts';
import { freePort } from './free-port.ts';
import { madeOnce } from './made-once.ts';

/** Whose the tables are: it comes by the socket, without a password. */
export const owner = privateOwner;

/** Why there can be no server here, as `skip` of a test takes it; false: there can. Installed where it is not there and this process may. */
export const noServer: string | false = await (async () => {
  if (process.platform !== 'linux') return "the plant is tried with Debian's PostgreSQL";
  if (serverPrograms() !== null) return false;
  const made = await madeOnce('postgresql', async (folder) => {
    const missing = installPackages(['postgresql'], () => undefined);
    if (missing === null && serverPrograms() !== null) {
      mkdirSync(folder, { recursive: true });
      return null;
    }
    return `no PostgreSQL ${oldestVersion} or later on this machine (Debian: apt-get install postgresql)`;
  });
  return 'missing' in made ? made.missing : false;
})();

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
