import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fromHex } from '../../../main/base/bytes.ts';
import { isoTime, systemClock } from '../../../main/base/clock.ts';
import { seededRandom, systemRandom } from '../../../main/base/random.ts';

test('seeded randomness is splitmix64: second and third word of seed 0, little-endian', () => {
  // https://prng.di.unimi.it/splitmix64.c, seed 0: e220a8397b1dcdaf 6e789e6aa1b965f4 06c45d188009454f
  assert.deepEqual(seededRandom(0)(16), fromHex('f465b9a16a9e786e 4f450980185dc406'));
});

test('one seed gives one sequence, another seed another', () => {
  const [one, same, other] = [seededRandom(7), seededRandom(7), seededRandom(8)];
  for (const length of [1, 8, 13, 0, 300]) {
    const bytes = one(length);
    assert.equal(bytes.length, length);
    assert.deepEqual(same(length), bytes);
    if (length >= 8) assert.notDeepEqual(other(length), bytes);
  }
});

test('negative and broken seeds are seeds too', () => {
  for (const seed of [-1, 0.5, 2 ** 53]) assert.deepEqual(seededRandom(seed)(8), seededRandom(seed)(8));
});

test('system randomness fills what was asked for and does not repeat itself', () => {
  assert.equal(systemRandom(33).length, 33);
  assert.notDeepEqual(systemRandom(32), systemRandom(32));
});

test('sleep ends by itself, or with the reason of the abort', async () => {
  await systemClock.sleep(1);
  const controller = new AbortController();
  const sleeping = systemClock.sleep(1_000_000, controller.signal);
  controller.abort(new Error('a person stopped it'));
  await assert.rejects(sleeping, /a person stopped it/);
  await assert.rejects(systemClock.sleep(1_000_000, controller.signal), /a person stopped it/, 'aborted beforehand');
});

test('an abort after the sleep is over does no harm', async () => {
  const controller = new AbortController();
  await systemClock.sleep(1, controller.signal);
  controller.abort();
});

test('time in records is ISO 8601, UTC, milliseconds', () => {
  assert.equal(isoTime(0), '1970-01-01T00:00:00.000Z');
  assert.equal(isoTime(1_700_000_000_123), '2023-11-14T22:13:20.123Z');
});

test('monotonic time never runs backwards', () => {
  let last = systemClock.monotonic();
  for (let i = 0; i < 1000; i++) {
    const now = systemClock.monotonic();
    assert.ok(now >= last);
    last = now;
  }
});

test('a utility process that lost a promise ends, also where its Node.js would only warn, as in Electron from 37 on', async () => {
  const line = new URL('../../../main/base/parent-line.ts', import.meta.url).href;
  const program = `process.parentPort = { on: () => setInterval(() => {}, 1000), postMessage: () => {} };
    const { parentLine } = await import(${JSON.stringify(line)});
    parentLine().onMessage(() => {});
    void Promise.reject(new Error('lost'));`;
  const words = ['--unhandled-rejections=warn-with-error-code', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, words, { stdio: 'ignore', timeout: 5000 });
  const [status] = await once(child, 'exit');
  assert.equal(status, 1);
});
