import assert from 'node:assert/strict';
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { concat, toHex, u32le } from '../../../main/base/bytes.ts';
import { montgomeryOf, rsaKeyOf } from '../../../main/formats/public-key.ts';
import {
  attachSignatures,
  buildSignatureBlock,
  buildSignatureSector,
  imageDigest,
  keyDigestOf,
  padForSigning,
  parseSignatureBlock,
  parseSignatureSector,
  splitSigned,
  verifySignatureBlock,
} from '../../../main/image/secure-boot.ts';
import type { SecureBootScheme } from '../../../main/image/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

interface Vector {
  scheme: string;
  private_key_pem: string;
  public_key_pem: string;
  image_sha256: string;
  image_sha384: string;
  signature_block_1216: string;
  key_digest: string;
  n_hex_be?: string;
  R_hex_be?: string;
  M_prime?: string;
}
const schemes = { rsa3072: 'rsa3072', ecdsa192: 'ecdsa-p192', ecdsa256: 'ecdsa-p256', ecdsa384: 'ecdsa-p384' } as const;
const image = Uint8Array.from({ length: 5000 }, (_, i) => (13 * i + 1) & 0xff);
const refused = (code: string) => (error: unknown) => isFault(error, code);

const spkiOf = (key: KeyObject) =>
  new Uint8Array((key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' }));

/** A block as a token would have it made: the signature from outside, the block from here. */
function signedBlock(scheme: SecureBootScheme, key: KeyObject, bytes: Uint8Array, salt = 32): Uint8Array {
  const how =
    scheme === 'rsa3072'
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt }
      : ({ key, dsaEncoding: 'ieee-p1363' } as const);
  const signature = new Uint8Array(sign(scheme === 'ecdsa-p384' ? 'sha384' : 'sha256', bytes, how));
  return buildSignatureBlock({ scheme, spki: spkiOf(key), imageDigest: imageDigest(bytes, scheme), signature });
}

// P-256 scalar 01..20 and P-384 scalar 01..30 as SEC1 keys; digests from FACTS 4.5 (espsecure 5.3.1).
const p256 = createPrivateKey({
  key: Buffer.from(
    `30310201010420${toHex(Uint8Array.from({ length: 32 }, (_, i) => i + 1))}a00a06082a8648ce3d030107`,
    'hex',
  ),
  format: 'der',
  type: 'sec1',
});
const p384 = createPrivateKey({
  key: Buffer.from(`303e0201010430${toHex(Uint8Array.from({ length: 48 }, (_, i) => i + 1))}a00706052b81040022`, 'hex'),
  format: 'der',
  type: 'sec1',
});
const rsa = generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey;

test('key digests as espsecure 5.3.1 makes them (FACTS 4.5)', () => {
  assert.equal(
    toHex(keyDigestOf('ecdsa-p256', spkiOf(p256))),
    '80f97f13d7d597f5eb9a15bd1b97ffd8e4a42244e8d915d68a489fbcf36ab8ca',
  );
  assert.equal(
    toHex(keyDigestOf('ecdsa-p384', spkiOf(p384))),
    '92b4324263647f51f79b948c0728744669683a1485e5170568eb8454f230b2bd',
  );
});

test('every block of espsecure reads, verifies and is built again byte for byte', () => {
  const padded = padForSigning(image);
  assert.equal(padded.length, 8192);
  for (const vector of vectorFile<{ vectors: Vector[] }>('secure_boot_v2.json').vectors) {
    const scheme = schemes[vector.scheme as keyof typeof schemes];
    const raw = new Uint8Array(Buffer.from(vector.signature_block_1216, 'hex'));
    const block = parseSignatureBlock(raw);
    assert.ok(block, vector.scheme);
    assert.equal(block.scheme, scheme);
    assert.equal(toHex(block.keyDigest), vector.key_digest);
    assert.equal(toHex(block.imageDigest), vector.scheme === 'ecdsa384' ? vector.image_sha384 : vector.image_sha256);
    assert.deepEqual(block.spki, spkiOf(createPublicKey(vector.public_key_pem)));
    assert.equal(toHex(keyDigestOf(scheme, block.spki)), vector.key_digest);
    assert.equal(verifySignatureBlock(block, padded), true);
    const other = padded.slice();
    other[100] = (other[100] as number) ^ 1;
    assert.equal(verifySignatureBlock(block, other), false);
    if (scheme !== 'ecdsa-p192')
      assert.deepEqual(
        buildSignatureBlock({
          scheme,
          spki: block.spki,
          imageDigest: imageDigest(padded, scheme),
          signature: block.signature,
        }),
        raw,
      );
  }
});

test('R and M of the RSA vector', () => {
  const vector = vectorFile<{ vectors: Vector[] }>('secure_boot_v2.json').vectors[0] as Vector;
  const { modulus, exponent } = rsaKeyOf(spkiOf(createPublicKey(vector.public_key_pem)));
  assert.equal(toHex(modulus), vector.n_hex_be);
  assert.equal(exponent, 65537);
  const { r, mPrime } = montgomeryOf(modulus);
  assert.equal(toHex(r), vector.R_hex_be);
  // The file states the four bytes as they lie in the block.
  assert.ok(
    [
      mPrime.toString(16).padStart(8, '0'),
      toHex(Uint8Array.of(mPrime, mPrime >>> 8, mPrime >>> 16, mPrime >>> 24)),
    ].includes(vector.M_prime as string),
  );
});

for (const [scheme, key] of [
  ['rsa3072', rsa],
  ['ecdsa-p256', p256],
  ['ecdsa-p384', p384],
] as const) {
  test(`${scheme}: a flipped bit anywhere in the block is noticed`, () => {
    const padded = padForSigning(image);
    const good = signedBlock(scheme, key, padded);
    const block = parseSignatureBlock(good);
    assert.ok(block && verifySignatureBlock(block, padded));
    for (let at = 0; at < 1200; at += at < 60 || at > 1190 ? 1 : 7) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ 0x10;
      assert.equal(parseSignatureBlock(bad), null, `byte ${at}`);
    }
  });
}

