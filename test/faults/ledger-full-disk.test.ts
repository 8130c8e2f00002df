import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isFault } from '../../main/model/fault.ts';
import { book, folder, mac, noise, note, run, sealBoard } from '../unit/ledger/book.ts';

const program = fileURLToPath(new URL('./ledger-program.ts', import.meta.url));

/** Runs a command in a mount namespace of its own, with a file system of `size` at `at`; null where this machine does not allow it. */
function inSmallFileSystem(at: string, size: string, command: string): { stdout: string } | null {
  const script = `mount -t tmpfs -o size=${size} none '${at}' && ${command}`;
  const trial = spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=${size} none '${at}'`]);
  if (trial.status !== 0) return null;
  return spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
}

test('a full disk refuses the write with a sentence, keeps what it has, and goes on when there is room', (t) => {
  const at = join(folder(t), 'small');
  mkdirSync(at);
  const ran = inSmallFileSystem(at, '900k', `'${process.execPath}' '${program}' fill-disk '${at}/ledger.db'`);
  if (ran === null) return t.skip('this machine does not let a test mount a small file system');
  const [, refused, verified, closed] = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(refused.refused?.code, 'ledger.full', ran.stdout);
  assert.ok(refused.kept >= 3);
  assert.match(refused.refused.next, /Free disk space/);
  assert.deepEqual(verified, { events: refused.kept, broken: null });
  assert.deepEqual(closed, { closed: true });
});

test('a book that has reached the size it may have refuses what does not fit, and nothing is half written', async (t) => {
  const { ledger } = await book(t, { maxBytes: 600_000 });
  await ledger.openRun(run('r1', { mac: mac(1) }));
  const fill = () => ledger.append('r1', null, note(noise(5_000)));
  let kept = 0;
  for (;;) {
    const results = await Promise.allSettled([fill(), fill(), fill(), fill()]);
    kept += results.filter(({ status }) => status === 'fulfilled').length;
    const refused = results.find((result) => result.status === 'rejected');
    if (refused === undefined) continue;
    assert.ok(isFault(refused.reason, 'ledger.full'), String(refused.reason));
    break;
  }
  assert.ok(kept > 10);
  await assert.rejects(fill(), (error) => isFault(error, 'ledger.full'));
  assert.equal((await ledger.events('r1')).length, kept);
  assert.equal((await ledger.verify()).broken, null);
  await ledger.close();
});

test('a seal that finds no room leaves the board unsealed and its keys in place', async (t) => {
  const { ledger } = await book(t, { maxBytes: 400_000 });
  await ledger.openRun(run('full', { mac: mac(9) }));
  let sealed = 0;
  for (;;) {
    try {
      await sealBoard(ledger, `r${sealed}`, sealed);
      sealed += 1;
    } catch (error) {
      assert.ok(isFault(error, 'ledger.full'), String(error));
      break;
    }
  }
  for (let n = 0; n < sealed; n++) assert.equal((await ledger.sealedDevice(mac(n)))?.run, `r${n}`);
  assert.equal(await ledger.sealedDevice(mac(sealed)), null);
  assert.equal((await ledger.verify()).broken, null);
});
