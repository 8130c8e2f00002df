// The process that holds the token dies, hangs, or is left behind: calls end with a clear fault, the next one goes on, none is left over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { type Clock, systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { isFault } from '../../main/model/fault.ts';
import { openEmbeddedToken } from '../../main/signing/softhsm.ts';
import { isRunning, temporaryFolder, WatchedLaunch, withoutSoftHsm } from '../unit/signing/soft-token.ts';

const skip = withoutSoftHsm;
const digest = new Uint8Array(32).fill(7);
const crashed = (error: unknown) => isFault(error, 'token.crashed');

async function stage(t: { after(work: () => Promise<void> | void): void }, clock: Clock = systemClock) {
  const home = temporaryFolder();
  const watched = new WatchedLaunch();
  const folder = join(home.path, 'token');
  const signer = await openEmbeddedToken({ folder, clock, random: systemRandom, launch: watched.launch });
  t.after(async () => {
    await signer.close();
    assert.equal(watched.ended, watched.lines.length, 'every process that was started has ended');
    home.remove();
  });
  await signer.generateKey({ label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' });
  return { signer, watched, folder };
}

test('killed in the middle of a queue: the call in the token fails, those behind it go on', { skip }, async (t) => {
  const { signer, watched } = await stage(t);
  const killer = watched.last;
  let signs = 0;
  watched.swallow = (message) => {
    if (message.type === 'request' && message.call === 'sign' && ++signs === 4) killer.kill();
    return false;
  };
  const calls = Array.from({ length: 10 }, () => signer.sign({ label: 'device-ca' }, 'ecdsa', digest));
  const results = await Promise.allSettled(calls);
  const failed = results.flatMap((result, i) => (result.status === 'rejected' ? [[i, result.reason] as const] : []));
  assert.deepEqual(
    failed.map(([i]) => i),
    [3],
  );
  assert.ok(crashed(failed[0]?.[1]));
  assert.match(failed[0]?.[1].what, /ended by SIGKILL during 'sign'/);
});

test('killed while nothing is asked of it: the next call starts it anew', { skip }, async (t) => {
  const { signer, watched } = await stage(t);
  const before = watched.lines.length;
  const pid = watched.last.pid!;
  watched.last.kill();
  while (isRunning(pid)) await systemClock.sleep(5);
  assert.equal((await signer.sign({ label: 'device-ca' }, 'ecdsa', digest)).length, 64);
  assert.equal(watched.lines.length, before + 1);
});

test('a token process that crashes over and over rests, and goes on after the pause', { skip }, async (t) => {
  let later = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + later };
  const { signer, watched } = await stage(t, clock);
  watched.swallow = (message) => {
    if (message.type === 'request' && message.call === 'random') watched.last.kill();
    return false;
  };
  for (let i = 0; i < 4; i++) await assert.rejects(signer.random(8), crashed);
  const started = watched.lines.length;
  await assert.rejects(signer.keys(), (fault) => {
    assert.ok(crashed(fault));
    assert.match((fault as Error).message, /4 times within a minute/);
    return true;
  });
  assert.equal(watched.lines.length, started, 'no process was started for it');
  later = 61_000;
  assert.equal((await signer.keys()).length, 1);
});

test('a module that hangs is stopped at the time limit, and the queue goes on', { skip }, async (t) => {
  let hung = false;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => (hung ? Promise.resolve() : systemClock.sleep(ms, signal)),
  };
  const { signer, watched } = await stage(t, clock);
  watched.swallow = (message) => {
    hung = message.type === 'request' && message.call === 'random';
    return hung;
  };
  // the limit is armed when the call begins, so the hanging call is the one after which time stands still
  hung = true;
  await assert.rejects(signer.random(8), (fault) => {
    assert.ok(crashed(fault));
    assert.match((fault as Error).message, /no answer within 60 s/);
    return true;
  });
  hung = false;
  assert.equal((await signer.sign({ label: 'device-ca' }, 'ecdsa', digest)).length, 64);
});

test('closing does not wait for a module that hangs', { skip }, async (t) => {
  let closing = false;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(closing ? Math.min(ms, 50) : ms, signal),
  };
  const { signer, watched } = await stage(t, clock);
  const asked = Promise.withResolvers<void>();
  watched.swallow = (message) => {
    const hangs = message.type === 'request' && message.call === 'random';
    if (hangs) asked.resolve();
    return hangs;
  };
  const hanging = assert.rejects(signer.random(8), crashed);
  await asked.promise;
  closing = true;
  await signer.close();
  await hanging;
});

test('the token process ends when the station is killed', { skip }, async (t) => {
  const { folder } = await stage(t);
  const station = spawn(
    process.execPath,
    [
      '--input-type=module-typescript',
      '--eval',
      `
        import { systemClock } from '${new URL('../../main/base/clock.ts', import.meta.url)}';
        import { systemRandom } from '${new URL('../../main/base/random.ts', import.meta.url)}';
        import { openEmbeddedToken } from '${new URL('../../main/signing/softhsm.ts', import.meta.url)}';
        import { forkTokenProcess } from '${new URL('../../main/signing/pkcs11/token-child.ts', import.meta.url)}';
        const pids = [];
        const launch = (environment) => { const line = forkTokenProcess(environment); pids.push(line.pid); return line; };
        const folder = process.env.TOKEN_FOLDER;
        await openEmbeddedToken({ folder, clock: systemClock, random: systemRandom, launch });
        console.log(pids.join(' '));
      `,
    ],
    { env: { ...process.env, TOKEN_FOLDER: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => {
    station.kill('SIGKILL');
  });
  const [line] = await createInterface({ input: station.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [value]);
  const pid = Number(line);
  assert.ok(isRunning(pid));
  station.kill('SIGKILL');
  // ends by itself; the test's own time limit is the only clock
  while (isRunning(pid)) await systemClock.sleep(10);
});