test('a block with a right CRC that only the ROM would refuse does not verify', () => {
  const padded = padForSigning(image);
  // 10: the image digest; 500: R, with which the ROM calculates.
  for (const at of [10, 500]) {
    const bytes = signedBlock('rsa3072', rsa, padded);
    bytes[at] = (bytes[at] as number) ^ 1;
    bytes.set(u32le(crc32(bytes.subarray(0, 1196))), 1196);
    const block = parseSignatureBlock(bytes);
    assert.ok(block);
    assert.equal(verifySignatureBlock(block, padded), false, `byte ${at}`);
  }
});

test('a PSS salt of another length does not verify', () => {
  const padded = padForSigning(image);
  const block = parseSignatureBlock(signedBlock('rsa3072', rsa, padded, 20));
  assert.ok(block);
  assert.equal(verifySignatureBlock(block, padded), false);
});

test('a sector of three blocks', () => {
  const padded = padForSigning(image);
  const blocks = [rsa, rsa, rsa].map((key) => signedBlock('rsa3072', key, padded));
  const sector = buildSignatureSector(blocks);
  assert.equal(sector.length, 4096);
  assert.ok(sector.subarray(3 * 1216).every((byte) => byte === 0xff));
  assert.deepEqual(
    parseSignatureSector(sector).map(({ raw }) => raw),
    blocks,
  );
  sector[1216] = 0;
  assert.equal(parseSignatureSector(sector).length, 2);
  assert.throws(() => buildSignatureSector([]), RangeError);
  assert.throws(() => buildSignatureSector([...blocks, blocks[0] as Uint8Array]), RangeError);
  assert.throws(() => buildSignatureSector([new Uint8Array(1215)]), RangeError);
});

