import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault, TokenFault } from '../../../main/model/fault.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { noOtherToken, TokenRing } from '../../../main/signing/token-ring.ts';

/** A signer of which only the closing is of interest. */
function signer(closed: string[], name: string): Signer {
  return { close: async () => void closed.push(name) } as unknown as Signer;
}

test('a token is opened when it is first asked for, once, and closed with the ring; the own one stays open', async () => {
  const closed: string[] = [];
  const opened: string[] = [];
  const own = signer(closed, 'own');
  {
    await using ring = new TokenRing(own, async (label) => {
      opened.push(label);
      return label === 'line' ? null : signer(closed, label);
    });
    assert.equal(await ring.signerOf(undefined), own);
    const [first, second] = await Promise.all([ring.signerOf('vault'), ring.signerOf('vault')]);
    assert.equal(first, second);
    assert.equal(await ring.signerOf('line'), own, 'the label of the own token');
    assert.deepEqual([opened, closed], [['vault', 'line'], []]);
  }
  assert.deepEqual(closed, ['vault']);
});

test('a token that does not open says so to everybody who asks, and keeps no other from being closed', async () => {
  const closed: string[] = [];
  const ring = new TokenRing(signer(closed, 'own'), async (label) => {
    if (label === 'safe') return signer(closed, label);
    throw new TokenFault({ code: 'token.none', what: 'It is not there.', next: 'Plug it in.' });
  });
  for (const _ of [1, 2]) await assert.rejects(ring.signerOf('vault'), (error) => isFault(error, 'token.none'));
  await ring.signerOf('safe');
  await ring.close();
  assert.deepEqual(closed, ['safe']);
  const alone = new TokenRing(signer(closed, 'own'), noOtherToken);
  await assert.rejects(alone.signerOf('vault'), (error) => isFault(error, 'token.not-listed'));
});
