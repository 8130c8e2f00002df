// A PostgreSQL server of a test's own: Debian's programs, in a folder that goes with it, on a port and a socket of its own, never as root.
// Nothing that it writes is synced: what a power cut does to PostgreSQL is PostgreSQL's affair.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from '../../main/boot/system.mjs';
import { selfSignedPair } from '../self-signed.ts';
import { madeOnce } from './made-once.ts';

const oldest = 15;
const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : '/tmp';
/** Whose the tables are: the role that `initdb` makes. It comes by the socket, without a password. */
export const owner = 'owner';

function programs(): string | null {
  const version = (folder: string) => Number(/postgresql\/(\d+)\//.exec(folder)?.[1] ?? 0);
  const found = globSync('/usr/lib/postgresql/*/bin').filter((folder) => existsSync(join(folder, 'initdb')));
  return found.sort((a, b) => version(b) - version(a)).find((folder) => version(folder) >= oldest) ?? null;
}

/** Folder of the server's programs, installed where they are not there and this process may; or why there are none. */
async function programsHere(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  if (process.platform !== 'linux') return { missing: "the plant is tried with Debian's PostgreSQL" };
  const there = programs();
  if (there !== null) return { folder: there };
  const made = await madeOnce('postgresql', async (folder) => {
    const missing = installPackages(['postgresql'], () => undefined);
    if (missing === null && programs() !== null) {
      mkdirSync(folder, { recursive: true });
      return null;
    }
    return `no PostgreSQL ${oldest} or later on this machine (Debian: apt-get install postgresql)`;
  });
  return 'missing' in made ? made : { folder: programs()! };
}

/** Why there can be no server here, as `skip` of a test takes it; false: there can. */
export const noServer: string | false = await (async () => {
  const here = await programsHere();
  return 'missing' in here ? here.missing : false;
})();

export interface PostgresServer {
  /** Of the database `plant`, by the socket, as its owner. */
  readonly ownerUrl: string;
  /** The same by 127.0.0.1, where every role needs its password. */
  readonly url: string;
  readonly port: number;
  /** Of its own key, for `localhost`, PEM. */
  readonly certificate: string;
  /** Ends every process of it at once, as a computer that goes off. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an empty server with a database `plant`. */
export async function startServer(): Promise<PostgresServer> {
  const bin = programs()!;
  // not among the other files of tests where root runs them: the server's account could not reach it there
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(isRoot ? memoryFolder : tmpdir(), 'fuseline-pg-'));
  const account = accountFor(folder);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(bin, program), args, { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  run(
    'initdb',
    '-D',
    data,
    '-U',
    owner,
    '--no-sync',
    '--encoding=UTF8',
    '--locale=C',
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
  );
  const { certificate, key } = selfSignedPair('localhost');
  for (const [name, text] of [
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    if (account.uid !== undefined) chownSync(join(data, name), account.uid, account.gid!);
  }
  const port = await freePort();
  const settings = [
    'fsync=off',
    'ssl=on',
    'full_page_writes=off',
    'shared_buffers=16MB',
    'listen_addresses=127.0.0.1',
    'max_connections=60',
  ];
  let server: ChildProcess | null = null;
  const start = async () => {
    rmSync(join(data, 'postmaster.pid'), { force: true });
    // the end of this process, however it comes, is the end of the server and its files: then the pipe closes
    server = spawn(
      'sh',
      [
        '-c',
        'folder=$1; shift; "$@" & pid=$!; read -r word; kill -QUIT $pid; wait $pid; test "$word" = keep || rm -rf "$folder"',
        ...['sh', folder],
        ...[join(bin, 'postgres'), '-D', data, '-k', folder, '-p', `${port}`],
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
      // of a group of its own: who ends a test with all that it started would leave the files behind
      { ...account, cwd: folder, stdio: ['pipe', 'ignore', 'ignore'], detached: true },
    );
    server.stdin!.on('error', () => undefined);
    for (let tries = 0; ; tries++) {
      try {
        const [, , , , , , , state] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
        if (state?.trim() === 'ready') return;
      } catch {
        // not yet
      }
      if (tries === 500) throw new Error('the PostgreSQL server does not come up');
      await sleep(20);
    }
  };
  const end = async (word: string) => {
    if (server === null) return;
    const ended = once(server, 'exit');
    server.stdin!.end(word);
    await ended;
    server = null;
  };
  await start();
  run('psql', '-q', '-h', folder, '-p', `${port}`, '-U', owner, '-d', 'postgres', '-c', 'CREATE DATABASE plant');
  return {
    ownerUrl: `postgres://${owner}@/plant?host=${folder}&port=${port}`,
    url: `postgres://127.0.0.1:${port}/plant`,
    port,
    certificate,
    kill: () => end('keep\n'),
    start,
    async close() {
      await end('');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function accountFor(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  const account = { uid: idOf('-u'), gid: idOf('-g') };
  chownSync(folder, account.uid, account.gid);
  return account;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
