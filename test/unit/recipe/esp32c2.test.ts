// What the ESP32-C2 lacks, told with the chip's reasons long before a board is in.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRecipeText } from '../../../main/recipe/load.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');
const read = (name: string) => readFileSync(join(recipes, `${name}.yaml`), 'utf8');

/** Errors of a shipped recipe in which one piece of text was put in the place of another. */
function errorsOf(from: string, to: string, name = 'esp32c2-production') {
  const text = read(name);
  assert.ok(text.includes(from));
  const { findings } = loadRecipeText(text.replace(from, to), join(recipes, `${name}.yaml`));
  return findings.filter(({ severity }) => severity === 'error');
}

const more = (lines: string) => [`doors:\n`, `${lines}\ndoors:\n`] as const;

test('the shipped recipe is accepted, with and without numbers of slots', () => {
  assert.deepEqual(errorsOf('revision: 1', 'revision: 2'), []);
  assert.deepEqual(errorsOf(...more('slots: { flash-encryption: 0, secure-boot-digest-0: 0 }')), []);
});

for (const [what, [from, to], check, path, reason] of [
  ['RSA', ['ecdsa-p256', 'rsa3072'], 'secure-boot-scheme', 'secure_boot.scheme', /no Secure Boot V2 with rsa3072/],
  [
    'flash keys of 512 bits',
    ['xts-aes-128-derived', 'xts-aes-256'],
    'flash-encryption-key',
    'flash_encryption.key',
    /./,
  ],
  [
    'room for a digest beside a flash key of 256 bits',
    ['xts-aes-128-derived', 'xts-aes-128'],
    'flash-encryption-key',
    'flash_encryption.key',
    /fills the one key block of the ESP32-C2/,
  ],
  [
    'a second digest',
    ['    - label: secure-boot-p256-1', '    - label: secure-boot-p256-1\n    - label: secure-boot-p256-2'],
    'secure-boot-digests',
    'secure_boot.keys',
    /room for one Secure Boot digest/,
  ],
  [
    'revocation',
    ['secure_boot:\n', 'secure_boot:\n  aggressive_revocation: true\n'],
    'secure-boot-revocation',
    'secure_boot.aggressive_revocation',
    /cannot revoke/,
  ],
  ['HMAC', more('hmac_up: true'), 'hmac', 'hmac_up', /no HMAC peripheral/],
  ['a second key block', more('slots: { flash-encryption: 1 }'), 'efuse.no-such-slot', 'slots', /no key slot 1/],
  ['an anti-rollback floor of 5', more('secure_version: 5'), 'secure-version-range', 'secure_version', /4 bits/],
] as const)
  test(what, () => {
    const found = errorsOf(from, to).find((finding) => finding.check === check);
    assert.match(found?.what ?? '', reason);
    assert.equal(found?.path, path);
  });

test('what marks the form of the flash key is not burned by name', () => {
  const codes = errorsOf(...more('efuses: { XTS_KEY_LENGTH_256: 1 }')).map(({ check }) => check);
  assert.deepEqual(codes, ['efuse.not-by-name']);
});

test('a flash key of 256 bits is accepted where no digest has to stand beside it', () => {
  const sections = /secure_boot:[\s\S]*key: xts-aes-128-derived/.exec(read('esp32c2-production'))![0];
  const errors = errorsOf(sections, 'flash_encryption:\n  key: xts-aes-128');
  assert.deepEqual(
    errors.map(({ check }) => check),
    ['no-secure-boot'],
  );
});

test('other chips have no derived flash key', () => {
  const [first] = errorsOf('key: xts-aes-128', 'key: xts-aes-128-derived', 'esp32c3-production');
  assert.equal(first!.check, 'flash-encryption-key');
  assert.match(first!.what, /The ESP32-C3 cannot encrypt its flash with xts-aes-128-derived/);
});
