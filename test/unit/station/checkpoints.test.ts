// When heads are signed, by which key, and that no trouble of theirs is a board's.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { type Log, silentLog } from '../../../main/base/log.ts';
import { TokenFault } from '../../../main/model/fault.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { Checkpoints } from '../../../main/station/checkpoints.ts';
import { book, mac, note, run, sealBoard } from '../ledger/book.ts';
import { ScriptedSigner } from './scripted-signer.ts';

async function heads(t: TestContext, signer: Signer = new ScriptedSigner().signer) {
  const { ledger } = await book(t);
  const warned: unknown[] = [];
  const log: Log = { ...silentLog, warn: (event, facts) => void warned.push([event, facts?.error]) };
  const open = (by: Signer) => {
    const checkpoints = new Checkpoints({ ledger, signer: by, clock: systemClock, log, embeddedToken: true });
    t.after(() => checkpoints.close());
    return checkpoints;
  };
  const count = async () => (await ledger.verify()).signed?.heads ?? 0;
  return { ledger, warned, checkpoints: open(signer), open, count };
}

function withChanges(signer: Signer, changes: Partial<Signer>): Signer {
  return Object.assign(Object.create(signer) as Signer, changes);
}

test('a head is signed over what is new, every 32 seals and when it is asked for; nothing new, no head', async (t) => {
  const { ledger, checkpoints, count } = await heads(t);
  await checkpoints.sign('a test');
  assert.equal(await count(), 1, 'the genesis row is one');
  await checkpoints.sign('again');
  assert.equal(await count(), 1);
  await sealBoard(ledger, 'r1', 1);
  for (let n = 0; n < 31; n++) checkpoints.sealed();
  assert.equal(await count(), 1);
  checkpoints.sealed();
  await checkpoints.close();
  const { signed, rows, broken } = await ledger.verify();
  assert.deepEqual([signed?.heads, signed?.size, broken], [2, rows - 1, null]);
  await ledger.openRun(run('r2', { mac: mac(2) }));
  await checkpoints.sign('closed');
  assert.equal(await count(), 2);
});

test('another key than that of the first head signs none, and the log says why', async (t) => {
  const { ledger, checkpoints, open, warned, count } = await heads(t);
  await checkpoints.sign('a test');
  await ledger.openRun(run('r1', { mac: mac(1) }));
  const other = new ScriptedSigner().signer;
  const signedBefore = (await ledger.treeHead()).signedBefore!.publicKey;
  const foreign = withChanges(other, {
    findKey: async (ref) => ({ ...(await other.findKey(ref)), spki: new Uint8Array(91) }),
  });
  await open(foreign).sign('the wrong token');
  assert.equal(await count(), 1);
  const [[event, error]] = warned as [[string, TokenFault]];
  assert.deepEqual(
    [event, error.code, error.details.signedBefore],
    ['ledger-head-not-signed', 'token.head-key', signedBefore],
  );
});

test('another key signs, or is made, once people have taken a token without the one before for the right one', async (t) => {
  const { ledger, checkpoints, open, warned } = await heads(t);
  await checkpoints.sign('a test');
  const other = new ScriptedSigner().signer;
  const sign: Signer['sign'] = (...asked) => other.sign(...asked);
  const foreign = withChanges(other, { sign, findKey: () => other.findKey({ label: 'other-heads' }) });
  const accepted = { what: 'token-known', by: ['q1', 'e2'], about: 'own' } as const;
  const detail = {
    label: 'b',
    serial: '2',
    keys: [],
    reason: 'the old one burned',
    kept: [],
    others: ['ledger-heads'],
  };
  await ledger.noteAct({ ...accepted, detail });
  await open(foreign).sign('the accepted token');
  const { signed, broken } = await ledger.verify();
  assert.deepEqual([warned, broken, signed?.heads, signed?.changes?.length], [[], null, 2, 1]);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await checkpoints.sign('the token before it');
  assert.equal((await ledger.verify()).signed?.heads, 2, 'which is none any more');
  await ledger.noteAct({ ...accepted, detail: { ...detail, others: [], lost: ['ledger-heads'] } });
  const anew = withChanges(other, {
    sign,
    findKey: async () => Promise.reject(new TokenFault({ code: 'token.no-key', what: 'W.', next: 'N.' })),
    generateKey: () => other.findKey({ label: 'third-heads' }),
  });
  await open(anew).sign('a token that was made anew');
  const last = await ledger.verify();
  assert.deepEqual([last.broken, last.signed?.heads, last.signed?.changes?.length], [null, 3, 2]);
});

test('a token that is away, or has lost the key, delays a head and makes no key anew', async (t) => {
  const { ledger, checkpoints, open, warned, count } = await heads(t);
  await checkpoints.sign('a test');
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', null, note('on it goes'));
  const made: string[] = [];
  const away = (code: string): Signer =>
    withChanges(new ScriptedSigner().signer, {
      findKey: async () => Promise.reject(new TokenFault({ code, what: 'W.', next: 'N.' })),
      generateKey: async ({ label }) => Promise.reject(made.push(label)),
    });
  for (const code of ['token.gone', 'token.no-key']) await open(away(code)).sign(code);
  assert.deepEqual([await count(), warned.length, made], [1, 2, []]);
  await checkpoints.sign('it is back');
  assert.equal(await count(), 2);
});
