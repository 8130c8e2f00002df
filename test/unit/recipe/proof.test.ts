import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { isFault } from '../../../main/model/fault.ts';
import {
  type ProvingBoard,
  proveByBoot,
  recordSpki,
  requireSignature,
  signatureFits,
} from '../../../main/recipe/steps/proof.ts';

const nonce = new Uint8Array(createHash('sha256').update('a challenge').digest());

/** A board that boots, and answers a challenge with this line. */
function board(answer: string): ProvingBoard {
  let asked = () => {};
  const challenge = new Promise<void>((resolve) => {
    asked = resolve;
  });
  return {
    async *boot() {
      yield 'ready';
      await challenge;
      yield answer;
      yield 'and more';
    },
    async sendLine(text) {
      if (text === `prove ${Buffer.from(nonce).toString('hex')}`) asked();
    },
  };
}

const proveOn = (proving: ProvingBoard, signal?: AbortSignal) =>
  proveByBoot(proving, {
    clock: systemClock,
    resetBy: 'lines',
    rule: { when: 'both', timeoutSeconds: 5, expect: ['ready'], reject: [], challenge: 'required' },
    nonce,
    mac: null,
    ...(signal && { signal }),
  });

const prove = (answer: string) => proveOn(board(answer));

/** A board that says nothing behind its first line, and how it takes what is sent to it. */
function mute(sendLine: () => Promise<void>): ProvingBoard {
  return {
    async *boot({ signal }) {
      yield 'ready';
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
    },
    sendLine,
  };
}

test('a challenge that the port does not take ends the proof by that fault, and the program goes on', async () => {
  const gone = new Error('the port is gone');
  const began = performance.now();
  await assert.rejects(proveOn(mute(() => Promise.reject(gone))), (error) => error === gone);
  assert.ok(performance.now() - began < 2000, 'it did not wait for the time of the recipe');
});

test('a challenge that never leaves the port ends with the run', { timeout: 2000 }, async () => {
  const stop = new AbortController();
  const stopped = new Error('a person stopped it');
  setTimeout(() => stop.abort(stopped), 50);
  await assert.rejects(
    proveOn(
      mute(() => new Promise(() => undefined)),
      stop.signal,
    ),
    (error) => error === stopped,
  );
});

test('RSA answers say how they are padded, and are verified so', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('hex');
  const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  for (const [scheme, signature] of [
    ['rsa-pss', sign('sha256', nonce, pss)],
    ['rsa-pkcs1', sign('sha256', nonce, privateKey)],
  ] as const) {
    const proof = await prove(`proof ${scheme} ${signature.toString('hex')}`);
    assert.deepEqual(proof.answer, { scheme, signature: signature.toString('hex') });
    requireSignature(proof, nonce, key);
    const other = scheme === 'rsa-pss' ? 'rsa-pkcs1' : 'rsa-pss';
    assert.equal(signatureFits({ ...proof.answer!, scheme: other }, nonce, key), false);
    assert.throws(
      () => requireSignature(proof, nonce.slice().reverse(), key),
      (error) => isFault(error, 'boot-proof.failed'),
    );
  }
});

test('an answer without a scheme is ECDSA P-256; records of older devices have its point', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = sign('sha256', nonce, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('hex');
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const proof = await prove(`proof ${signature}`);
  assert.equal(proof.answer?.scheme, 'ecdsa-p256');
  const point = spki.subarray(-65).toString('hex');
  assert.ok(signatureFits(proof.answer, nonce, spki.toString('hex')) && signatureFits(proof.answer, nonce, point));
  assert.deepEqual(Buffer.from(recordSpki(point)), spki);
});

test('what is no signature fails the board', async () => {
  for (const answer of [
    'proof error no-key',
    'proof',
    `proof ${'ab'.repeat(63)}`,
    `proof ecdsa-p384 ${'ab'.repeat(64)}`,
    `proof rsa-none ${'ab'.repeat(256)}`,
    `proof rsa-pss ${'AB'.repeat(256)}`,
    `proof rsa-pss ${'ab'.repeat(256)} more`,
  ])
    await assert.rejects(prove(answer), (error) => isFault(error, 'boot-proof.failed'), answer);
});
