// The flasher stubs in the repository: all that a chip may ask for, nothing else, each as NOTICE says it is.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { profiles } from '../../../main/chip/profiles.ts';

const folder = join(import.meta.dirname, '../../../main/protocol/stubs');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

test('every chip finds its stubs, and no stub is there for nobody', () => {
  const wanted = profiles.flatMap(({ stubs }) => stubs.map(({ name }) => `${name}.json`));
  assert.deepEqual(files.toSorted(), [...new Set(wanted)].toSorted());
});

test('the files are those whose SHA-256 stands in NOTICE', () => {
  const notice = readFileSync(join(folder, 'NOTICE'), 'utf8');
  const listed = [...notice.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)].map(([, sum, name]) => [name, sum]);
  const found = files.map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  ]);
  assert.deepEqual(listed, found.toSorted());
});
