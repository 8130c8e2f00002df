import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { isInstalled, pinnedNode, stampOf } from '../../../main/boot/stamp.mjs';
import { isInPath, missingPackages } from '../../../main/boot/system.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-stamp-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'node_modules'));

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/needed': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-b', optional: true },
};

/** Writes the lockfile, and npm's own note of what it has put into node_modules. */
function installed(present: object | null, lock: object = wanted) {
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: lock }));
  const note = join(folder, 'node_modules/.package-lock.json');
  if (present === null) rmSync(note, { force: true });
  else writeFileSync(note, JSON.stringify({ packages: present }));
}

test('the stamp is another one as soon as the lockfile is', () => {
  installed(null);
  const stamp = stampOf(folder);
  assert.match(stamp, /^[0-9a-f]{64}$/);
  assert.equal(stampOf(folder), stamp);
  installed(null, { ...wanted, 'node_modules/more': { version: '1.0.0' } });
  assert.notEqual(stampOf(folder), stamp);
});

test('packages put there by npm install count as installed; optional ones may be missing', () => {
  const { '': _, 'node_modules/elsewhere': optional, ...present } = wanted;
  installed(present);
  assert.ok(isInstalled(folder));
  installed({ ...present, 'node_modules/elsewhere': optional });
  assert.ok(isInstalled(folder));
});

test('a missing package, another version, another content or a stray one means: not installed', () => {
  const needed = wanted['node_modules/needed'];
  const states = [
    null,
    {},
    { 'node_modules/needed': { ...needed, version: '1.0.1' } },
    { 'node_modules/needed': { ...needed, integrity: 'sha512-c' } },
    { 'node_modules/needed': needed, 'node_modules/stray': { version: '1.0.0' } },
  ];
  for (const present of states) {
    installed(present);
    assert.ok(!isInstalled(folder), JSON.stringify(present));
  }
});

test('the pinned Node.js is looked for by platform and architecture', () => {
  assert.ok(pinnedNode('/x').startsWith(join('/x', 'node_modules', 'node-')));
  assert.ok(pinnedNode('/x').includes(process.arch));
});

test('a program is in the PATH when it is a file that may be run', {
  skip: process.platform === 'win32' && 'no exec bits',
}, () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  mkdirSync(join(one, 'socat'), { recursive: true }); // a folder of that name is no program
  mkdirSync(two);
  writeFileSync(join(two, 'make'), '', { mode: 0o644 });
  const path = [one, join(folder, 'absent'), two].join(delimiter);
  assert.ok(!isInPath('socat', path));
  assert.ok(!isInPath('make', path));
  writeFileSync(join(two, 'socat'), '', { mode: 0o755 });
  assert.ok(isInPath('socat', path));
  assert.deepEqual(missingPackages(path), ['softhsm2', 'make', 'g++', 'python3', 'chromium']);
  assert.deepEqual(missingPackages(''), ['softhsm2', 'socat', 'make', 'g++', 'python3', 'chromium']);
});
