import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import test from 'node:test';
import { pointOfSpki, spkiOfPoint } from '../../../main/signing/spki.ts';
import { verifyDigest } from '../../../main/signing/verify.ts';

const message = Buffer.from('what the board boots');
const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
const hash = (name: string) => new Uint8Array(createHash(name).update(message).digest());
const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

test('RSA-PSS signatures of OpenSSL are verified over the digest, and only those with salt 32', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const spki = spkiOf(publicKey);
  const pss = (saltLength: number) =>
    new Uint8Array(sign('sha256', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }));
  // twenty signatures: the unused top bit of the encoded message is met in both ways
  for (let i = 0; i < 20; i++) assert.ok(verifyDigest(spki, 'rsa-pss-sha256', hash('sha256'), pss(32)));
  assert.equal(verifyDigest(spki, 'rsa-pss-sha256', hash('sha256'), pss(20)), false);
  assert.equal(verifyDigest(spki, 'rsa-pss-sha256', hash('sha256'), flipped(pss(32), 200)), false);
  assert.equal(verifyDigest(spki, 'rsa-pss-sha256', flipped(hash('sha256'), 0), pss(32)), false);
  const pkcs1 = new Uint8Array(sign('sha256', message, privateKey));
  assert.equal(verifyDigest(spki, 'rsa-pss-sha256', hash('sha256'), pkcs1), false);
});

for (const [curve, hashName] of [
  ['P-256', 'sha256'],
  ['P-384', 'sha384'],
] as const)
  test(`ECDSA ${curve} signatures of OpenSSL are verified over the digest`, () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
    const spki = spkiOf(publicKey);
    // some of these have a high s, which tokens do not normalise
    for (let i = 0; i < 8; i++) {
      const signature = new Uint8Array(sign(hashName, message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
      assert.ok(verifyDigest(spki, 'ecdsa', hash(hashName), signature));
      assert.equal(verifyDigest(spki, 'ecdsa', hash(hashName), flipped(signature, 7)), false);
      assert.equal(verifyDigest(spki, 'ecdsa', flipped(hash(hashName), 3), signature), false);
      assert.equal(verifyDigest(spki, 'ecdsa', hash(hashName), signature.subarray(1)), false);
    }
    const point = pointOfSpki(spki);
    assert.equal(point?.curve, curve);
    assert.deepEqual(spkiOfPoint(curve, point!.point), spki);
  });

test('a point that is not on the curve has no SubjectPublicKeyInfo', () => {
  assert.throws(() =>
    spkiOfPoint(
      'P-256',
      Uint8Array.from({ length: 65 }, (_, i) => (i === 0 ? 4 : i)),
    ),
  );
  assert.throws(() => spkiOfPoint('P-256', new Uint8Array(33)), RangeError);
});
