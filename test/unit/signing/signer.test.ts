import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { serialize } from 'node:v8';
import { fromHex, isFilledWith } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { Signer, SignScheme, TokenKey } from '../../../main/signing/signer.ts';
import { isRunning, openSoftToken, temporaryFolder, WatchedLaunch, withoutSoftHsm } from './soft-token.ts';

const skip = withoutSoftHsm;
const home = temporaryFolder();
const folder = join(home.path, 'token');
const watched = new WatchedLaunch();
let signer: Signer;
let keys: { rsa: TokenKey; p256: TokenKey; p384: TokenKey; wrapping: TokenKey };

before(async () => {
  if (skip) return;
  signer = await openSoftToken(folder, watched.launch);
  keys = {
    rsa: await signer.generateKey({ label: 'secure-boot-0', use: 'secure-boot', algorithm: 'rsa-3072' }),
    p256: await signer.generateKey({ label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' }),
    p384: await signer.generateKey({ label: 'root-ca', use: 'device-ca', algorithm: 'ecdsa-p384' }),
    wrapping: await signer.generateKey({ label: 'recovery', use: 'wrapping', algorithm: 'aes-256' }),
  };
});
after(async () => {
  if (!skip) await signer.close();
  home.remove();
});

const message = Buffer.from('the signed half of an image');
const digestOf = (name: string, of: Uint8Array = message) => new Uint8Array(createHash(name).update(of).digest());
const keyObject = (key: TokenKey) => createPublicKey({ key: Buffer.from(key.spki!), format: 'der', type: 'spki' });

test('the first start makes a private store: folder 0700, PINs 0600, one token', { skip }, () => {
  assert.deepEqual(readdirSync(folder).sort(), ['pin', 'so-pin', 'softhsm2.conf', 'tokens']);
  assert.equal(readdirSync(join(folder, 'tokens')).length, 1);
  assert.deepEqual(readdirSync(home.path), ['token'], 'no draft is left beside it');
  if (process.platform === 'win32') return;
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of ['pin', 'so-pin']) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
});

test('keys are sensitive, not extractable, and say what they are for', { skip }, async () => {
  const listed = await signer.keys();
  assert.deepEqual(
    listed.map(({ label, algorithm, use, extractable, sensitive }) => ({
      label,
      algorithm,
      use,
      extractable,
      sensitive,
    })),
    [
      { label: 'device-ca', algorithm: 'ecdsa-p256', use: 'device-ca', extractable: false, sensitive: true },
      { label: 'recovery', algorithm: 'aes-256', use: 'wrapping', extractable: false, sensitive: true },
      { label: 'root-ca', algorithm: 'ecdsa-p384', use: 'device-ca', extractable: false, sensitive: true },
      { label: 'secure-boot-0', algorithm: 'rsa-3072', use: 'secure-boot', extractable: false, sensitive: true },
    ],
  );
  assert.equal(new Set(listed.map(({ id }) => id)).size, 4);
});

test('signatures are those that OpenSSL verifies', { skip }, async () => {
  const pss = await signer.sign({ label: 'secure-boot-0' }, 'rsa-pss-sha256', digestOf('sha256'));
  assert.equal(pss.length, 384);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  assert.ok(verify('sha256', message, { key: keyObject(keys.rsa), ...padding }, pss));
  for (const [key, hash, length] of [
    [keys.p256, 'sha256', 64],
    [keys.p384, 'sha384', 96],
    [keys.p384, 'sha256', 96],
  ] as const) {
    const signature = await signer.sign({ label: key.label }, 'ecdsa', digestOf(hash));
    assert.equal(signature.length, length);
    assert.ok(verify(hash, message, { key: keyObject(key), dsaEncoding: 'ieee-p1363' }, signature));
  }
});

test('a key of the wrong kind, or a digest of the wrong length, is not signed with', { skip }, async () => {
  const wrong: [string, SignScheme, number, string][] = [
    ['device-ca', 'rsa-pss-sha256', 32, 'token.refused'],
    ['secure-boot-0', 'ecdsa', 32, 'token.refused'],
    ['recovery', 'ecdsa', 32, 'token.refused'],
    ['device-ca', 'ecdsa', 48, 'program.token-call'],
    ['secure-boot-0', 'rsa-pss-sha256', 48, 'program.token-call'],
  ];
  for (const [label, scheme, length, code] of wrong)
    await assert.rejects(signer.sign({ label }, scheme, new Uint8Array(length)), (fault) => isFault(fault, code));
});

test('exactly one key: label, id and public key must all fit', { skip }, async () => {
  const { label, id, publicKeySha256 } = keys.p256;
  assert.equal((await signer.findKey({ label, id, publicKeySha256: publicKeySha256! })).id, id);
  await assert.rejects(signer.findKey({ label: 'nowhere' }), (fault) => {
    assert.ok(isFault(fault, 'token.no-key'));
    assert.match(fault.what, /'nowhere'.*'device-ca', 'recovery', 'root-ca', 'secure-boot-0'/);
    return true;
  });
  for (const other of [{ id: keys.p384.id }, { publicKeySha256: keys.p384.publicKeySha256! }])
    await assert.rejects(signer.findKey({ label, ...other }), (fault) => {
      assert.ok(isFault(fault, 'token.no-key'));
      assert.match(fault.what, /another one/);
      return true;
    });
});

test('a label that is taken is not given twice, and an empty one never', { skip }, async () => {
  for (const label of ['device-ca', '', 'a\nb'])
    await assert.rejects(signer.generateKey({ label, use: 'device-ca', algorithm: 'ecdsa-p256' }), (fault) =>
      isFault(fault, 'token.label'),
    );
  assert.equal((await signer.keys()).length, 4);
});

test('a key is made of a kind that can do its work', { skip }, async () => {
  for (const [use, algorithm] of [
    ['wrapping', 'rsa-3072'],
    ['secure-boot', 'aes-256'],
    ['device-ca', 'aes-256'],
  ] as const)
    await assert.rejects(signer.generateKey({ label: 'new', use, algorithm }), (fault) =>
      isFault(fault, 'program.key-use'),
    );
  assert.ok(!(await signer.keys()).some(({ label }) => label === 'new'));
});

test('random bytes of the token differ, and come as secrets', { skip }, async () => {
  const [one, two] = [await signer.random(64), await signer.random(64)];
  assert.equal(one.length, 64);
  assert.equal(
    one.use((bytes) => isFilledWith(bytes, 0)),
    false,
  );
  assert.notEqual(one.fingerprint(), two.fingerprint());
});

test('a key wrapped under the token comes back, and only as it was', { skip }, async () => {
  for (const length of [8, 16, 24, 32, 48, 64]) {
    const secret = await signer.random(length);
    const wrapped = await signer.wrap({ label: 'recovery' }, secret);
    assert.equal(wrapped.wrappingKeyId, keys.wrapping.id);
    assert.equal(Buffer.from(wrapped.data, 'base64').length, 8 + length);
    const back = await signer.unwrap({ label: 'recovery' }, wrapped);
    assert.ok(back.use((a) => secret.use((b) => Buffer.compare(a, b) === 0)));
  }
  // SoftHSM would give these back with their padding
  for (const length of [1, 5, 33])
    await assert.rejects(signer.wrap({ label: 'recovery' }, await signer.random(length)), (fault) =>
      isFault(fault, 'program.token-call'),
    );
  const wrapped = await signer.wrap({ label: 'recovery' }, await signer.random(32));
  const bytes = Buffer.from(wrapped.data, 'base64');
  bytes[9]! ^= 1;
  const changed = { ...wrapped, data: bytes.toString('base64') };
  // the module says CKR_GENERAL_ERROR here, as it does when the token is away: it must not be taken for that
  await assert.rejects(signer.unwrap({ label: 'recovery' }, changed), (fault) => isFault(fault, 'token.refused'));
  const foreign = { ...wrapped, wrappingKeyId: '00' };
  await assert.rejects(signer.unwrap({ label: 'recovery' }, foreign), (fault) => isFault(fault, 'token.no-key'));
  await assert.rejects(signer.wrap({ label: 'device-ca' }, await signer.random(32)), (fault) =>
    isFault(fault, 'token.refused'),
  );
});

test('two hundred calls at once answer in order', { skip }, async () => {
  const order: number[] = [];
  const digests = Array.from({ length: 200 }, (_, i) => digestOf('sha256', Uint8Array.of(i)));
  const signatures = await Promise.all(
    digests.map(async (digest, i) => {
      const signature = await signer.sign({ label: 'secure-boot-0' }, 'rsa-pss-sha256', digest);
      order.push(i);
      return signature;
    }),
  );
  assert.deepEqual(
    order,
    digests.map((_, i) => i),
  );
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  signatures.forEach((signature, i) => {
    assert.ok(verify('sha256', Uint8Array.of(i), { key: keyObject(keys.rsa), ...padding }, signature));
  });
});

test('status tells who the token is and that it really signs', { skip }, async () => {
  const status = await signer.status();
  assert.equal(status.label, 'fuseline');
  assert.match(status.serial, /^[0-9a-f]{16}$/);
  assert.equal(status.healthy, true);
  assert.equal(status.pinCountLow, false);
  assert.ok(status.signMs! > 0);
});

test('neither PIN nor random bytes nor keys are seen on the line, in arguments or environment', { skip }, async () => {
  const secrets: Buffer[] = [readFileSync(join(folder, 'pin')), readFileSync(join(folder, 'so-pin'))];
  const random = await signer.random(64);
  random.use((bytes) => secrets.push(Buffer.from(bytes.subarray(0, 16)), Buffer.from(bytes.subarray(48))));
  const known = SecretBytes.adopt(fromHex('00112233445566778899aabbccddeeff'.repeat(2)));
  const back = await signer.unwrap({ label: 'recovery' }, await signer.wrap({ label: 'recovery' }, known));
  back.use((bytes) => secrets.push(Buffer.from(bytes.subarray(0, 16))));
  const line = Buffer.concat(watched.messages.map((message) => serialize(message)));
  assert.ok(line.includes(Buffer.from('secure-boot-0')), 'the ear hears what is in clear');
  const places = [line];
  for (const name of ['cmdline', 'environ']) {
    const path = `/proc/${watched.last.pid}/${name}`;
    if (existsSync(path)) places.push(readFileSync(path));
  }
  for (const place of places)
    for (const secret of secrets) {
      assert.equal(place.includes(secret), false);
      assert.equal(place.includes(secret.toString('hex')), false);
    }
});

test('the store is found again later, with the same token and keys, and no process outlives close', {
  skip,
}, async () => {
  const other = new WatchedLaunch();
  const again = await openSoftToken(folder, other.launch);
  assert.equal((await again.findKey({ label: 'device-ca' })).publicKeySha256, keys.p256.publicKeySha256);
  assert.equal((await again.status()).serial, (await signer.status()).serial);
  const pid = other.last.pid!;
  const waiting = Array.from({ length: 3 }, () => again.sign({ label: 'device-ca' }, 'ecdsa', new Uint8Array(32)));
  const [settled] = await Promise.all([Promise.allSettled(waiting), again.close()]);
  for (const one of settled) assert.ok(one.status === 'fulfilled' || isFault(one.reason, 'token.closed'));
  await assert.rejects(again.keys(), (fault) => isFault(fault, 'token.closed'));
  await again.close();
  assert.equal(other.ended, other.lines.length);
  assert.equal(isRunning(pid), false);
});

test('two first starts at the same moment end with one token', { skip }, async () => {
  const place = join(home.path, 'raced');
  const both = await Promise.all([openSoftToken(place), openSoftToken(place)]);
  const serials = await Promise.all(both.map(async (one) => (await one.status()).serial));
  await Promise.all(both.map((one) => one.close()));
  assert.equal(serials[0], serials[1]);
  assert.equal(readdirSync(join(place, 'tokens')).length, 1);
});
