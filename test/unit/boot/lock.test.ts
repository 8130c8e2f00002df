import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { withLock } from '../../../main/boot/lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-lock-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const fail = () => assert.fail('there is nobody to wait for');
const host = encodeURIComponent(hostname());

/** A lock folder as its owner would leave it. */
function leftBy(name: string, owner: string): string {
  const lock = join(folder, name);
  mkdirSync(lock);
  writeFileSync(join(lock, owner), '');
  return lock;
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

test('the lock is there during the work, and gone after it, also when the work fails', async () => {
  const lock = join(folder, 'plain');
  assert.equal(await withLock(lock, fail, () => readdirSync(lock).length), 1);
  await assert.rejects(
    withLock(lock, fail, () => {
      throw new Error('no network');
    }),
    /no network/,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('the lock of a process that died is taken over', async () => {
  const lock = leftBy('dead', `${await deadPid()}@${host}@x`);
  assert.equal(
    await withLock(
      lock,
      () => {},
      () => 'mine',
    ),
    'mine',
  );
  assert.ok(!existsSync(lock));
});

test('an empty lock folder is taken over', async () => {
  mkdirSync(join(folder, 'empty'));
  assert.equal(
    await withLock(
      join(folder, 'empty'),
      () => {},
      () => 'mine',
    ),
    'mine',
  );
});

test('the lock of a living process is waited for', async () => {
  const owner = `${process.pid}@${host}@x`;
  const lock = leftBy('living', owner);
  let waited = 0;
  const work = withLock(
    lock,
    () => {
      waited++;
      rmSync(join(lock, owner)); // the owner ends
    },
    () => 'mine',
  );
  assert.equal(await work, 'mine');
  assert.equal(waited, 1);
});

test('an owner on another computer is believed for a while, and not for ever', async () => {
  const owner = '1@another-computer@x';
  const lock = leftBy('foreign', owner);
  let waited = false;
  const work = withLock(
    lock,
    () => {
      waited = true;
      const longAgo = new Date(Date.now() - 3_600_000);
      utimesSync(join(lock, owner), longAgo, longAgo);
    },
    () => 'mine',
  );
  assert.equal(await work, 'mine');
  assert.ok(waited);
});

test('of many processes at once never two are inside, also over a stale lock', async () => {
  const lock = leftBy('crowd', `${await deadPid()}@${host}@x`);
  const book = join(folder, 'book');
  const program = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../main/boot/lock.mjs')).href)};
    await withLock(${JSON.stringify(lock)}, () => {}, async () => {
      appendFileSync(${JSON.stringify(book)}, 'in\\n');
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync(${JSON.stringify(book)}, 'out\\n');
    });`;
  const crowd = Array.from({ length: 6 }, () => spawn(process.execPath, ['--input-type=module', '-e', program]));
  const ends = await Promise.all(crowd.map(async (child) => (await once(child, 'exit'))[0]));
  assert.deepEqual(ends, Array(6).fill(0));
  assert.equal(readFileSync(book, 'utf8'), 'in\nout\n'.repeat(6));
});
