import assert from 'node:assert/strict';
import test from 'node:test';
import { SecretBytes } from '../../../main/base/secret.ts';
import { isFault } from '../../../main/model/fault.ts';
import { SealedChannel } from '../../../main/signing/pkcs11/sealed-channel.ts';

function pair() {
  const a = SealedChannel.offer();
  const b = SealedChannel.offer();
  return { station: a.agree(b.publicKey, 'station'), token: b.agree(a.publicKey, 'token') };
}

const secret = () => SecretBytes.adopt(Uint8Array.from({ length: 48 }, (_, i) => i));
const broken = (error: unknown) => isFault(error, 'signing.channel');

test('a secret comes out on the other side as it went in, both ways', () => {
  const { station, token } = pair();
  for (let i = 0; i < 3; i++) {
    assert.equal(token.open(station.seal(secret(), 'wrap 1 0'), 'wrap 1 0').fingerprint(), secret().fingerprint());
    assert.equal(station.open(token.seal(secret(), 'random 2'), 'random 2').fingerprint(), secret().fingerprint());
  }
});

test('the same secret sealed twice gives boxes that share nothing, and neither shows it', () => {
  const { station } = pair();
  const [one, two] = [station.seal(secret(), 'x'), station.seal(secret(), 'x')];
  assert.notDeepEqual(one.box, two.box);
  secret().use((bytes) => assert.equal(Buffer.from(one.box).includes(Buffer.from(bytes.subarray(0, 8))), false));
});

test('a box that was changed, repeated, left out or meant for another call does not open', () => {
  const { station, token } = pair();
  const first = station.seal(secret(), 'wrap 1 0');
  const changed = { ...first, box: first.box.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) };
  assert.throws(() => token.open(changed, 'wrap 1 0'), broken);
  assert.throws(() => token.open(first, 'wrap 2 0'), broken);
  token.open(first, 'wrap 1 0');
  assert.throws(() => token.open(first, 'wrap 1 0'), broken);
  station.seal(secret(), 'lost');
  assert.throws(() => token.open(station.seal(secret(), 'late'), 'late'), broken);
});

test('a box does not open on the side that sealed it, nor in another connection, nor after the keys are gone', () => {
  const { station, token } = pair();
  const box = station.seal(secret(), 'x');
  assert.throws(() => station.open(box, 'x'), broken);
  assert.throws(() => pair().token.open(box, 'x'), broken);
  token.destroy();
  assert.throws(() => token.open(box, 'x'), broken);
});
