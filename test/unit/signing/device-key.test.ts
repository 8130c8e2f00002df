import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { systemRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { isFault } from '../../../main/model/fault.ts';
import { deviceKeyFrom } from '../../../main/signing/device-key.ts';

/** n of P-256 (FIPS 186-5 / SP 800-186). */
const n = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

const scalarOf = (random: Uint8Array) => deviceKeyFrom(SecretBytes.take(random)).scalar.use(toHex);
const withTail = (tail: Uint8Array) => {
  const bytes = new Uint8Array(40);
  bytes.set(tail, 40 - tail.length);
  return bytes;
};

test('scalars are c mod (n-1) + 1: never 0, never n, big-endian (FIPS 186-5, A.2.1)', () => {
  assert.equal(scalarOf(new Uint8Array(40)), `${'00'.repeat(31)}01`);
  assert.equal(scalarOf(withTail(Uint8Array.of(0x12, 0x34))), `${'00'.repeat(30)}1235`);
  const twoBelow = n.slice();
  twoBelow[31]! -= 2;
  const oneBelow = n.slice();
  oneBelow[31]! -= 1;
  // c = n-2 is the largest remainder, so d = n-1; c = n-1 starts over at 1; c = n gives 2
  assert.equal(scalarOf(withTail(twoBelow)), toHex(oneBelow));
  assert.equal(scalarOf(withTail(oneBelow)), `${'00'.repeat(31)}01`);
  assert.equal(scalarOf(withTail(n)), `${'00'.repeat(31)}02`);
  // all bytes count: 2^319 mod (n-1) + 1, reckoned with other tools
  const high = new Uint8Array(40);
  high[0] = 0x80;
  const order = BigInt(`0x${toHex(n)}`);
  assert.equal(scalarOf(high), (((1n << 319n) % (order - 1n)) + 1n).toString(16).padStart(64, '0'));
});

test('the public key is the one that OpenSSL finds for the scalar', () => {
  for (let i = 0; i < 5; i++) {
    const random = SecretBytes.adopt(systemRandom(48));
    const key = deviceKeyFrom(random);
    assert.equal(random.destroyed, false, 'the random bytes stay the caller’s');
    const ecdh = createECDH('prime256v1');
    key.scalar.use((scalar) => ecdh.setPrivateKey(scalar));
    assert.equal(toHex(key.publicKey), ecdh.getPublicKey('hex', 'uncompressed'));
    assert.equal(key.scalar.length, 32);
  }
});

test('too few random bytes make no key', () => {
  assert.throws(
    () => deviceKeyFrom(SecretBytes.adopt(new Uint8Array(39))),
    (fault) => isFault(fault, 'program.device-key'),
  );
});
