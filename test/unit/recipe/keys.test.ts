import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRecipe } from '../../../main/config/recipe-schema.ts';
import { forRehearsal, keysOf } from '../../../main/recipe/making/token-keys.ts';

const file = join(import.meta.dirname, '../../../station-config/recipes/esp32p4-production.yaml');
const pin = 'ab'.repeat(32);
const { recipe } = parseRecipe(
  `${readFileSync(file, 'utf8')
    .replace(
      '    - label: secure-boot-1\n',
      `    - {label: one, public_key_sha256: ${pin}}\n    - {label: one, token: vault, id: '01'}\n    - {public_key: k.pem}\n`,
    )
    .replace('label: fuseline-wrapping', "label: fuseline-wrapping\n  id: 'ff'")}
ota: {manifest_key: {label: manifest, id: '02'}}
`,
  file,
);

test('the keys that the own token must have: not those of others, and none that are offline', () => {
  assert.deepEqual(
    keysOf(recipe!).map(({ ref, use, algorithm }) => `${ref.label} ${use} ${algorithm}`),
    [
      'one secure-boot rsa-3072',
      'device-ca device-ca ecdsa-p256',
      'manifest secure-boot ecdsa-p256',
      'fuseline-wrapping wrapping aes-256',
    ],
  );
});

test('a rehearsal has keys of its own for every name, each another one, and pins none', () => {
  const rehearsed = forRehearsal(recipe!);
  assert.deepEqual(rehearsed.secureBoot?.keys, [{ label: 'one' }, { label: 'vault one' }, { publicKey: 'k.pem' }]);
  assert.ok(keysOf(rehearsed).every(({ ref }) => ref.id === undefined && ref.publicKeySha256 === undefined));
  assert.equal(keysOf(rehearsed).length, 5);
});
