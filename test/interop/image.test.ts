// espsecure judges what main/image makes, and main/image reads what espsecure makes.
import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import { decryptFlash, encryptFlash } from '../../main/image/flash-encryption.ts';
import {
  attachSignatures,
  buildSignatureBlock,
  imageDigest,
  keyDigestOf,
  padForSigning,
  splitSigned,
  verifySignatureBlock,
} from '../../main/image/secure-boot.ts';
import type { SecureBootScheme } from '../../main/image/types.ts';
import { judging } from './espressif-tools.ts';

const { skip, judges, file, newPath, contentOf } = await judging();

const generate: { readonly [scheme in SecureBootScheme]: () => { publicKey: KeyObject; privateKey: KeyObject } } = {
  rsa3072: () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
};
const schemes = Object.keys(generate) as SecureBootScheme[];
const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }));
const publicPem = (key: KeyObject) => file(key.export({ format: 'pem', type: 'spki' }));
const privatePem = (key: KeyObject) =>
  file(key.export(key.asymmetricKeyType === 'ec' ? { format: 'pem', type: 'sec1' } : { format: 'pem', type: 'pkcs8' }));

/** A block as the station makes it: the token signs, main/image builds. */
function blockBy(scheme: SecureBootScheme, key: KeyObject, image: Uint8Array): Uint8Array {
  const padded = padForSigning(image);
  const signature =
    scheme === 'rsa3072'
      ? sign('sha256', padded, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
      : sign(scheme === 'ecdsa-p384' ? 'sha384' : 'sha256', padded, { key, dsaEncoding: 'ieee-p1363' });
  return buildSignatureBlock({
    scheme,
    spki: spkiOf(createPublicKey(key)),
    imageDigest: imageDigest(padded, scheme),
    signature,
  });
}

const image = Uint8Array.from({ length: 70_001 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

for (const scheme of schemes) {
  test(`${scheme}: espsecure verifies an image that we signed, and not a changed one`, { skip }, async () => {
    const { publicKey, privateKey } = generate[scheme]();
    const signed = attachSignatures(image, [blockBy(scheme, privateKey, image)]);
    const key = publicPem(publicKey);
    const words = ['verify-signature', '--version', '2', '--keyfile', key];
    await judges.pass('espsecure', ...words, file(signed));
    const changed = signed.slice();
    changed[69_999]! ^= 1;
    await judges.fail('espsecure', ...words, file(changed));
    await judges.fail('espsecure', ...words.with(4, publicPem(generate[scheme]().publicKey)), file(signed));
  });

  test(`${scheme}: the key digest that goes into eFuses is espsecure's`, { skip }, async () => {
    const { publicKey } = generate[scheme]();
    const path = newPath();
    await judges.pass('espsecure', 'digest-sbv2-public-key', '--keyfile', publicPem(publicKey), '--output', path);
    assert.equal(toHex(keyDigestOf(scheme, spkiOf(publicKey))), toHex(contentOf(path)));
  });

  test(`${scheme}: we verify an image that espsecure signed, and keep its signature beside ours`, {
    skip,
  }, async () => {
    const [theirs, ours] = [generate[scheme](), generate[scheme]()];
    const path = newPath();
    const words = ['sign-data', '--version', '2', '--keyfile', privatePem(theirs.privateKey), '--output', path];
    await judges.pass('espsecure', ...words, file(image));
    const split = splitSigned(contentOf(path));
    assert.ok(split !== null);
    assert.deepEqual(split.signed, padForSigning(image));
    assert.equal(split.blocks.length, 1);
    assert.equal(split.blocks[0]!.scheme, scheme);
    assert.ok(verifySignatureBlock(split.blocks[0]!, split.signed));
    assert.deepEqual(split.blocks[0]!.keyDigest, keyDigestOf(scheme, spkiOf(theirs.publicKey)));

    const both = file(attachSignatures(contentOf(path), [blockBy(scheme, ours.privateKey, image)]));
    for (const { publicKey } of [theirs, ours])
      await judges.pass('espsecure', 'verify-signature', '--version', '2', '--keyfile', publicPem(publicKey), both);
  });
}

test('three signatures in one sector are all found by espsecure', { skip }, async () => {
  const keys = [0, 1, 2].map(() => generate['ecdsa-p256']());
  const signed = attachSignatures(
    image,
    keys.map(({ privateKey }) => blockBy('ecdsa-p256', privateKey, image)),
  );
  const told = await judges.pass('espsecure', 'signature-info-v2', file(signed));
  for (const { publicKey } of keys)
    assert.ok(told.replaceAll(' ', '').includes(toHex(keyDigestOf('ecdsa-p256', spkiOf(publicKey)))));
});

// key length -> offsets of every kind: sector, unit of 128 bytes, and 16 bytes within a unit
for (const keyBytes of [16, 32, 64])
  for (const address of keyBytes === 16 ? [0, 0x12340] : [0, 0x2000, 0x10000, 0x10080, 0x12340, 0xfff0]) {
    const words = ['--aes-xts', '--address', `0x${address.toString(16)}`];
    const name = `${keyBytes === 16 ? 'XTS-AES-128 with a derived key' : `XTS-AES-${keyBytes * 4}`} at 0x${address.toString(16)}`;
    test(`${name}: espsecure decrypts what we encrypted, and we what it encrypted`, { skip }, async () => {
      const key = new Uint8Array(randomBytes(keyBytes));
      const plain = new Uint8Array(randomBytes(0x1230));
      const keyFile = file(key);
      const [ours, theirs] = [newPath(), newPath()];
      const cipher = file(encryptFlash(plain, address, key));
      await judges.pass('espsecure', 'decrypt-flash-data', ...words, '--keyfile', keyFile, '--output', ours, cipher);
      assert.deepEqual(contentOf(ours), plain);
      await judges.pass(
        'espsecure',
        'encrypt-flash-data',
        ...words,
        '--keyfile',
        keyFile,
        '--output',
        theirs,
        file(plain),
      );
      assert.deepEqual(decryptFlash(contentOf(theirs), address, key), plain);
      assert.deepEqual(encryptFlash(plain, address, key), contentOf(theirs));
    });
  }
