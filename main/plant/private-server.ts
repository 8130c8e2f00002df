// A PostgreSQL server of somebody's own, for trying and for tests: the system's programs, in a new folder that goes with it, never as root.
// Nothing that it writes is synced: it holds what can be had again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerFault } from '../model/fault.ts';

/** Oldest server that a plant can be in. */
export const oldestVersion = 15;
/** The role that `initdb` makes, whose the tables are: it comes by the socket, without a password. */
export const privateOwner = 'owner';

/** Folder of the newest server programs of this system that are new enough; null: there are none. */
export function serverPrograms(): string | null {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => numberIn(b) - numberIn(a));
  const others = ['/opt/homebrew/opt/postgresql*/bin', '/usr/local/opt/postgresql*/bin'].flatMap((form) =>
    globSync(form),
  );
  const inPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return (
    [...debian, ...others, ...inPath].find(
      (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')) && isNewEnough(folder),
    ) ?? null
  );
}

const numberIn = (folder: string) => Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);

function isNewEnough(folder: string): boolean {
  if (numberIn(folder) >= oldestVersion) return true;
  try {
    const said = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
    return Number(/ (\d+)/.exec(said)?.[1] ?? 0) >= oldestVersion;
  } catch {
    return false;
  }
}

export interface PrivateServer {
  readonly folder: string;
  /** Of the database `plant`, by the socket, as its owner. */
  readonly ownerUrl: string;
  /** By the socket too, without a role. */
  readonly socketUrl: string;
  /** Ends every process of it at once, as a computer that goes off. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it, and its folder with it. */
  close(): Promise<void>;
}

export interface PrivateServerOptions {
  /** Folder of the programs. */
  readonly programs: string;
  /** Of the socket, and where there is one of 127.0.0.1. */
  readonly port?: number;
  /** Settings of PostgreSQL beside the usual. */
  readonly settings?: readonly string[];
  /** Files that lie beside the data, for the server alone. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Starts an empty server with a database `plant`. Whoever may open its folder (this account, and root) comes by the socket as any role; by
 * 127.0.0.1, where the settings have it listen there, a role needs its password. The end of this process, however it comes, is the end of the
 * server and its files. LedgerFault `plant.private-server`.
 */
export async function startPrivateServer(options: PrivateServerOptions): Promise<PrivateServer> {
  const { programs, port = 5432, settings = [], files = {} } = options;
  const isRoot = process.getuid?.() === 0;
  // not among the other files of root, or where the path is longer than a socket may have: the server could not reach it there
  const parent = isRoot || tmpdir().length > 60 ? (existsSync('/dev/shm') ? '/dev/shm' : '/tmp') : tmpdir();
  const folder = mkdtempSync(join(parent, 'fuseline-pg-'));
  const account = isRoot ? otherAccount() : {};
  const give = (path: string) => account.uid !== undefined && chownSync(path, account.uid, account.gid!);
  give(folder);
  const data = join(folder, 'data');
  const run = (program: string, ...words: string[]) =>
    execFileSync(join(programs, program), words, { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let server: ChildProcess | null = null;
  const start = async () => {
    rmSync(join(data, 'postmaster.pid'), { force: true });
    // a shell that waits for the end of its input, which is the end of this process, or a word that says to keep the files
    const child = spawn(
      'sh',
      [
        '-c',
        'folder=$1; shift; "$@" & pid=$!; read -r word; kill -QUIT $pid; wait $pid; test "$word" = keep || rm -rf "$folder"',
        ...['sh', folder],
        ...[join(programs, 'postgres'), '-D', data, '-k', folder, '-p', `${port}`],
        ...['fsync=off', 'full_page_writes=off', 'shared_buffers=16MB', 'listen_addresses=', ...settings].flatMap(
          (setting) => ['-c', setting],
        ),
      ],
      // of a group of its own: Ctrl-C, or who ends a test with all that it started, would leave the files behind
      { ...account, cwd: folder, stdio: ['pipe', 'ignore', 'ignore'], detached: true },
    );
    child.stdin.on('error', () => undefined);
    server = child;
    for (let tries = 0; ; tries++) {
      try {
        const [, , , , , , , state] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
        if (state?.trim() === 'ready') return;
      } catch {
        // not yet
      }
      if (tries === 500) throw new Error('it does not come up');
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
  const close = async () => {
    await end('');
    rmSync(folder, { recursive: true, force: true });
  };
  const socketUrl = `postgres:///plant?host=${folder}&port=${port}`;
  try {
    run(
      'initdb',
      ...['-D', data, '-U', privateOwner, '--no-sync', '--encoding=UTF8', '--locale=C'],
      ...['--auth-local=trust', '--auth-host=scram-sha-256'],
    );
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      give(join(data, name));
    }
    await start();
    run('createdb', '-h', folder, '-p', `${port}`, '-U', privateOwner, 'plant');
  } catch (error) {
    await close();
    const said = (error as { stderr?: Buffer }).stderr?.toString().trim() || (error as Error).message;
    throw new LedgerFault({
      code: 'plant.private-server',
      what: `PostgreSQL could not be started for trying: ${said}`,
      next: 'Start without --plant; or make a plant on a server that is there (docs/plant.md).',
      cause: error,
    });
  }
  return {
    ...{ folder, socketUrl, start, close },
    ownerUrl: `postgres://${privateOwner}@/plant?host=${folder}&port=${port}`,
    kill: () => end('keep\n'),
  };
}

/** PostgreSQL refuses to run as root: its own account where the system has made one, else nobody's. */
function otherAccount(): { uid?: number; gid?: number } {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [, , uid, gid] =
    ['postgres', 'nobody'].flatMap((name) => accounts.filter((line) => line.startsWith(`${name}:`)))[0]?.split(':') ??
    [];
  return uid === undefined ? {} : { uid: Number(uid), gid: Number(gid) };
}
