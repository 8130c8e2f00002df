// The token goes away in the middle of the day and comes back: the signer says so, waits, and goes on with handles found anew.

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isFault } from '../../main/model/fault.ts';
import { openSoftToken, temporaryFolder, WatchedLaunch, withoutSoftHsm } from '../unit/signing/soft-token.ts';

const skip = withoutSoftHsm;
const digest = new Uint8Array(32).fill(7);
const gone = (error: unknown) => isFault(error, 'token.gone');

async function stage(t: { after(work: () => Promise<void> | void): void }) {
  const home = temporaryFolder();
  const folder = join(home.path, 'token');
  const watched = new WatchedLaunch();
  const signer = await openSoftToken(folder, watched.launch);
  t.after(async () => {
    await signer.close();
    assert.equal(watched.ended, watched.lines.length);
    home.remove();
  });
  await signer.generateKey({ label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' });
  await signer.generateKey({ label: 'recovery', use: 'wrapping', algorithm: 'aes-256' });
  const away = () => renameSync(folder, `${folder}.away`);
  const back = () => renameSync(`${folder}.away`, folder);
  return { signer, watched, away, back };
}

test('a token that is taken away is gone for every call, and signs again when it is back', { skip }, async (t) => {
  const { signer, watched, away, back } = await stage(t);
  const wrapped = await signer.wrap({ label: 'recovery' }, await signer.random(32));
  await signer.sign({ label: 'device-ca' }, 'ecdsa', digest);
  const { serial } = await signer.status();
  away();
  const calls = [
    () => signer.sign({ label: 'device-ca' }, 'ecdsa', digest),
    () => signer.status(),
    () => signer.keys(),
    () => signer.findKey({ label: 'no such key' }),
    () => signer.unwrap({ label: 'recovery' }, wrapped),
    () => signer.generateKey({ label: 'another', use: 'device-ca', algorithm: 'ecdsa-p256' }),
  ];
  for (const call of calls) await assert.rejects(call(), gone);
  let returned = false;
  const waiting = signer.whenBack().then(() => {
    returned = true;
  });
  await assert.rejects(signer.sign({ label: 'device-ca' }, 'ecdsa', digest), gone);
  assert.equal(returned, false);
  back();
  await waiting;
  assert.equal((await signer.sign({ label: 'device-ca' }, 'ecdsa', digest)).length, 64);
  assert.equal((await signer.unwrap({ label: 'recovery' }, wrapped)).length, 32);
  assert.equal((await signer.status()).serial, serial);
  assert.equal(watched.lines.length, 2, 'one process made the token, one opened it: neither was lost over it');
});

test('the first call after the return works without anyone waiting for it', { skip }, async (t) => {
  const { signer, away, back } = await stage(t);
  away();
  await assert.rejects(signer.sign({ label: 'device-ca' }, 'ecdsa', digest), gone);
  back();
  assert.equal((await signer.sign({ label: 'device-ca' }, 'ecdsa', digest)).length, 64);
});

test('a token that is away when its process has to be started anew is gone, not unknown', { skip }, async (t) => {
  const { signer, watched, away, back } = await stage(t);
  away();
  watched.last.kill();
  // the first call may still meet the process that is ending; the PIN file went with the token
  const codes = new Set<string>();
  for (let i = 0; i < 2; i++) await signer.keys().catch((fault) => codes.add(fault.code));
  back();
  await signer.whenBack();
  assert.equal((await signer.keys()).length, 2);
  assert.equal(codes.has('token.none'), false);
});

test('waiting for a token can be called off, and ends with the signer', { skip }, async (t) => {
  const { signer, away, back } = await stage(t);
  away();
  const off = new AbortController();
  const first = signer.whenBack(off.signal);
  off.abort(new Error('the operator went home'));
  await assert.rejects(first, /went home/);
  const second = assert.rejects(signer.whenBack(), (fault) => isFault(fault, 'token.closed'));
  await signer.close();
  await second;
  back();
});
