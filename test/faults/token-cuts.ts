// A key's making that is cut short, and what becomes of it: for the tests of `token-half-made` and for the soak.

import assert from 'node:assert/strict';
import pkcs11js from 'pkcs11js';
import { forkLine } from '../../main/base/process-line.ts';
import { systemRandom } from '../../main/base/random.ts';
import type { StationAct } from '../../main/ledger/ledger.ts';
import { isFault } from '../../main/model/fault.ts';
import { forkTokenProcess, type LaunchTokenProcess } from '../../main/signing/pkcs11/token-child.ts';
import type { KeyWish, Signer } from '../../main/signing/signer.ts';
import { KnownToken } from '../../main/station/known-token.ts';
import { inStore, objectsIn, openSoftToken } from '../unit/signing/soft-token.ts';

const digest = new Uint8Array(32).fill(7);
export const ca: KeyWish = { label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' };
export const boot: KeyWish = { label: 'secure-boot-1', use: 'secure-boot', algorithm: 'rsa-3072' };
export const wrapping: KeyWish = { label: 'recovery', use: 'wrapping', algorithm: 'aes-256' };

/** The first process that it starts kills itself at `at`; those after it are the usual ones. */
export function killedOnce(at: string): LaunchTokenProcess {
  let isFirst = true;
  return (environment) => {
    if (!isFirst) return forkTokenProcess(environment);
    isFirst = false;
    return forkLine(new URL('./killing-token.ts', import.meta.url), { ...environment, KILL_AT: at });
  };
}

/** The acts of a ledger, in memory. */
export class Acts {
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

export const known = (signer: Signer, acts: Acts) =>
  new KnownToken(signer, { ledger: acts, role: 'own', random: systemRandom });

/** How a recipe's keys come to be: the one that is there, or a new one. */
async function haveKey(token: Signer, wish: KeyWish) {
  return await token.findKey({ label: wish.label }).catch((error: unknown) => {
    if (!isFault(error, 'token.no-key')) throw error;
    return token.generateKey(wish);
  });
}

export async function works(token: Signer, wish: KeyWish): Promise<void> {
  const ref = { label: wish.label };
  if (wish.use === 'wrapping') {
    const wrapped = await token.wrap(ref, await token.random(32));
    assert.equal((await token.unwrap(ref, wrapped)).length, 32);
  } else await token.sign(ref, wish.algorithm === 'rsa-3072' ? 'rsa-pss-sha256' : 'ecdsa', digest);
}

/** Makes a key in a process that `launch` lets die, starts again (or goes on, as `inOneLife` says), and has the key. False: it did not die. The store is empty afterwards. */
export async function cutAndGoOn(
  folder: string,
  wish: KeyWish,
  launch: LaunchTokenProcess,
  inOneLife: boolean,
): Promise<boolean> {
  const acts = new Acts();
  let token = known(await openSoftToken(folder, launch), acts);
  let died = false;
  try {
    died = await token.generateKey(wish).then(
      () => false,
      (error: unknown) => {
        assert.ok(isFault(error, 'token.crashed'), String(error));
        return true;
      },
    );
    if (died) {
      if (!inOneLife) {
        await token.close();
        token = known(await openSoftToken(folder), acts);
        await token.settle();
        const [last] = acts.rows.slice(-1);
        assert.ok(last!.what === 'key-known' || last!.what === 'key-undone', last!.what);
      }
      const { id } = await haveKey(token, wish);
      await works(token, wish);
      assert.equal(acts.rows.findLast(({ what }) => what === 'key-known')!.detail.id, id);
      assert.equal((await token.refusal())?.code, undefined);
    }
  } finally {
    await token.close();
  }
  const left = inStore(folder, (module, session) => {
    // SoftHSM writes an object first without name, id, content and even CKA_TOKEN: killed then, it leaves a file that is no key and that no search
    // of the station finds
    const found = objectsIn(module, session, [{ type: pkcs11js.CKA_TOKEN, value: true }]).length;
    for (const object of objectsIn(module, session)) module.C_DestroyObject(session, object);
    return found;
  });
  if (died) assert.equal(left, wish.algorithm === 'aes-256' ? 1 : 2, 'nothing is left of what was cut short');
  return died;
}
