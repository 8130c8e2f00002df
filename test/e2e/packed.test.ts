// The program as it is shipped: what its archive holds, which fuses its binary has, and what whoever starts it cannot turn it into. The
// fuses are read from the binary and tried by their effects.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { extractFile, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { parse } from 'yaml';
import { root } from '../npm.ts';
import { family } from '../tools/family.ts';
import { people } from './bench.ts';
import { environmentIn, inMain, noElectron, openElectronBench, thePackedProgram } from './electron-seat.ts';

/** Of a fuse in the binary. */
const states: Readonly<Record<number, boolean>> = { 48: false, 49: true };
const endMs = 60_000;

/** The packages that main/ loads, with all that those need, where Node.js finds them from the sources. */
function neededPackages(): Set<string> {
  const read = (file: string) =>
    JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<string, Record<string, string>>;
  const shipped = read('package.json').dependencies!;
  const needed = new Set<string>();
  const add = (name: string, from: string) => {
    for (let at = from; ; at = dirname(at)) {
      const place = join(at, 'node_modules', name, 'package.json');
      if (existsSync(join(root, place))) {
        if (needed.has(name) && at !== from) return;
        needed.add(name);
        const { dependencies, optionalDependencies } = read(place);
        for (const one of Object.keys({ ...dependencies, ...optionalDependencies }))
          if (!needed.has(one)) add(one, dirname(place));
        return;
      }
      if (at === '.') return;
    }
  };
  for (const file of globSync('main/**/*.ts', { cwd: root }))
    for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(
      /(?:from|import\()\s*'((?:@[a-z-]+\/)?[a-z0-9-]+)/g,
    ))
      if (shipped[name!] !== undefined) add(name!, '.');
  return needed;
}

