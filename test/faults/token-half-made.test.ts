// The process of the token dies while a key is made, at each call that the making consists of: the next start finishes the key or undoes it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inStore, objectsIn, openSoftToken, temporaryFolder, withoutSoftHsm } from '../unit/signing/soft-token.ts';
import { Acts, boot, ca, cutAndGoOn, killedOnce, known, works, wrapping } from './token-cuts.ts';

const skip = withoutSoftHsm;

async function store(t: TestContext): Promise<string> {
  const home = temporaryFolder();
  t.after(() => home.remove());
  const folder = join(home.path, 'token');
  await (await openSoftToken(folder)).close();
  return folder;
}

test('killed at each call of the making of a pair: finished or undone, in the same life or the next', {
  skip,
  timeout: 500_000,
}, async (t) => {
  const folder = await store(t);
  let calls = 0;
  while (
    await cutAndGoOn(folder, ca, killedOnce(`${calls + 1}:${calls % 3 === 0 ? 'after' : 'before'}`), calls % 2 === 1)
  )
    calls++;
  assert.ok(calls > 8, `${calls} calls`);
});

for (const half of ['public-half', 'private-half'])
  for (const wish of [ca, boot])
    test(`${half} of ${wish.algorithm} is undone, and the pair made anew`, { skip, timeout: 300_000 }, async (t) => {
      const folder = await store(t);
      assert.ok(await cutAndGoOn(folder, wish, killedOnce(`C_GenerateKeyPair:${half}`), wish === boot));
    });

test('a wrapping key, before and after it is there', { skip, timeout: 300_000 }, async (t) => {
  const folder = await store(t);
  for (const when of ['before', 'after'])
    assert.ok(await cutAndGoOn(folder, wrapping, killedOnce(`C_GenerateKey:${when}`), false));
});

test('a key of which name and id were written and nothing else is undone, before anything is signed or wrapped by it', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const folder = await store(t);
  for (const inOneLife of [false, true]) {
    assert.ok(await cutAndGoOn(folder, ca, killedOnce('C_GenerateKeyPair:no-pair'), inOneLife));
    assert.ok(await cutAndGoOn(folder, wrapping, killedOnce('C_GenerateKey:no-use'), inOneLife));
  }
});

test('without a ledger: a lone public half makes room, a private half is never removed', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const folder = await store(t);
  for (const half of ['public-half', 'private-half']) {
    const cut = await openSoftToken(folder, killedOnce(`C_GenerateKeyPair:${half}`));
    await assert.rejects(cut.generateKey(ca), { code: 'token.crashed' });
    if (half === 'public-half') {
      await cut.generateKey(ca);
      await works(cut, ca);
    } else await assert.rejects(cut.generateKey(ca), { code: 'token.label' });
    await cut.close();
    const acts = new Acts();
    const token = known(await openSoftToken(folder), acts);
    if (half === 'private-half') await assert.rejects(works(token, ca), /holds no public key/);
    await token.close();
    assert.deepEqual(
      acts.rows.filter(({ what }) => what !== 'token-known'),
      [],
      'half a pair is nothing to be known by',
    );
    inStore(folder, (module, session) => {
      for (const object of objectsIn(module, session)) module.C_DestroyObject(session, object);
    });
  }
});
