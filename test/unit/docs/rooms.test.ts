import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import walls from '../../../.dependency-cruiser.mjs';

const root = join(import.meta.dirname, '../../..');

test('the table of main/README.md is the table of the walls', () => {
  const enforced = new Map(
    walls.forbidden.flatMap(({ name, comment }: { name: string; comment?: string }) => {
      const [, room, below] = /^main\/(\w+) may import only: \w+(?:, )?(.*)$/.exec(comment ?? '') ?? [];
      return name === `wall-${room}` ? [[room!, below!.split(', ').filter(Boolean).sort()] as const] : [];
    }),
  );
  const told = new Map(
    [...readFileSync(join(root, 'main/README.md'), 'utf8').matchAll(/^\| (\w+) +\| ([\w -]+?) +\|/gm)]
      .filter(([, room, below]) => room !== 'room' && below !== 'any room')
      .map(
        ([, room, below]) =>
          [
            room!,
            below!
              .split(' ')
              .filter((word) => word !== '-')
              .sort(),
          ] as const,
      ),
  );
  assert.ok(told.size > 10);
  assert.deepEqual([...told.keys()].sort(), [...enforced.keys()].sort());
  for (const [room, below] of told) assert.deepEqual(below, enforced.get(room), room);
});