describe('the packed program', { skip: noElectron }, () => {
  // (where there is none, nothing of this runs)
  const { folder: shipped = '' } = thePackedProgram;
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-packed-'));
  before(() => chmodSync(folder, 0o755));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const archive = join(shipped, 'resources', 'app.asar');
  let lives = 0;
  const alive = new Set<ChildProcess>();
  process.on('exit', () => {
    for (const child of alive) child.kill('SIGKILL');
  });

  /** One life of the program with these words: how it ended, and what it said. */
  async function live(
    words: readonly string[],
    more: {
      readonly env?: Record<string, string>;
      readonly from?: string;
      readonly until?: (data: string, pid: number) => boolean;
    } = {},
  ): Promise<{ status: number | string | null; said: string; data: string }> {
    const home = join(folder, `life-${lives++}`);
    mkdirSync(home);
    const data = join(home, 'home', 'data');
    const env = { ...environmentIn(home), ...more.env };
    const [program, before] = thePackedProgram.start(more.from ?? shipped, []);
    const child = spawn(program, [...before, ...words, ...(more.until === undefined ? [] : ['--data', data])], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    alive.add(child);
    const late = setTimeout(() => child.kill('SIGKILL'), endMs);
    const ended = new Promise<number | string | null>((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal)),
    );
    while (
      more.until !== undefined &&
      !more.until(data, child.pid!) &&
      child.exitCode === null &&
      child.signalCode === null
    )
      await new Promise((resolve) => setTimeout(resolve, 50));
    if (more.until !== undefined) child.kill('SIGTERM');
    const status = await ended;
    clearTimeout(late);
    alive.delete(child);
    return { status, said, data };
  }
  /** A word that no program takes: it has come to its front door, and is over soon. */
  const unknown = ['--unknown-word'];
  const refused = (said: string) => /does not take "[^"]*"/.test(said);

  it('has the fuses of electron-builder.yml in its binary, every one that this Electron knows', async () => {
    const { electronFuses } = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
      electronFuses: Record<string, boolean>;
    };
    const wire = (await getCurrentFuseWire(join(shipped, 'fuseline'))) as unknown as Record<string, number>;
    const inBinary = Object.entries(FuseV1Options)
      .filter(([, at]) => typeof at === 'number' && wire[at] !== undefined)
      .map(([name, at]) => [name[0]!.toLowerCase() + name.slice(1), states[wire[at]!]]);
    assert.deepEqual(Object.fromEntries(inBinary), electronFuses);
    const known = Object.keys(wire).filter((at) => /^\d+$/.test(at));
    assert.equal(known.length, Object.keys(electronFuses).length, 'a new Electron has a fuse that nobody has decided');
  });

  it('holds what was built, configured and is needed, and nothing else', () => {
    const files = listPackage(archive, { isPack: false }).map((path) => path.replaceAll('\\', '/').slice(1));
    const top = new Set(
      files.map((path) =>
        path
          .split('/')
          .slice(0, /^(dist|docs)\//.test(path) ? 2 : 1)
          .join('/'),
      ),
    );
    assert.deepEqual([...top].sort(), [
      'LICENSE',
      'dist',
      'dist/main',
      'dist/preload.cjs',
      'dist/renderer',
      'docs',
      'docs/birth-certificate.md',
      'docs/ledger-format.md',
      'docs/verifier.html',
      'docs/witnesses.md',
      'node_modules',
      'package.json',
      'station-config',
    ]);
    const strange = files.filter(
      (path) =>
        /\.(map|ts|mts|cts|tsx|c|cc|cpp|h|hpp|gyp|gypi|pem|key|p12|pfx|sqlite|log|env)$|(^|\/)(test|tests|__tests__|coverage|\.[^/]*)(\/|$)|node_modules\/.*\/bench(marks?)?(\/|$)|\.(test|bench)\./.test(
          path,
        ) || /prebuilds\/(win32|android)/.test(path),
    );
    assert.deepEqual(strange, []);
    const packed = new Set(
      files.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(path)?.[1] ?? []),
    );
    const needed = neededPackages();
    needed.delete('node-addon-api'); // compiles
    needed.add('@fontsource-variable/noto-sans-sc'); // its files are read, for papers in Han
    assert.deepEqual([...packed].filter((name) => !needed.has(name)).sort(), [], 'not needed');
    assert.deepEqual([...needed].filter((name) => !packed.has(name)).sort(), [], 'needed, and not there');
    // whatever is loaded by the system or is a process of its own lies beside the archive
    const beside = readdirSync(`${archive}.unpacked`, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.node'),
    );
    assert.deepEqual(files.filter((path) => path.endsWith('.node')).sort(), beside.sort());
    assert.ok(beside.length >= 3);
    // the archive is read as it is: this finds keys under any name
    for (const file of [archive, ...beside.map((path) => join(`${archive}.unpacked`, path))])
      assert.doesNotMatch(
        readFileSync(file, 'latin1'),
        /-----BEGIN [A-Z ]*PRIVATE KEY-----\\?[rn]?\s*\\?n?[A-Za-z0-9+/]{40}/,
        file,
      );
    const { devDependencies, scripts, main } = JSON.parse(String(extractFile(archive, 'package.json'))) as Record<
      string,
      unknown
    >;
    assert.deepEqual([devDependencies, scripts, main], [undefined, undefined, 'dist/main/start/desktop.js']);
  });

  it('is no Node.js, and lets no debugger and no module in', async () => {
    const module = join(folder, 'module.cjs');
    writeFileSync(module, `require('node:fs').writeFileSync(process.env.HOME + '/mark', '')`, { mode: 0o644 });
    const script = `console.log('a Node.js'); process.exit(0)`;
    const tries = {
      'as Node.js': live(['-e', script], { env: { ELECTRON_RUN_AS_NODE: '1' } }),
      'a module': live(unknown, { env: { NODE_OPTIONS: `--require=${module}` } }),
      'a debugger by the environment': live(unknown, { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } }),
      'a debugger by a word': live(['--inspect=127.0.0.1:0']),
      'a debugger that is waited for': live(['--inspect-brk=127.0.0.1:0']),
      'a debugger of the page': live(['--remote-debugging-port=0']),
      'a debugger of the page, by another word': live(['-remote-debugging-port=0']),
      'without the sandbox': live(['--no-sandbox']),
      'a program of its own': live([folder]),
    };
    for (const [how, life] of Object.entries(tries)) {
      const { status, said, data } = await life;
      assert.equal(status, 3, `${how}: ${said}`);
      assert.doesNotMatch(said, /a Node\.js|Debugger listening|DevTools listening/, how);
      assert.ok(refused(said) || said.includes('[desktop.no-sandbox]'), `${how}: ${said}`);
      assert.equal(existsSync(join(dirname(data), 'mark')), false, how);
    }
    const { status, said } = await live([], { env: { ELECTRON_DISABLE_SANDBOX: '1' } });
    assert.deepEqual([status, said.includes('[desktop.no-sandbox]')], [3, true], said);
  });

  it('runs no folder that lies beside its archive; a changed archive it does run on Linux', async (t) => {
    // (beside the shipped one: its large files are linked)
    const other = `${shipped}-${process.pid}`;
    t.after(() => rmSync(other, { recursive: true, force: true }));
    execFileSync('cp', ['-al', shipped, other]);
    const evil = `require('node:fs').writeSync(2, 'another program'); require('electron').app.exit(0);`;
    for (const name of ['app', 'default_app']) {
      mkdirSync(join(other, 'resources', name));
      writeFileSync(join(other, 'resources', name, 'package.json'), '{"main":"main.cjs"}');
      writeFileSync(join(other, 'resources', name, 'main.cjs'), evil);
    }
    const beside = await live(unknown, { from: other });
    assert.ok(refused(beside.said) && !beside.said.includes('another program'), beside.said);
    rmSync(join(other, 'resources', 'app.asar'));
    const alone = await live(unknown, { from: other });
    assert.ok(alone.status !== 0 && !alone.said.includes('another program'), alone.said);
    // Electron holds an archive to its digest on macOS and Windows alone. If it ever does on Linux, SECURITY.md is to be told.
    const bytes = readFileSync(archive);
    const at = bytes.indexOf('The desktop program does not take');
    bytes.write('The changed program does not take', at);
    writeFileSync(join(other, 'resources', 'app.asar'), bytes);
    const changed = await live(unknown, { from: other });
    assert.match(changed.said, /The changed program does not take/);
  });

  it('opens its station with token and ledger in processes of their own, and ends when it is told to, book shut', async () => {
    const { status, said, data } = await live([], {
      until: (folder, pid) => {
        const lines = family(pid).map((one) => {
          try {
            return readFileSync(`/proc/${one}/cmdline`, 'latin1');
          } catch {
            return ''; // ended meanwhile
          }
        });
        const count = (type: string) => lines.filter((line) => line.includes(`type=${type}`)).length;
        // writer, reader, keeper, token; and the page
        return (
          existsSync(join(folder, 'ledger.sqlite')) && count('node.mojom.NodeService') >= 4 && count('renderer') >= 1
        );
      },
    });
    assert.equal(status, 0, said);
    assert.equal(existsSync(join(data, 'ledger.sqlite')), true);
    for (const trace of ['-wal', '.holder'])
      assert.equal(existsSync(join(data, `ledger.sqlite${trace}`)), false, trace);
  });

  it('keeps cookies encrypted, gives pages of files no rights, and stays a kiosk until an engineer leaves it', async () => {
    const bench = await openElectronBench({ fixtures: 1, pacing: 'none', isKiosk: true });
    try {
      const { app } = bench;
      const { page } = await bench.window();
      const cookie = {
        url: 'https://example.com',
        name: 'the-name',
        value: 'the-plain-value',
        expirationDate: 4_000_000_000,
      };
      await inMain(
        app,
        async ({ session }, one) => {
          const { cookies } = session.fromPartition('persist:tried');
          await cookies.set(one);
          await cookies.flushStore();
        },
        cookie,
      );
      const kept = globSync('home/config/**/Partitions/tried/Cookies', { cwd: bench.folder });
      const held = readFileSync(join(bench.folder, kept[0]!), 'latin1');
      assert.deepEqual([held.includes('the-name'), held.includes('the-plain-value')], [true, false]);

      const files = join(bench.folder, 'home', 'files');
      mkdirSync(files);
      writeFileSync(join(files, 'page.html'), '<title>a page</title>');
      cpSync(join(files, 'page.html'), join(files, 'other.html'));
      const reads = await inMain(
        app,
        async ({ BrowserWindow }, place) => {
          const window = new BrowserWindow({ show: false, webPreferences: { partition: 'files' } });
          await window.loadURL(`file://${place}/page.html`);
          const code = `fetch('other.html').then((answer) => answer.text(), ({ name }) => name)`;
          const read = await window.webContents.executeJavaScript(code);
          const title = window.webContents.getTitle();
          window.destroy();
          return [title, read];
        },
        files,
      );
      assert.deepEqual(reads, ['a page', 'TypeError']);

      // the native part of serial ports is there: it is what says that there is no such port
      await bench.answers['fixtures.teach']({ name: 'real', address: '/dev/no-such-port' }, 'eng-2');
      const read = async () =>
        JSON.stringify(await bench.answers['boards.read']({ fixture: 'real', named: null }, 'eng-2'));
      assert.match(await read().catch(({ code }) => code), /transport\.not-found/);

      const shown = () =>
        inMain(app, ({ BrowserWindow, Menu }) => [
          BrowserWindow.getAllWindows().map((window) => window.isKiosk()),
          Menu.getApplicationMenu(),
        ]);
      assert.deepEqual(await shown(), [[true], null]);
      await inMain(app, ({ dialog }) => {
        const asked: string[] = [];
        Object.assign(globalThis, { asked });
        dialog.showMessageBox = (async (_: unknown, { message }: { message: string }) => {
          asked.push(message);
          return { response: 0, checkboxChecked: false };
        }) as typeof dialog.showMessageBox;
      });
      const close = () => inMain(app, ({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]!.close());
      await close();
      const [, operator, engineer] = people;
      await page.evaluate(
        `fuseline.call('session.login', ${JSON.stringify({ operator: operator!.id, pin: operator!.pin })})`,
      );
      await close();
      const asked = await inMain(app, () => (globalThis as unknown as { asked: string[] }).asked);
      assert.deepEqual(asked, Array(2).fill('This window stays. An engineer or a custodian can close it.'));
      assert.deepEqual(await shown(), [[true], null]);
      await page.evaluate(
        `fuseline.call('session.login', ${JSON.stringify({ operator: engineer!.id, pin: engineer!.pin })})`,
      );
      const gone = new Promise((resolve) => app.process.once('exit', resolve));
      await close().catch(() => undefined);
      assert.equal(await gone, 0);
    } finally {
      await bench.close();
    }
  });
});
