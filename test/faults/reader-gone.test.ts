// Whoever reads the terminal's answers goes away: boards under way are finished all the same.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { noToken } from '../stories/stage.ts';
import { objects, run, start, testFolder } from '../stories/terminal.ts';

it('a provisioning whose reader goes away seals its boards', { skip: noToken }, async (t) => {
  const data = testFolder(t);
  const recipe = 'station-config/recipes/esp32c3-production.yaml';
  const batch = start([
    'provision',
    '--recipe',
    recipe,
    '--port',
    'virtual:esp32c3?pacing=none',
    '--data',
    data,
    '--json',
  ]);
  await batch.line((line) => line.includes('"write-flash"'));
  batch.child.stdout?.destroy();
  batch.child.stderr?.destroy();
  assert.equal((await batch.ended).status, 0);
  const [device] = objects(await run(['audit', 'list', '--data', data, '--json']));
  assert.equal(device?.outcome, 'passed');
  assert.equal(typeof device?.sealedAt, 'string');
});
