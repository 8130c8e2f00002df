import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { groupPrime } from '../../../main/formats/srp6a.ts';
import { beginSrpSession } from '../../../main/formats/srp6a-device.ts';
import { vectorFile } from '../../vectors.ts';

interface Vectors {
  readonly vectors: readonly { username: string; salt: string; verifier: string }[];
  readonly session_check: Readonly<Record<'a' | 'b' | 'A' | 'B' | 'K' | 'client_proof_M1' | 'device_proof_M2', string>>;
}

test("the device's side of a session of ESP-IDF's example, number by number", () => {
  const { vectors: all, session_check: check } = vectorFile<Vectors>('srp6a.json');
  const { username, salt, verifier } = all[0]!;
  const session = beginSrpSession(username, fromHex(salt), fromHex(verifier), fromHex(check.A), fromHex(check.b))!;
  assert.equal(toHex(session.publicKey), check.B);
  const proven = session.prove(fromHex(check.client_proof_M1))!;
  assert.deepEqual([toHex(proven.proof), toHex(proven.key)], [check.device_proof_M2, check.K]);
  const wrong = fromHex(check.client_proof_M1);
  wrong[63]! ^= 1;
  assert.equal(session.prove(wrong), null);
  assert.equal(session.prove(new Uint8Array(0)), null);
});

test('a client that sends a multiple of N, to fix the key without the password, is not answered', () => {
  const bytes = (length: number) => new Uint8Array(length).fill(7);
  assert.equal(beginSrpSession('u', bytes(16), bytes(384), new Uint8Array(384), bytes(32)), null);
  assert.equal(beginSrpSession('u', bytes(16), bytes(384), fromHex(groupPrime), bytes(32)), null);
});
