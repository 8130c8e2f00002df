import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../../main/base/random.ts';
import { book, folder, keyMade, mac, record, run } from './book.ts';

/** Which of the keys (by number) still lie somewhere in the folder, as bytes or as base64. */
function found(path: string, keys: readonly Uint8Array[]): number[] {
  const files = readdirSync(path).map((name) => readFileSync(join(path, name)));
  return keys.flatMap((key, n) =>
    // The middle of the key: a remnant need not be whole.
    files.some(
      (bytes) =>
        bytes.includes(Buffer.from(key.subarray(16, 48))) || bytes.includes(Buffer.from(key).toString('base64')),
    )
      ? [n]
      : [],
  );
}

test('wrapped keys vanish from every file with the seal, however many lie around them', async (t) => {
  const file = join(folder(t), 'ledger.db');
  const { ledger } = await book(t, { file, scrubAfterMs: 50 });
  const random = seededRandom(11);
  const keys = Array.from({ length: 300 }, () => random(72));
  await Promise.all(
    keys.map(async (key, n) => {
      await ledger.openRun(run(`r${n}`, { mac: mac(n) }));
      await ledger.append(`r${n}`, 'prepare', keyMade(`key-${n}`, key));
    }),
  );
  assert.equal(found(dirname(file), keys).length, keys.length, 'they are there until the seal');

  // Every third board stays open; the others are sealed or condemned in a mixed order.
  const open = keys.map((_, n) => n).filter((n) => n % 3 === 0);
  const done = keys.map((_, n) => n).filter((n) => n % 3 !== 0);
  for (const n of done.toSorted((a, b) => ((a * 7919) % 300) - ((b * 7919) % 300)))
    await (n % 2 === 0 ? ledger.seal(record(`r${n}`, n)) : ledger.condemn(mac(n), `r${n}`, 'a test of condemning'));
  assert.deepEqual((await ledger.history(mac(1))).openKeys, []);
  const history = await ledger.history(mac(3));
  assert.deepEqual(history.openKeys[0]?.wrapped.data, Buffer.from(keys[3] ?? []).toString('base64'));

  // The database forgets at once, its log at the next scrub, which comes by itself.
  for (let tries = 0; found(dirname(file), keys).length > open.length && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(found(dirname(file), keys), open);

  await ledger.close();
  assert.deepEqual(found(dirname(file), keys), open);
});

test('the chain proves which bytes lay there, and a board is resumed with them', async (t) => {
  const { ledger } = await book(t);
  const key = seededRandom(12)(72);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', keyMade('key-1', key));
  await ledger.openRun(run('r2', { mac: mac(1) }));
  await ledger.append('r2', 'prepare', keyMade('key-1b', Uint8Array.of(1, 2, 3)));
  const { openKeys } = await ledger.history(mac(1));
  assert.deepEqual(
    openKeys.map(({ run: id, fingerprint }) => [id, fingerprint]),
    [
      ['r2', 'key-1b'],
      ['r1', 'key-1'],
    ],
  );
  const sha256 = createHash('sha256').update(key).digest('hex');
  await ledger.seal(record('r2', 1));
  const bodies: string[] = [];
  for await (const row of ledger.exportRows()) bodies.push(JSON.stringify(row));
  assert.equal(bodies.filter((body) => body.includes(sha256)).length, 2, 'when it was made and when it was dropped');
  assert.ok(!bodies.some((body) => body.includes(Buffer.from(key).toString('base64'))));
});
