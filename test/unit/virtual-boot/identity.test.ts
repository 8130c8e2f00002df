import assert from 'node:assert/strict';
import { createECDH, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { bytesOfWords, fromHex, reversed, toHex } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { keyBlockOf } from '../../../main/efuse/tables.ts';
import { buildDsContext, buildDsData, readRsaKey } from '../../../main/image/ds.ts';
import { buildSecureCert } from '../../../main/image/secure-cert.ts';
import type { Partition } from '../../../main/image/types.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { keyBytesOf } from '../../../main/recipe/steps/burn-keys.ts';
import { signatureFits } from '../../../main/recipe/steps/proof.ts';
import { newWorkspace } from '../../../main/recipe/steps/step.ts';
import { findIdentity } from '../../../main/virtual/boot/identity.ts';
import { vectorFile } from '../../vectors.ts';
import { testBoard } from './board.ts';

const challenge = Uint8Array.from({ length: 32 }, (_, i) => 0xc0 ^ i);
const spkiHex = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('hex');
const answerOf = (said: string) => {
  const [scheme, signature] = said.split(' ') as ['rsa-pkcs1', string];
  return { scheme, signature };
};

/** A P-384 scalar of the vectors in ecdsa_keys.json: 0102..30. */
const scalar = Uint8Array.from({ length: 48 }, (_, i) => i + 1);

function halves() {
  const workspace = newWorkspace();
  workspace.keys.set('ecdsa-identity', SecretBytes.adopt(scalar.slice()));
  const keys = keyBytesOf(workspace);
  const half = (part: 'high' | 'low') => keys('ecdsa-identity', part).use((bytes) => bytes.slice());
  return { high: half('high'), low: half('low') };
}

describe('a P-384 key in two blocks', () => {
  it('is what a device signs with once both halves are burned', () => {
    for (const [kind, revision] of [
      ['esp32p4', 301],
      ['esp32c5', 100],
    ] as const) {
      const board = testBoard(kind, revision);
      const { high, low } = halves();
      board.burnKey(2, 'ECDSA_KEY_P384_H', high);
      assert.equal(findIdentity(board.context, []), null, 'half a key is none');
      board.burnKey(4, 'ECDSA_KEY_P384_L', low);
      const identity = findIdentity(board.context, []);
      const ecdh = createECDH('secp384r1');
      ecdh.setPrivateKey(scalar);
      assert.equal(identity?.publicKey, ecdh.getPublicKey('hex'));
      const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
      const point = ecdh.getPublicKey();
      const jwk = { kty: 'EC', crv: 'P-384', x: b64(point.subarray(1, 49)), y: b64(point.subarray(49)) };
      const key = spkiHex(createPublicKey({ key: jwk, format: 'jwk' }));
      const answer = answerOf(identity.prove(challenge));
      assert.equal(answer.scheme, 'ecdsa-p384');
      assert.equal(signatureFits(answer, challenge, key), true);
      assert.equal(signatureFits(answer, reversed(challenge), key), false);
      assert.equal(signatureFits({ ...answer, scheme: 'ecdsa-p256' }, challenge, key), false);
    }
  });

  it('lies in its blocks as espefuse burns it', () => {
    const { vectors: all } = vectorFile<{
      vectors: { curve: string; scalar_be: string; block_H_bytes: string; block_L_bytes: string }[];
    }>('ecdsa_keys.json');
    const vector = all.find(({ curve }) => curve === 'P-384')!;
    assert.equal(toHex(scalar), vector.scalar_be);
    const board = testBoard('esp32p4', 301);
    const { high, low } = halves();
    board.burnKey(0, 'ECDSA_KEY_P384_H', high);
    board.burnKey(1, 'ECDSA_KEY_P384_L', low);
    const { efuse } = board.context;
    const block = (slot: number) => toHex(bytesOfWords(efuse.hardwareBlock(keyBlockOf(efuse.table, slot).number)));
    assert.deepEqual([block(0), block(1)], [vector.block_H_bytes, vector.block_L_bytes]);
  });
});

describe('an RSA key for the DS peripheral', () => {
  const partition: Partition = {
    name: 'esp_secure_cert',
    type: 0x3f,
    subtype: 6,
    offset: 0xd000,
    size: 0x2000,
    encrypted: true,
    readonly: false,
  };
  const hmacKey = Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  function boardWith(
    kind: ChipKind,
    revision: number,
    purpose: 'HMAC_DOWN_DIGITAL_SIGNATURE' | 'HMAC_UP' | 'HMAC_DOWN_ALL',
  ) {
    const board = testBoard(kind, revision);
    const key = readRsaKey(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs1' })));
    const data = buildDsData(key, SecretBytes.adopt(hmacKey.slice()), new Uint8Array(16).fill(7), kind);
    const list = buildSecureCert([
      { type: 'ds-data', data },
      { type: 'ds-context', data: buildDsContext(3, 2048) },
    ]);
    board.burnKey(3, purpose, hmacKey);
    board.flash.program(partition.offset, list);
    return board;
  }

  it('signs what verifies under the public key, on every chip that has the peripheral', () => {
    for (const [kind, revision] of [
      ['esp32p4', 103],
      ['esp32s2', 100],
      ['esp32s3', 2],
      ['esp32c3', 4],
      ['esp32c5', 100],
      ['esp32c6', 1],
      ['esp32h2', 102],
    ] as const) {
      const { context } = boardWith(kind, revision, 'HMAC_DOWN_DIGITAL_SIGNATURE');
      const identity = findIdentity(context, [partition]);
      assert.ok(identity, kind);
      const answer = answerOf(identity.prove(challenge));
      assert.equal(answer.scheme, 'rsa-pkcs1');
      assert.equal(signatureFits(answer, challenge, spkiHex(publicKey)), true);
      assert.equal(signatureFits({ ...answer, scheme: 'rsa-pss' }, challenge, spkiHex(publicKey)), false);
    }
  });

  it('is nothing under a key block for another purpose, and with parameters for another block', () => {
    assert.equal(findIdentity(boardWith('esp32s3', 2, 'HMAC_UP').context, [partition]), null);
    assert.ok(findIdentity(boardWith('esp32s3', 2, 'HMAC_DOWN_ALL').context, [partition]));
    const board = testBoard('esp32s3', 2);
    board.burnKey(3, 'HMAC_DOWN_DIGITAL_SIGNATURE', fromHex('55'.repeat(32)));
    board.flash.program(partition.offset, boardWith('esp32s3', 2, 'HMAC_UP').flash.read(partition.offset, 0x1000));
    assert.equal(findIdentity(board.context, [partition]), null);
  });
});
