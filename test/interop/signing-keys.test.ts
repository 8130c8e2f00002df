// A release signed by keys of two tokens and by an offline key whose owner signs with espsecure; espsecure judges each signature.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRecipe } from '../../main/recipe/load.ts';
import { buildRelease } from '../../main/recipe/making/release.ts';
import { pemOf } from '../../main/signing/pem.ts';
import { TokenRing } from '../../main/signing/token-ring.ts';
import { openSoftToken, withoutSoftHsm } from '../unit/signing/soft-token.ts';
import { judging } from './espressif-tools.ts';

const { folder, skip, judges, file } = await judging();
const repository = join(import.meta.dirname, '../..');
const waivers = [{ check: 'secure-boot-ecdsa', reason: 'quick keys for a test' }];

test('three signatures of a release, one made by espsecure itself, verify one by one', {
  skip: skip || withoutSoftHsm,
}, async () => {
  const build = join(folder, 'build');
  cpSync(join(repository, 'station-config/firmware/esp32p4-v3'), build, { recursive: true });
  const [secret, open] = [join(folder, 'offline-key.pem'), join(folder, 'offline.pem')];
  await judges.pass('espsecure', 'generate-signing-key', '--version', '2', '--scheme', 'ecdsa256', secret);
  await judges.pass('espsecure', 'extract-public-key', '--version', '2', '--keyfile', secret, open);
  for (const name of ['bootloader.bin', 'fuseline_demo.bin']) {
    const path = join(build, name);
    const words = ['--version', '2', '--append-signatures', '--keyfile', secret, '--output', `${path}.signed`];
    await judges.pass('espsecure', 'sign-data', ...words, path);
    writeFileSync(path, readFileSync(`${path}.signed`));
  }
  const recipe = join(folder, 'recipe.yaml');
  writeFileSync(
    recipe,
    readFileSync(join(repository, 'station-config/recipes/esp32p4-production.yaml'), 'utf8')
      .replace('../firmware/esp32p4-v3', './build')
      .replace('hmac_up: true', 'hmac_up: false')
      .replace('scheme: rsa3072', 'scheme: ecdsa-p256')
      .replace(
        '- label: secure-boot-1',
        '- { public_key: offline.pem }\n    - { label: mine }\n    - { label: theirs, token: safe }',
      ),
  );
  const { loaded, findings } = loadRecipe(recipe, { waivers });
  assert.ok(loaded !== null, JSON.stringify(findings));

  const [own, safe] = [await openSoftToken(join(folder, 'own')), await openSoftToken(join(folder, 'safe'))];
  await using tokens = new TokenRing(own, async () => safe);
  try {
    const make = { use: 'secure-boot', algorithm: 'ecdsa-p256' } as const;
    const mine = await own.generateKey({ label: 'mine', ...make });
    const theirs = await safe.generateKey({ label: 'theirs', ...make });
    const { parts } = await buildRelease(loaded, tokens);
    const keys = [open, ...[mine, theirs].map(({ spki }) => file(pemOf('PUBLIC KEY', spki!)))];
    const signed = parts.filter((part) => part.signed);
    assert.deepEqual([...new Set(signed.map(({ kind }) => kind))], ['bootloader', 'app']);
    for (const { plain } of signed) {
      const image = file(plain);
      for (const key of keys)
        await judges.pass('espsecure', 'verify-signature', '--version', '2', '--keyfile', key, image);
    }
  } finally {
    await own.close();
  }
});
