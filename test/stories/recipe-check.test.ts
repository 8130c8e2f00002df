// What recipe check says of a firmware's build: the gravest first, notes only where they are asked for.
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from './stage.ts';
import { objects, run, testFolder } from './terminal.ts';

const recipe = join(repository, 'station-config/recipes/esp32p4-production.yaml');
/** The demonstration's build with an sdkconfig beside it. */
function buildWith(t: Parameters<typeof testFolder>[0], sdkconfig: string): string {
  const folder = testFolder(t);
  cpSync(join(repository, 'station-config/firmware/esp32p4-v3'), folder, { recursive: true });
  writeFileSync(join(folder, 'sdkconfig'), sdkconfig);
  return folder;
}

test('errors before warnings before what was waived, and only the number of notes', async (t) => {
  const folder = buildWith(
    t,
    'CONFIG_ESP_TLS_INSECURE=y\nCONFIG_SECURE_FLASH_ENC_ENABLED=y\nCONFIG_SECURE_FLASH_ENCRYPTION_AES128=y\nCONFIG_ESP_DEBUG_OCDAWARE=y\n',
  );
  const words = ['recipe', 'check', recipe, '--firmware', folder, '--waive', 'lint-secure-boot=built elsewhere'];
  const said = await run(words);
  assert.equal(said.status, 2);
  const places = [
    /^Errors \(1\)$/m,
    /sdkconfig:3: error: /,
    /^Warnings \(\d+\)$/m,
    /sdkconfig:1: warning: /,
    /^Waived \(1\)$/m,
    /^Notes \(\d+\)/m,
  ].map((pattern) => said.err.search(pattern));
  assert.ok(!places.includes(-1), said.err);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.doesNotMatch(said.err, /OCDAWARE/);
  const verbose = await run([...words, '--verbose', '--json']);
  assert.match(verbose.err, /sdkconfig:4: info: CONFIG_ESP_DEBUG_OCDAWARE is on/);
  const errors = objects(verbose).filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    errors.map(({ check, file, line, waivable }) => [check, file, line, waivable]),
    [['lint-flash-encryption-key-size', 'sdkconfig', 3, false]],
  );
});
