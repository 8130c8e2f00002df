import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, testFolder } from '../../stories/terminal.ts';

test('an address that means nothing is bad input, told before anything is opened', async (t) => {
  const data = testFolder(t);
  const recipe = 'station-config/recipes/esp32c3-production.yaml';
  const good = 'virtual:esp32c3?pacing=none';
  for (const [address, code] of [
    ['nowhere', 'transport.address'],
    ['virtual:esp33', 'virtual.address'],
  ] as const) {
    const { status, err } = await run([
      'provision',
      '--recipe',
      recipe,
      '--port',
      good,
      '--port',
      address,
      '--data',
      data,
    ]);
    assert.equal(status, 2, err);
    assert.match(err, new RegExp(`\\[${code}\\]`));
  }
  assert.ok(!existsSync(join(data, 'ledger.sqlite')));
  assert.equal((await run(['device', 'inspect', '--port', 'nowhere'])).status, 2);
});
