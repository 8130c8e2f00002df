import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, textOf, toHex, utf8 } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import {
  proofOfPossession,
  provisioningPayload,
  serviceName,
  srpCredentials,
  srpRefusal,
} from '../../../main/formats/srp6a.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

const secret = (text: string) => SecretBytes.adopt(utf8(text));
const textFrom = (bytes: SecretBytes) => bytes.use(textOf);

// SRP6a by RFC 5054 and RFC 2945, written from them for this test: client and host, with what Security 2 leaves open (SHA-512, proofs).
// The 3072-bit group of RFC 3526: 2^3072 - 2^3008 - 1 + 2^64 * ([2^2942 pi] + 1690314), g = 5 by RFC 5054.
const N = (() => {
  // pi by Machin's formula, in 2^-2960 units: digits enough for the group
  const one = 1n << 3000n;
  const arctan = (x: bigint) => {
    let sum = 0n;
    let term = one / x;
    for (let i = 1n; term > 0n; i += 2n) {
      sum += (i & 2n) === 0n ? term / i : -(term / i);
      term /= x * x;
    }
    return sum;
  };
  const pi = 4n * (4n * arctan(5n) - arctan(239n));
  return (1n << 3072n) - (1n << 3008n) - 1n + (1n << 64n) * ((pi >> (3000n - 2942n)) + 1690314n);
})();
const g = 5n;
const big = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);
const pad = (value: bigint, bytes = 384) => fromHex(value.toString(16).padStart(2 * bytes, '0'));
const hash = (...parts: Uint8Array[]) =>
  new Uint8Array(
    createHash('sha512')
      .update(concat(...parts))
      .digest(),
  );
const power = (base: bigint, exponent: bigint) => {
  let result = 1n;
  let square = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
};
const k = big(hash(pad(N), pad(g)));
const scramble = (A: bigint, B: bigint) => big(hash(pad(A), pad(B)));
const mixed = hash(pad(N)).map((byte, i) => byte ^ hash(pad(g))[i]!);
const proofs = (username: string, salt: Uint8Array, A: bigint, B: bigint, K: Uint8Array) => {
  const first = hash(mixed, hash(utf8(username)), salt, pad(A), pad(B), K);
  return { first, second: hash(pad(A), first, K) };
};

function clientKey(username: string, password: string, salt: Uint8Array, a: bigint, B: bigint): Uint8Array {
  const x = big(hash(salt, hash(utf8(`${username}:${password}`))));
  const u = scramble(power(g, a), B);
  return hash(pad(power((((B - k * power(g, x)) % N) + N) % N, a + u * x)));
}

/** The device: it has salt and verifier, nothing else. */
function deviceKey(verifier: Uint8Array, b: bigint, A: bigint): { readonly B: bigint; readonly K: Uint8Array } {
  const v = big(verifier);
  const B = (k * v + power(g, b)) % N;
  return { B, K: hash(pad(power(A * power(v, scramble(A, B)), b))) };
}

interface Vectors {
  N_hex: string;
  vectors: { username: string; password: string; salt: string; verifier: string }[];
  session_check: {
    a: string;
    b: string;
    A: string;
    B: string;
    K: string;
    client_proof_M1: string;
    device_proof_M2: string;
  };
}

test("verifiers of ESP-IDF's example, and a session with them as it was recorded", () => {
  const { N_hex, vectors: all, session_check: session } = vectorFile<Vectors>('srp6a.json');
  assert.equal(N.toString(16), N_hex);
  for (const { username, password, salt, verifier } of all)
    srpCredentials(username, secret(password), fromHex(salt)).verifier.use((bytes) =>
      assert.equal(toHex(bytes), verifier),
    );
  const { username, password, salt } = all[0]!;
  const stored = srpCredentials(username, secret(password), fromHex(salt));
  const A = power(g, big(fromHex(session.a)));
  const { B, K } = stored.verifier.use((bytes) => deviceKey(bytes, big(fromHex(session.b)), A));
  assert.equal(A.toString(16), session.A);
  assert.equal(B.toString(16), session.B);
  assert.equal(toHex(K), session.K);
  const { first, second } = proofs(username, fromHex(salt), A, B, K);
  assert.deepEqual([toHex(first), toHex(second)], [session.client_proof_M1, session.device_proof_M2]);
});