test('signing, and signing again what is signed', () => {
  const padded = padForSigning(image);
  const first = signedBlock('ecdsa-p256', p256, padded);
  const once = attachSignatures(image, [first]);
  assert.equal(once.length, padded.length + 4096);
  const split = splitSigned(once);
  assert.deepEqual(split?.signed, padded);
  assert.equal(split?.blocks.length, 1);

  const secondKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const twice = attachSignatures(once, [signedBlock('ecdsa-p256', secondKey, padded)]);
  assert.equal(twice.length, once.length);
  assert.deepEqual(splitSigned(twice)?.blocks[0]?.raw, first);
  assert.equal(splitSigned(twice)?.blocks.length, 2);

  // The same key again takes the place of its older signature.
  const again = attachSignatures(twice, [signedBlock('ecdsa-p256', p256, padded)]);
  assert.equal(splitSigned(again)?.blocks.length, 2);
  assert.deepEqual(splitSigned(again)?.blocks[1]?.keyDigest, splitSigned(once)?.blocks[0]?.keyDigest);
});

test('a signature over other bytes that stands in the sector is dropped', () => {
  const stale = signedBlock('ecdsa-p256', p256, new Uint8Array(4096));
  const padded = padForSigning(image);
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const signed = attachSignatures(concat(padded, buildSignatureSector([stale])), [
    signedBlock('ecdsa-p256', key, padded),
  ]);
  assert.equal(splitSigned(signed)?.blocks.length, 1);
});

test('what would not start is not written', () => {
  const padded = padForSigning(image);
  const foreign = signedBlock('ecdsa-p256', p256, new Uint8Array(4096));
  assert.throws(() => attachSignatures(image, [foreign]), refused('image.signature'));
  assert.throws(() => attachSignatures(image, [new Uint8Array(1216)]), refused('image.signature'));
  assert.throws(
    () => attachSignatures(image, [signedBlock('ecdsa-p256', p256, padded), signedBlock('ecdsa-p384', p384, padded)]),
    refused('image.signature-mixed'),
  );
  const keys = Array.from({ length: 4 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  assert.throws(
    () =>
      attachSignatures(
        image,
        keys.map((key) => signedBlock('ecdsa-p256', key, padded)),
      ),
    refused('image.signature-room'),
  );
});

test('a key or signature of another kind is refused', () => {
  const digest = imageDigest(padForSigning(image), 'rsa3072');
  const small = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  assert.throws(() => keyDigestOf('rsa3072', spkiOf(small)), refused('image.key'));
  // As many bytes as 3072 bits, but the top bit is not set.
  const short = generateKeyPairSync('rsa', { modulusLength: 3070 }).publicKey;
  assert.throws(() => keyDigestOf('rsa3072', spkiOf(short)), refused('image.key'));
  assert.throws(() => keyDigestOf('rsa3072', spkiOf(p256)), refused('image.key'));
  assert.throws(() => keyDigestOf('rsa3072', new Uint8Array(10)), refused('image.key'));
  assert.throws(() => keyDigestOf('ecdsa-p256', spkiOf(p384)), refused('image.key'));
  assert.throws(
    () =>
      buildSignatureBlock({ scheme: 'rsa3072', spki: spkiOf(rsa), imageDigest: digest, signature: new Uint8Array(64) }),
    refused('image.signature-size'),
  );
  assert.throws(
    () =>
      buildSignatureBlock({
        scheme: 'ecdsa-p384',
        spki: spkiOf(p384),
        imageDigest: digest,
        signature: new Uint8Array(96),
      }),
    refused('image.signature-size'),
  );
});

test('a file without a signature sector', () => {
  assert.equal(splitSigned(image), null);
  assert.equal(splitSigned(padForSigning(image)), null);
  assert.equal(splitSigned(new Uint8Array(4096)), null);
  const sector = buildSignatureSector([signedBlock('ecdsa-p256', p256, image)]);
  assert.equal(splitSigned(concat(image, sector)), null, 'a sector at no sector border');
  assert.equal(splitSigned(concat(padForSigning(image), sector))?.blocks.length, 1);
});
