// What a module answers, in words that are true: full, busy, away, or simply refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOfModule } from '../../../main/signing/pkcs11/faults.ts';

const told = (ckr: string, stillThere = true) =>
  faultOfModule(new Error(ckr), { doing: "make the key 'x'", token: "Token 'line'", stillThere: () => stillThere });

test('each kind of trouble of a token has a code and a sentence of its own', () => {
  for (const [ckr, code, words] of [
    ['CKR_DEVICE_MEMORY', 'token.full', /no room for another object/],
    ['CKR_SESSION_COUNT', 'token.sessions', /allows no further session/],
    ['CKR_DEVICE_REMOVED', 'token.gone', /does not answer any more/],
    ['CKR_MECHANISM_INVALID', 'token.refused', /CKR_MECHANISM_INVALID/],
  ] as const) {
    const fault = told(ckr);
    assert.equal(fault.code, code);
    assert.match(fault.what, words);
    assert.match(fault.what, /^Token 'line'/);
  }
  // a single call that went wrong is no token that is away, unless it is
  assert.equal(told('CKR_GENERAL_ERROR').code, 'token.refused');
  assert.equal(told('CKR_GENERAL_ERROR', false).code, 'token.gone');
});
