// One token behind several sessions: they are opened where calls wait, no more than are allowed, and what is left of a full token serves on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../../main/base/clock.ts';
import { TokenFault } from '../../../main/model/fault.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { TokenPool } from '../../../main/signing/token-pool.ts';

const ref = { label: 'device-ca' };
const digest = new Uint8Array(32);

/** A session that takes `ms` of a clock that only tests move a signature, one after the other. */
function rig(most: number, ms: number) {
  let time = 0;
  const clock: Clock = { ...systemClock, monotonic: () => time };
  let opened = 0;
  let closed = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const made: number[] = [];
  const session = (number: number): Signer => {
    let queue: Promise<unknown> = Promise.resolve();
    const sign = () => {
      const turn = queue.then(async () => {
        mostAtOnce = Math.max(mostAtOnce, ++atOnce);
        await new Promise((resolve) => setTimeout(resolve, 1));
        time += ms / Math.max(1, atOnce);
        atOnce--;
        return digest;
      });
      queue = turn.catch(() => undefined);
      return turn;
    };
    return {
      sign,
      status: async () => ({ label: 't' }),
      generateKey: async () => {
        made.push(number);
        return {};
      },
      close: async () => {
        closed++;
      },
    } as unknown as Signer;
  };
  let refusal: TokenFault | null = null;
  let tries = 0;
  const pool = new TokenPool(session(opened++), {
    most,
    clock,
    open: async () => {
      tries++;
      if (refusal !== null) throw refusal;
      return session(opened++);
    },
  });
  const round = (calls: number) => Promise.all(Array.from({ length: calls }, () => pool.sign(ref, 'ecdsa', digest)));
  return {
    pool,
    round,
    made,
    refuse: (fault: TokenFault | null) => {
      refusal = fault;
    },
    pass: (later: number) => {
      time += later;
    },
    count: () => ({ opened, closed, tries, mostAtOnce }),
  };
}

test('a token that answers at once keeps one session', async () => {
  const { pool, round, count } = rig(4, 0.5);
  for (let n = 0; n < 4; n++) await round(8);
  assert.equal(count().opened, 1);
  assert.equal((await pool.status()).sessions, 1);
});

test('calls that wait open sessions, up to so many; all are closed', async () => {
  const { pool, round, made, count } = rig(4, 50);
  for (let n = 0; n < 12; n++) await round(16);
  assert.equal(count().opened, 4);
  assert.equal(count().mostAtOnce, 4, 'four signatures at once');
  assert.equal((await pool.status()).sessions, 4);
  await pool.generateKey({ label: 'x', use: 'device-ca', algorithm: 'ecdsa-p256' });
  assert.deepEqual(made, [0], 'keys are made in the first one');
  await pool.close();
  assert.equal(count().closed, 4);
});

test('a token that allows no further session serves with those it gave; a PIN that was refused is tried once', async () => {
  for (const code of ['token.sessions', 'token.pin']) {
    const { round, refuse, pass, count } = rig(4, 50);
    refuse(new TokenFault({ code, what: 'No.', next: '' }));
    for (let n = 0; n < 8; n++) {
      await round(16);
      pass(120_000);
    }
    assert.deepEqual([count().opened, count().tries], [1, 1], code);
  }
});

test('one that was away when a session was to be opened is asked again later', async () => {
  const { round, refuse, pass, count } = rig(2, 50);
  refuse(new TokenFault({ code: 'token.gone', what: 'Gone.', next: '' }));
  await round(16);
  await round(16);
  assert.equal(count().tries, 1, 'not at each call');
  refuse(null);
  pass(61_000);
  for (let n = 0; n < 3; n++) await round(16);
  assert.equal(count().opened, 2);
});
