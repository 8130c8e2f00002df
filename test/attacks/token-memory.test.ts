// What is left in the memory of the token process when a board is sealed: no PIN, no proof of possession, no key that it wrapped or gave back.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { openSoftToken, temporaryFolder, WatchedLaunch, withoutSoftHsm } from '../unit/signing/soft-token.ts';

const skip =
  withoutSoftHsm || (process.platform === 'linux' ? false : 'memory is read by way of /proc, which Linux has');

/** How often each of these stands in the readable memory of a process. */
function countIn(pid: number, wanted: readonly Uint8Array[]): number[] {
  const counts = wanted.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const region = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (region === null) continue;
    const [from, to] = [Number(`0x${region[1]}`), Number(`0x${region[2]}`)];
    // overlapping by more than what is looked for
    const piece = Buffer.alloc(8 << 20);
    for (let at = from; at < to; at += piece.length - 256) {
      let length = 0;
      try {
        length = readSync(memory, piece, 0, Math.min(piece.length, to - at), at);
      } catch {
        // a region that cannot be read holds nothing that anybody could take
      }
      wanted.forEach((bytes, which) => {
        const text = piece.subarray(0, length);
        for (let found = text.indexOf(bytes); found >= 0; found = text.indexOf(bytes, found + 1)) counts[which]!++;
      });
    }
    piece.fill(0);
  }
  closeSync(memory);
  return counts;
}

test('the token process keeps no PIN, and nothing of what it wrapped and unwrapped', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const home = temporaryFolder();
  t.after(() => home.remove());
  const watched = new WatchedLaunch();
  const folder = join(home.path, 'token');
  const signer = await openSoftToken(folder, watched.launch);
  t.after(() => signer.close());
  const pin = new Uint8Array(readFileSync(join(folder, 'pin')));
  await signer.generateKey({ label: 'recovery', use: 'wrapping', algorithm: 'aes-256' });
  await signer.generateKey({ label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' });
  // as long as keys of the chips and proofs of possession are
  const secrets = [8, 16, 24, 32, 40, 48, 64].map((length) => systemRandom(length));
  for (let round = 0; round < 3; round++)
    for (const bytes of secrets) {
      using secret = SecretBytes.take(bytes.slice());
      const wrapped = await signer.wrap({ label: 'recovery' }, secret);
      using back = await signer.unwrap({ label: 'recovery' }, wrapped);
      assert.equal(back.length, bytes.length);
    }
  using drawn = await signer.random(40);
  await signer.sign({ label: 'device-ca' }, 'ecdsa', new Uint8Array(32));
  const { pid } = watched.last;
  const held = drawn.use((bytes) => bytes.slice());
  const wanted = [pin, held, ...secrets];
  assert.deepEqual(
    countIn(pid!, wanted),
    wanted.map(() => 0),
    'PIN, random bytes, secrets by length',
  );
  // that the search finds what is there
  assert.ok(countIn(process.pid, [pin])[0]! > 0);
});
