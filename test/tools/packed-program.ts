// The desktop program as `npm run dist` packs it (electron-builder --dir), on the Electron that can be had. Nothing is fetched for that:
// where the files of Electron lie is said on the command line (electronDist), and a folder needs no tool of a packer.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createPackage } from '@electron/asar';
import { withoutTypes } from '../../main/start/build.ts';
import { freshBuild } from '../e2e/build.ts';
import { root } from '../npm.ts';
import { asUser, type ElectronUser, openSandbox, type TestElectron } from './electron-program.ts';
import { madeOnce } from './made-once.ts';
import { olderNodeApi } from './older-node-api.ts';

const execute = promisify(execFile);

const packMs = 150_000;
/** Packed programs of other sources are kept for so long: another work tree may be using one. */
const keptMs = 3 * 3_600_000;

export interface PackedProgram {
  /** As it is shipped. */
  readonly folder: string;
  /** The same files and archive, opened by `electron-main.ts`: without the judgement of words at its front door, so that specs reach the page. */
  readonly benchFolder: string;
  readonly user: ElectronUser | null;
  /** What has to be in the environment for an older Electron. */
  readonly environment: Readonly<Record<string, string>>;
  /** Program and words that start the one of a folder as the user who may run it. */
  start(folder: string, words: readonly string[]): readonly [string, string[]];
}

/** The packed program, made anew where a source of it changed; or why it cannot be made here. */
export async function packedProgram(electron: TestElectron): Promise<PackedProgram | { readonly missing: string }> {
  process.umask(0o022); // a station that ran in this process may have closed it
  await freshBuild({ main: electron.isOlder ? 'older' : 'pinned' });
  const made = await madeOnce(`packed-${keyOf(electron)}`, async (folder) => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    clearOlder(dirname(folder));
    const why =
      (await pack(electron, folder)) ?? (electron.isOlder ? await olderNodeApi(sqliteIn(folder), folder) : null);
    if (why === null) await makeBench(folder);
    else rmSync(folder, { recursive: true, force: true });
    return why;
  });
  if ('missing' in made) return made;
  const { user } = electron;
  return {
    folder: join(made.folder, 'linux-unpacked'),
    benchFolder: join(made.folder, 'bench'),
    user,
    environment: electron.isOlder ? { LD_PRELOAD: join(made.folder, 'node-api.so') } : {},
    start: (folder, words) => {
      const [program, ...more] = [...asUser(user), join(folder, 'fuseline'), ...words];
      return [program!, more];
    },
  };
}

/** Of everything that goes into the program, and of what packs it. */
function keyOf({ version }: TestElectron): string {
  const hash = createHash('sha256').update(version);
  const inputs = ['dist/main/**/*', 'dist/renderer/**/*', 'dist/preload.cjs', 'station-config/**/*', 'test/tools/*.ts'];
  const named = [
    'electron-builder.yml',
    'package.json',
    'package-lock.json',
    'test/e2e/electron-main.ts',
    'test/e2e/bench-line.ts',
  ];
  for (const file of [...globSync(inputs, { cwd: root }), ...named].sort())
    if (statSync(join(root, file)).isFile()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 12);
}

function clearOlder(home: string): void {
  const names = readdirSync(home).filter((name) => /^packed-[0-9a-f]{12}$/.test(name));
  for (const name of names)
    if (Date.now() - statSync(join(home, name)).mtimeMs > keptMs)
      rmSync(join(home, name), { recursive: true, force: true });
}

async function pack(electron: TestElectron, folder: string): Promise<string | null> {
  const words = [
    join(root, 'node_modules', 'electron-builder', 'cli.js'),
    ...['--dir', '--linux', '--x64', '--publish', 'never'],
    `-c.electronDist=${electron.folder}`,
    `-c.electronVersion=${electron.version}`,
    `-c.directories.output=${folder}`,
  ];
  try {
    await execute(process.execPath, words, { cwd: root, timeout: packMs });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes('\u2a2f'));
    throw new Error(`electron-builder failed: ${said.join(' ') || message}`);
  }
  openSandbox(join(folder, 'linux-unpacked'));
  return null;
}

const sqliteIn = (folder: string) =>
  join(folder, 'linux-unpacked/resources/app.asar.unpacked/node_modules/better-sqlite3/prebuilds/linux-x64.node');

/** The program once more, of the same files: another archive opens the shipped one, which lies beside it under another name. */
async function makeBench(folder: string): Promise<void> {
  const [shipped, bench] = [join(folder, 'linux-unpacked'), join(folder, 'bench')];
  execFileSync('cp', ['-al', shipped, bench]);
  for (const end of ['', '.unpacked'])
    renameSync(join(bench, 'resources', `app.asar${end}`), join(bench, 'resources', `fuseline.asar${end}`));
  const host = join(folder, 'host');
  mkdirSync(host);
  writeFileSync(
    join(host, 'package.json'),
    JSON.stringify({ name: 'fuseline', type: 'module', main: 'electron-main.js' }),
  );
  for (const name of ['electron-main', 'bench-line']) {
    const source = readFileSync(join(root, 'test', 'e2e', `${name}.ts`), 'utf8');
    writeFileSync(
      join(host, `${name}.js`),
      withoutTypes(source).replaceAll('../../main/', '../fuseline.asar/dist/main/'),
    );
  }
  await createPackage(host, join(bench, 'resources', 'app.asar'));
}
