// What a PKCS#11 module, or a token process that foreign code has taken over, must not be able to do to the station: end it, hang it, or have
// noise taken for keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { isFault } from '../../../main/model/fault.ts';
import { TokenChild, type TokenLine } from '../../../main/signing/pkcs11/token-child.ts';
import { askHostileToken } from '../../attacks/hostile-token.ts';

/** A process that says these things, one after each message of the station; whether it was killed. */
function saying(...things: readonly unknown[]) {
  const said = [...things];
  const state = { killed: 0 };
  let hear: (message: unknown) => void = () => undefined;
  let end: (how: string) => void = () => undefined;
  const next = () => setImmediate(() => said.length > 0 && hear(said.shift()));
  const line: TokenLine = {
    pid: 1,
    send: next,
    onMessage: (listener) => {
      hear = listener;
      next();
    },
    onEnd: (listener) => {
      end = listener;
    },
    kill: () => {
      state.killed++;
      setImmediate(() => end('by SIGKILL'));
    },
  };
  return { child: new TokenChild(() => line, {}, systemClock), state };
}

test('nonsense of a token process ends that process and no other', async () => {
  const offer = {
    type: 'offer',
    publicKey: Buffer.from(
      '302a300506032b656e0321000900000000000000000000000000000000000000000000000000000000000000',
      'hex',
    ),
  };
  const key = { label: 'a', id: '00', algorithm: 'rsa-3072', use: 'other', extractable: false, sensitive: true };
  for (const things of [
    [null],
    ['offer'],
    [{ type: 'offer' }],
    [{ type: 'offer', publicKey: new Uint8Array(44) }],
    [offer, { type: 'fault', id: 0 }, null],
    [offer, { type: 'fault', id: 0, fault: null }],
    [offer, { type: 'answer', id: 0 }],
    [offer, { type: 'answer', id: 0, value: null, secret: null }],
    [offer, { type: 'answer', id: 0, value: [key], secret: null }],
    [offer, { type: 'answer', id: 0, value: [], secret: { count: 0, box: new Uint8Array(3) } }],
    [offer, { type: 'answer', id: 0, value: [], secret: { count: 'x', box: [] } }],
  ]) {
    const { child, state } = saying(...things);
    await assert.rejects(
      child.call('keys', null, [], 5_000),
      (error) => isFault(error, 'token.crashed') || isFault(error, 'signing.channel'),
      JSON.stringify(things),
    );
    assert.ok(state.killed > 0 && !child.alive);
  }
});

test('lists without an end, bytes that are not random, wraps and secrets of another length are told', () => {
  const told = new Set<string>();
  for (const what of [0, 4, 6, 7])
    for (let at = 0; at < 70; at++)
      for (const how of [0xff, 0xb7, 0xc0])
        try {
          askHostileToken(Uint8Array.of(what, ...new Uint8Array(at), how, 9, 9, 9));
        } catch (error) {
          assert.ok(isFault(error) && error.faultClass !== 'program', `${what} ${at} ${how}: ${String(error)}`);
          if (error.code === 'token.bad-answer') told.add(error.what);
        }
  const all = [...told].join('\n');
  for (const words of [/more than 10000 objects/, /not random/, /no AES key wrap/, /cannot be what was wrapped/])
    assert.match(all, words);
});
