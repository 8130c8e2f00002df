// The process of the token dies while a key is made, at each call that the making consists of: the next start finishes the key or undoes it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemRandom } from '../../main/base/random.ts';
import type { StationAct } from '../../main/ledger/ledger.ts';
import { isFault } from '../../main/model/fault.ts';
import { forkAsToken, forkTokenProcess, type LaunchTokenProcess } from '../../main/signing/pkcs11/token-child.ts';
import type { KeyWish, Signer } from '../../main/signing/signer.ts';
import { KnownToken } from '../../main/station/known-token.ts';
import { inStore, objectsIn, openSoftToken, temporaryFolder, withoutSoftHsm } from '../unit/signing/soft-token.ts';

const skip = withoutSoftHsm;
const digest = new Uint8Array(32).fill(7);
const ca: KeyWish = { label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' };
const boot: KeyWish = { label: 'secure-boot-1', use: 'secure-boot', algorithm: 'rsa-3072' };
const wrapping: KeyWish = { label: 'recovery', use: 'wrapping', algorithm: 'aes-256' };

/** The first process that it starts kills itself at `at`; those after it are the usual ones. */
function killedOnce(at: string): LaunchTokenProcess {
  let isFirst = true;
  return (environment) => {
    if (!isFirst) return forkTokenProcess(environment);
    isFirst = false;
    return forkAsToken(new URL('./killing-token.ts', import.meta.url), { ...environment, KILL_AT: at });
  };
}

/** The acts of a ledger, in memory. */
class Acts {
  readonly rows: (StationAct & { readonly at: string; readonly row: number })[] = [];

  noteAct = async (act: StationAct) => {
    this.rows.push({ ...act, at: new Date().toISOString(), row: this.rows.length + 1 });
  };

  acts = async ({ what, about, limit = 100 }: { what?: string; about?: string; limit?: number }) =>
    this.rows
      .filter((act) => (what ?? act.what) === act.what && (about ?? act.about) === act.about)
      .toReversed()
      .slice(0, limit);
}

async function store(t: TestContext): Promise<string> {
  const home = temporaryFolder();
  t.after(() => home.remove());
  const folder = join(home.path, 'token');
  await (await openSoftToken(folder)).close();
  return folder;
}

const known = (signer: Signer, acts: Acts) =>
  new KnownToken(signer, { ledger: acts, role: 'own', random: systemRandom });

/** How a recipe's keys come to be: the one that is there, or a new one. */
async function haveKey(token: Signer, wish: KeyWish) {
  return await token.findKey({ label: wish.label }).catch((error: unknown) => {
    if (!isFault(error, 'token.no-key')) throw error;
    return token.generateKey(wish);
  });
}

async function works(token: Signer, wish: KeyWish): Promise<void> {
  const ref = { label: wish.label };
  if (wish.use === 'wrapping') {
    const wrapped = await token.wrap(ref, await token.random(32));
    assert.equal((await token.unwrap(ref, wrapped)).length, 32);
  } else await token.sign(ref, wish.algorithm === 'rsa-3072' ? 'rsa-pss-sha256' : 'ecdsa', digest);
}

/** Makes a key in a process that dies at `at`, starts again (or goes on, as `inOneLife` says), and has the key. False: it did not die. */
async function cutAndGoOn(folder: string, wish: KeyWish, at: string, inOneLife: boolean): Promise<boolean> {
  const acts = new Acts();
  let token = known(await openSoftToken(folder, killedOnce(at)), acts);
  try {
    const died = await token.generateKey(wish).then(
      () => false,
      (error: unknown) => {
        assert.ok(isFault(error, 'token.crashed'), String(error));
        return true;
      },
    );
    if (!died) return false;
    if (!inOneLife) {
      await token.close();
      token = known(await openSoftToken(folder), acts);
      await token.settle();
      const [last] = acts.rows.slice(-1);
      assert.ok(last!.what === 'key-known' || last!.what === 'key-undone', `${at}: ${last!.what}`);
    }
    const { id } = await haveKey(token, wish);
    await works(token, wish);
    assert.equal(acts.rows.findLast(({ what }) => what === 'key-known')!.detail.id, id, at);
    assert.equal((await token.refusal())?.code, undefined, at);
  } finally {
    await token.close();
  }
  const left = inStore(folder, (module, session) => {
    const found = objectsIn(module, session);
    for (const object of found) module.C_DestroyObject(session, object);
    return found.length;
  });
  assert.equal(left, wish.algorithm === 'aes-256' ? 1 : 2, `${at}: nothing is left of what was cut short`);
  return true;
}

test('killed at each call of the making of a pair: finished or undone, in the same life or the next', {
  skip,
  timeout: 500_000,
}, async (t) => {
  const folder = await store(t);
  let calls = 0;
  while (await cutAndGoOn(folder, ca, `${calls + 1}:${calls % 3 === 0 ? 'after' : 'before'}`, calls % 2 === 1)) calls++;
  assert.ok(calls > 8, `${calls} calls`);
});

for (const half of ['public-half', 'private-half'])
  for (const wish of [ca, boot])
    test(`${half} of ${wish.algorithm} is undone, and the pair made anew`, { skip, timeout: 300_000 }, async (t) => {
      const folder = await store(t);
      assert.ok(await cutAndGoOn(folder, wish, `C_GenerateKeyPair:${half}`, wish === boot));
    });

test('a wrapping key, before and after it is there', { skip, timeout: 300_000 }, async (t) => {
  const folder = await store(t);
  for (const when of ['before', 'after']) assert.ok(await cutAndGoOn(folder, wrapping, `C_GenerateKey:${when}`, false));
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
