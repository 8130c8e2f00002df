import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { seededRandom, systemRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import {
  decryptOta,
  encryptOtaForP256,
  encryptOtaForRsa,
  isEncryptedOta,
  otaDevicePoint,
  otaDeviceScalar,
  p256Spki,
} from '../../../main/image/encrypted-ota.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

const refused = (code: string) => (error: unknown) => isFault(error, code);
const hmacKey = () => SecretBytes.adopt(Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i));
const image = Uint8Array.from({ length: 70_001 }, (_, i) => (i * 31) & 0xff);
const spkiOf = (key: Parameters<typeof createPublicKey>[0]) =>
  new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }));
const device = () => ({ scheme: 'ecies-p256', scalar: otaDeviceScalar(hmacKey()) }) as const;

interface Vectors {
  plaintext_hex: string;
  rsa3072: { file_hex: string };
  ecc256: { device_public_pem: string; file_hex: string };
}

test('files of esp_encrypted_img open as they do on the device', () => {
  const { plaintext_hex: plain, rsa3072, ecc256 } = vectorFile<Vectors>('esp_encrypted_img.json');
  const { enc_img_ecies_device_scalar: scalar } = vectorFile<{
    enc_img_ecies_device_scalar: { private_scalar: string };
  }>('hmac.json');
  const key = device();
  key.scalar.use((bytes) => assert.equal(toHex(bytes), scalar.private_scalar));
  assert.deepEqual(p256Spki(otaDevicePoint(key.scalar)), spkiOf(ecc256.device_public_pem));
  assert.equal(toHex(decryptOta(fromHex(ecc256.file_hex), key)), plain);

  const privateKey = createPrivateKey(findPem(vectorFile<object>('secure_boot_v2.json')));
  assert.equal(toHex(decryptOta(fromHex(rsa3072.file_hex), { scheme: 'rsa3072', privateKey })), plain);
});

/** The RSA private key of the vectors, wherever in them it stands. */
function findPem(value: object): string {
  const found = Object.values(value).flatMap((member: unknown) =>
    typeof member === 'string' && /^-----BEGIN (RSA )?PRIVATE KEY/.test(member)
      ? [member]
      : typeof member === 'object' && member !== null
        ? [findPem(member)]
        : [],
  );
  return found.find((pem) => pem !== '' && createPrivateKey(pem).asymmetricKeyType === 'rsa') ?? '';
}

test('ECIES: what was encrypted for a device opens on it, and on no other', () => {
  const key = device();
  const file = encryptOtaForP256(image, p256Spki(otaDevicePoint(key.scalar)), systemRandom);
  assert.equal(toHex(file.subarray(0, 4)), 'cfb68807');
  assert.equal(toHex(file.subarray(404, 408)), '71110100');
  assert.ok(file.subarray(100, 388).every((byte) => byte === 0) && file.subarray(424, 512).every((byte) => byte === 0));
  assert.deepEqual(decryptOta(file, key), image);
  const other = { scheme: 'ecies-p256', scalar: otaDeviceScalar(SecretBytes.adopt(new Uint8Array(32))) } as const;
  assert.throws(() => decryptOta(file, other), refused('image.ota-sealed'));
  assert.notDeepEqual(encryptOtaForP256(image, p256Spki(otaDevicePoint(key.scalar)), systemRandom), file);
});

test('ECIES takes what the random source gives and nothing else', () => {
  const spki = p256Spki(otaDevicePoint(device().scalar));
  const once = encryptOtaForP256(image, spki, seededRandom(1));
  assert.deepEqual(encryptOtaForP256(image, spki, seededRandom(1)), once);
  // A draw that is no scalar is drawn again.
  let draws = 0;
  const random = seededRandom(2);
  const zeroFirst = (length: number) => (draws++ === 0 ? new Uint8Array(length) : random(length));
  assert.deepEqual(decryptOta(encryptOtaForP256(image, spki, zeroFirst), device()), image);
  assert.equal(draws, 4);
});

test('RSA: what was encrypted opens with the private key, and with no other', () => {
  const [ours, other] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey) as [
    ReturnType<typeof createPrivateKey>,
    ReturnType<typeof createPrivateKey>,
  ];
  const file = encryptOtaForRsa(image, spkiOf(ours), systemRandom);
  assert.deepEqual(decryptOta(file, { scheme: 'rsa3072', privateKey: ours }), image);
  assert.throws(() => decryptOta(file, { scheme: 'rsa3072', privateKey: other }), refused('image.ota-sealed'));
});

test('any changed byte that counts is noticed', () => {
  const key = device();
  const file = encryptOtaForP256(image, p256Spki(otaDevicePoint(key.scalar)), systemRandom);
  for (const at of [10, 70, 390, 410, 512, file.length - 1]) {
    const bad = file.slice();
    bad[at]! ^= 1;
    assert.throws(() => decryptOta(bad, key), refused('image.ota-sealed'), `byte ${at}`);
  }
  for (const at of [0, 404]) {
    const bad = file.slice();
    bad[at]! ^= 1;
    assert.throws(() => decryptOta(bad, key), refused('image.ota-format'), `byte ${at}`);
  }
  assert.ok(isEncryptedOta(file));
  assert.throws(() => decryptOta(file.subarray(0, -1), key), refused('image.ota-format'));
  assert.throws(() => decryptOta(file.subarray(0, 100), key), refused('image.ota-format'));
});

test('keys of other kinds are refused', () => {
  const rsa = spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  const p384 = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey);
  for (const spki of [rsa, p384, new Uint8Array(5)]) {
    assert.throws(() => encryptOtaForRsa(image, spki, systemRandom), refused('image.ota-key'));
    assert.throws(() => encryptOtaForP256(image, spki, systemRandom), refused('image.ota-key'));
  }
  assert.throws(() => otaDevicePoint(SecretBytes.adopt(new Uint8Array(32))), refused('image.ota-scalar'));
  assert.throws(() => p256Spki(new Uint8Array(65)), RangeError);
});
