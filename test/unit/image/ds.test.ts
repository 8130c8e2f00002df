import assert from 'node:assert/strict';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, toHex } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { buildDsContext, buildDsData, type DsParameters, openDsData, readRsaKey } from '../../../main/image/ds.ts';
import { buildSecureCert, parseSecureCert, tlvBytes } from '../../../main/image/secure-cert.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const refused = (code: string) => (error: unknown) => isFault(error, code);
const hmacKey = () => SecretBytes.adopt(Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i));
const iv = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const newKey = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const keyOf = (pem: ReturnType<typeof newKey>) =>
  readRsaKey(new Uint8Array(pem.export({ format: 'der', type: 'pkcs1' })));

interface Vector {
  chip: ChipKind;
  rsa_bits: number;
  hmac_key: string;
  iv: string;
  pem: string;
  d_be: string;
  rb_be: string;
  m_prime: string;
  C: string;
  C_sha256: string;
}

/** Z = X^Y mod M over the numbers that the peripheral decrypted, nothing else. */
function signatureBy({ modulus, exponent, bits }: DsParameters, digest: Uint8Array): Uint8Array {
  // EMSA-PKCS1-v1_5 (RFC 8017, 9.2) of SHA-256
  const info = concat(fromHex('3031300d060960864801650304020105000420'), digest);
  const filler = new Uint8Array(bits / 8 - 3 - info.length).fill(0xff);
  const big = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);
  const n = big(modulus);
  let base = big(concat(Uint8Array.of(0, 1), filler, Uint8Array.of(0), info));
  let result = 1n;
  for (let rest = exponent.use(big); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * base) % n;
    base = (base * base) % n;
  }
  return fromHex(result.toString(16).padStart(bits / 4, '0'));
}

test('the parameters of esp_secure_cert_mgr, byte for byte', () => {
  const all = vectorFile<{ vectors: Vector[] }>('ds.json').vectors;
  assert.equal(all.length, 5);
  for (const vector of all) {
    const key = keyOf(createPrivateKey(vector.pem));
    const secret = SecretBytes.adopt(fromHex(vector.hmac_key));
    const data = buildDsData(key, secret, fromHex(vector.iv), vector.chip);
    const cipher = data.subarray(20);
    assert.equal(sha256(cipher), vector.C_sha256);
    assert.equal(toHex(cipher), vector.C);
    assert.equal(toHex(data.subarray(0, 20)), `${(vector.rsa_bits / 32 - 1).toString(16)}000000${vector.iv}`);

    const opened = openDsData(data, secret, vector.chip);
    assert.equal(toHex(opened.rb), vector.rb_be);
    assert.equal(opened.mPrime, Number(`0x${vector.m_prime}`));
    opened.exponent.use((d) => assert.equal(toHex(d), vector.d_be.padStart(2 * d.length, '0')));
  }
});

test('DS data and context as entries of the certificate partition', () => {
  const vector = vectorFile<{ vectors: Vector[] }>('ds.json').vectors[0]!;
  const data = buildDsData(keyOf(createPrivateKey(vector.pem)), hmacKey(), iv, 'esp32p4');
  // esp_secure_cert_tlv.json: DS data of this vector, and the context of key id 4 and RSA-2048
  assert.equal(
    sha256(tlvBytes({ type: 3, subtype: 0, flags: 0, data })),
    'f3f6998d24158f9a7e8a4504acb579b676ad51fa5880cffe982b18e6d61a0d30',
  );
  const context = buildDsContext(4, 2048);
  assert.equal(
    toHex(tlvBytes({ type: 4, subtype: 0, flags: 0, data: context })),
    '11ba5eba0000000004000800000000000400000800000000000000002163479a',
  );
  const list = buildSecureCert([
    { type: 'ds-context', data: context },
    { type: 'ds-data', data },
  ]);
  assert.deepEqual(
    parseSecureCert(list).map((tlv) => tlv.data),
    [data, context],
  );
});

for (const [chip, bits] of [
  ['esp32p4', 2048],
  ['esp32c3', 3072],
] as const)
  test(`${chip}, RSA-${bits}: what it decrypts signs as the key did`, () => {
    const privateKey = newKey(bits);
    const message = new TextEncoder().encode('a challenge');
    const opened = openDsData(buildDsData(keyOf(privateKey), hmacKey(), iv, chip), hmacKey(), chip);
    const digest = new Uint8Array(createHash('sha256').update(message).digest());
    assert.equal(toHex(signatureBy(opened, digest)), sign('sha256', message, privateKey).toString('hex'));
    assert.equal(createPublicKey(privateKey).asymmetricKeyDetails?.modulusLength, opened.bits);
  });

test('parameters of another key block, another chip, or with any damage are refused', () => {
  const data = buildDsData(keyOf(newKey(2048)), hmacKey(), iv, 'esp32c3');
  const other = SecretBytes.adopt(new Uint8Array(32));
  assert.throws(() => openDsData(data, other, 'esp32c3'), refused('image.ds-parameters'));
  assert.throws(() => openDsData(data, hmacKey(), 'esp32p4'), refused('image.ds-size'));
  for (const at of [0, 4, 20, 700, 1219]) {
    const bad = data.slice();
    bad[at]! ^= 1;
    assert.throws(() => openDsData(bad, hmacKey(), 'esp32c3'), refused('image.ds-parameters'), `byte ${at}`);
  }
});

test('numbers that do not belong to the modulus are refused, though their digest fits', () => {
  const data = buildDsData(keyOf(newKey(2048)), hmacKey(), iv, 'esp32c3');
  const key = createHmac(
    'sha256',
    hmacKey().use((bytes) => bytes.slice()),
  )
    .update(new Uint8Array(32).fill(0xff))
    .digest();
  const open = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  const plain = new Uint8Array(open.update(data.subarray(20)));
  // 1152 bytes of Y, M and Rb, then the digest, then M' and the length
  for (const at of [768, 1184]) {
    const changed = plain.slice();
    changed[at]! ^= 2;
    const digest = createHash('sha256')
      .update(changed.subarray(0, 1152))
      .update(changed.subarray(1184, 1192))
      .update(iv);
    changed.set(digest.digest(), 1152);
    const sealed = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(changed);
    const bad = concat(data.subarray(0, 20), sealed);
    assert.throws(() => openDsData(bad, hmacKey(), 'esp32c3'), refused('image.ds-parameters'), `byte ${at}`);
  }
});

test('keys that the peripheral does not take', () => {
  const key = (bits: number) => ({
    modulus: new Uint8Array(bits / 8).fill(0xc1),
    exponent: SecretBytes.adopt(new Uint8Array(bits / 8).fill(1)),
  });
  for (const [chip, bits] of [
    ['esp32c3', 4096],
    ['esp32p4', 1024],
    ['esp32p4', 2056],
  ] as const)
    assert.throws(() => buildDsData(key(bits), hmacKey(), iv, chip), refused('image.ds-key'));
  assert.throws(() => buildDsData(key(2048), hmacKey(), iv, 'esp32c61'), refused('image.ds-chip'));
  assert.throws(() => buildDsData(key(2048), hmacKey(), iv.subarray(1), 'esp32p4'), RangeError);
  assert.throws(() => buildDsContext(6, 2048), RangeError);
  assert.throws(() => buildDsContext(1, 1000), RangeError);
  for (const bad of [new Uint8Array(), fromHex('3080'), fromHex('30820100'), fromHex('0203010001')])
    assert.throws(() => readRsaKey(bad), refused('image.ds-key'));
});
