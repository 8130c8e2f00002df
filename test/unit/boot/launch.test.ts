// The launcher as npm runs it, in a small project of its own. Only npm's registry is not there: a stand-in for npm writes down what
// it was asked for and puts in place what npm would.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { pinnedNode, stampFile, stampOf } from '../../../main/boot/stamp.mjs';
import { programs } from '../../../main/boot/system.mjs';

const posix = process.platform !== 'win32';
const skip = !posix && 'the launcher is tried with POSIX signals and links';
const folder = mkdtempSync(join(tmpdir(), 'fuseline-launch-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// all system programs are there, so that nothing is installed on this machine
const bin = join(folder, 'bin');
mkdirSync(bin);
for (const name of Object.keys(programs)) writeFileSync(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });

const entry = `
import { writeSync } from 'node:fs';
const [what, ...rest] = process.argv.slice(2);
if (what === 'arguments') writeSync(1, JSON.stringify({ rest, entry: import.meta.main, version: process.version }));
if (what === 'exit') process.exit(Number(rest[0]));
if (what === 'echo') process.stdin.pipe(process.stdout);
if (what === 'wait') { process.on('SIGTERM', () => process.exit(42)); setInterval(() => {}, 1000); writeSync(1, 'ready'); }
`;

const npm = `
import { appendFileSync, mkdirSync, writeFileSync, symlinkSync, copyFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
appendFileSync('npm.log', process.argv.slice(2).join(' ') + '\\n');
console.log('npm warn EBADENGINE Unsupported engine');
if (process.env.NPM_FAILS === process.argv[2]) { console.error('npm error network is not there'); process.exit(1); }
await new Promise((resolve) => setTimeout(resolve, 300));
if (process.argv[2] === 'ci') {
  rmSync('node_modules', { recursive: true, force: true });
  const node = process.env.PINNED;
  mkdirSync(dirname(node), { recursive: true });
  symlinkSync(process.env.REAL_NODE, node);
  copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
} else {
  mkdirSync('node_modules/pkcs11js/build/Release', { recursive: true });
  writeFileSync('node_modules/pkcs11js/build/Release/pkcs11.node', '');
}
`;

let count = 0;
/** A fresh clone: launcher, lockfile, entry, no node_modules. */
function clone(): string {
  const root = join(folder, `clone-${count++}`);
  cpSync(join(import.meta.dirname, '../../../main/boot'), join(root, 'main/boot'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{}}');
  writeFileSync(join(root, 'main/entry.ts'), entry);
  writeFileSync(join(root, 'npm-cli.js'), npm);
  return root;
}

/** The same with everything installed. */
function installedClone(): string {
  const root = clone();
  mkdirSync(dirname(pinnedNode(root)), { recursive: true });
  writeFileSync(pinnedNode(root), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  chmodSync(pinnedNode(root), 0o755);
  writeFileSync(stampFile(root), stampOf(root));
  return root;
}

function launch(root: string, words: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['main/boot/launch.mjs', ...words], {
    cwd: root,
    env: {
      HOME: root,
      PATH: bin,
      npm_execpath: join(root, 'npm-cli.js'),
      PINNED: pinnedNode(root),
      REAL_NODE: process.execPath,
      ...env,
    },
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code, signal]]) => ({ stdout, stderr, code, signal }),
  );
  return { child, ended };
}

const asked = (root: string) =>
  existsSync(join(root, 'npm.log')) ? readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n') : [];

test('arguments reach the entry as they are, in the pinned Node.js, as its main module', { skip }, async () => {
  const words = ['--json', 'two words', "it's", '', '-'];
  const root = installedClone();
  const { stdout, stderr, code } = await launch(root, ['main/entry.ts', 'arguments', ...words]).ended;
  assert.deepEqual(JSON.parse(stdout), { rest: words, entry: true, version: process.version });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.deepEqual(asked(root), [], 'npm is left alone');
});

test('the exit status comes back', { skip }, async () => {
  for (const status of [1, 3, 77])
    assert.equal((await launch(installedClone(), ['main/entry.ts', 'exit', String(status)]).ended).code, status);
});

test('standard input and output pass through', { skip }, async () => {
  const { child, ended } = launch(installedClone(), ['main/entry.ts', 'echo']);
  child.stdin.end('a line\n');
  assert.equal((await ended).stdout, 'a line\n');
});

test('a signal reaches the entry, which ends as it likes', { skip }, async () => {
  const { child, ended } = launch(installedClone(), ['main/entry.ts', 'wait']);
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  assert.equal((await ended).code, 42);
});

test('an entry that does not exist is said in one sentence', { skip }, async () => {
  const { code, stderr } = await launch(installedClone(), ['main/absent.ts']).ended;
  assert.equal(code, 3);
  assert.equal(stderr, 'There is no main/absent.ts in this copy of Fuseline.\n');
});

test('a fresh clone installs from the lockfile without scripts, builds the token interface, and says one line', {
  skip,
}, async () => {
  const root = clone();
  const { stdout, stderr, code } = await launch(root, ['main/entry.ts', 'arguments']).ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr, 'Installing packages (once) ...\n');
  assert.ok(stdout.startsWith('{'));
  assert.deepEqual(
    asked(root).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['ci --ignore-scripts', 'rebuild pkcs11js'],
  );
  const again = await launch(root, ['main/entry.ts', 'arguments']).ended;
  assert.equal(again.stderr, '');
  assert.equal(asked(root).length, 2, 'the second start installs nothing');
});

test('two starts at once install once', { skip }, async () => {
  const root = clone();
  const ends = await Promise.all([1, 2].map(() => launch(root, ['main/entry.ts', 'arguments']).ended));
  for (const { code, stdout } of ends) {
    assert.equal(code, 0);
    assert.ok(stdout.startsWith('{'));
  }
  assert.equal(asked(root).filter((line) => line.startsWith('ci')).length, 1);
  assert.equal(ends.filter(({ stderr }) => stderr.includes('waiting for it')).length, 1);
});

test('when npm fails its last words are shown, without the noise, and the next start tries again', {
  skip,
}, async () => {
  const root = clone();
  const { code, stderr } = await launch(root, ['main/entry.ts', 'arguments'], { NPM_FAILS: 'ci' }).ended;
  assert.equal(code, 3);
  assert.match(stderr, /npm error network is not there\nThe packages could not be installed/);
  assert.ok(!stderr.includes('EBADENGINE'));
  assert.equal((await launch(root, ['main/entry.ts', 'arguments']).ended).code, 0);
});

test('without a compiler everything but the token starts, and the next start tries again', { skip }, async () => {
  const root = clone();
  const { code, stderr } = await launch(root, ['main/entry.ts', 'arguments'], { NPM_FAILS: 'rebuild' }).ended;
  assert.equal(code, 0);
  assert.match(stderr, /The token interface \(pkcs11js\) could not be built/);
  await launch(root, ['main/entry.ts', 'arguments']).ended;
  assert.deepEqual(
    asked(root).map((line) => line.split(' ')[0]),
    ['ci', 'rebuild', 'rebuild'],
  );
});

test('a changed lockfile is installed anew', { skip }, async () => {
  const root = clone();
  await launch(root, ['main/entry.ts', 'arguments']).ended;
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{"node_modules/more":{"version":"1.0.0"}}}');
  assert.equal((await launch(root, ['main/entry.ts', 'arguments']).ended).code, 0);
  assert.equal(asked(root).filter((line) => line.startsWith('ci')).length, 2);
});