test('whoever knows the password comes to the same key as the device that has salt and verifier, others do not', () => {
  const password = textFrom(proofOfPossession(SecretBytes.adopt(new Uint8Array(randomBytes(10)))));
  const salt = new Uint8Array(randomBytes(16)).fill(7, 0, 1);
  const username = srpRefusal('fuseline', secret(password), salt) === null ? 'fuseline' : 'other';
  const { verifier } = srpCredentials(username, secret(password), salt);
  const [a, b] = [big(randomBytes(32)), big(randomBytes(32))];
  const { B, K } = verifier.use((bytes) => deviceKey(bytes, b, power(g, a)));
  assert.deepEqual(clientKey(username, password, salt, a, B), K);
  assert.notDeepEqual(clientKey(username, `${password}!`, salt, a, B), K);
  assert.notDeepEqual(clientKey('somebody', password, salt, a, B), K);
});

test('credentials on which client and device would not agree are refused', () => {
  const salt = new Uint8Array(16).fill(1);
  const refusal = (username: string, password: string, bytes = salt) => srpRefusal(username, secret(password), bytes);
  assert.equal(refusal('user', 'password'), null);
  assert.match(refusal('user', 'password', new Uint8Array(16)) ?? '', /zero byte/);
  assert.match(refusal('user', 'password', new Uint8Array(15).fill(1)) ?? '', /15 bytes/);
  assert.match(refusal('a:b', 'password') ?? '', /colon/);
  assert.match(refusal('user', 'pass\nword') ?? '', /control/);
  assert.match(refusal('user', 'short') ?? '', /fewer than 8/);
  // 1 of 256 passwords hashes to a zero first byte: one is soon found
  const unlucky = Array.from({ length: 5000 }, (_, i) => `password${i}`).find(
    (password) => createHash('sha512').update(`user:${password}`).digest()[0] === 0,
  );
  assert.ok(unlucky);
  assert.match(refusal('user', unlucky) ?? '', /hash begins with a zero/);
  assert.throws(
    () => srpCredentials('user', secret(unlucky), salt),
    (error) => isFault(error, 'image.srp-credentials') && !error.what.includes(unlucky),
  );
});

test('a proof of possession takes five bits a character', () => {
  // 10 bytes: 00000 00001 00010 ... 01111
  const bits = Array.from({ length: 16 }, (_, i) => i.toString(2).padStart(5, '0')).join('');
  const entropy = Uint8Array.from({ length: 10 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2));
  assert.equal(textFrom(proofOfPossession(SecretBytes.adopt(entropy))), '0123456789abcdef');
  assert.equal(proofOfPossession(SecretBytes.adopt(new Uint8Array(20))).length, 32);
  assert.throws(() => proofOfPossession(SecretBytes.adopt(new Uint8Array(9))), RangeError);
});

test("the QR code holds what Espressif's apps read, without blanks", () => {
  const payload = provisioningPayload('PROV_A1B2C3', 'wifiprov', secret('abcd"234'), 'ble');
  assert.equal(
    textFrom(payload),
    '{"ver":"v1","name":"PROV_A1B2C3","username":"wifiprov","pop":"abcd\\"234","transport":"ble"}',
  );
  assert.throws(
    () => provisioningPayload('x'.repeat(100), 'user', secret('password'), 'softap'),
    (error) => isFault(error, 'image.srp-qr'),
  );
  assert.equal(serviceName('30:ed:a0:a1:b2:c3'), 'PROV_A1B2C3');
});
