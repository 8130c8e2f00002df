import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earlyParts, startsByItself } from '../../../main/recipe/plan/late-bootloader.ts';
import type { Recipe } from '../../../main/recipe/types.ts';
import { recipeNamed } from '../../stories/stage.ts';

type Security = Pick<Recipe, 'secureBoot' | 'flashEncryption'>;
const { recipe } = recipeNamed('esp32c3-production');
const { secureBoot, flashEncryption } = recipe;
const byDevice = { ...flashEncryption!, by: 'device' as const };

test('a bootloader in clear waits for the burns; one that the station encrypts does not', () => {
  const waits = (security: Security) => startsByItself({ kind: 'bootloader' }, security);
  assert.equal(waits({ secureBoot, flashEncryption }), false);
  assert.equal(waits({ secureBoot, flashEncryption: byDevice }), true);
  assert.equal(waits({ secureBoot: null, flashEncryption: byDevice }), true);
  assert.equal(waits({ secureBoot, flashEncryption: null }), true);
  assert.equal(waits({ secureBoot: null, flashEncryption: null }), false, 'it was built to burn nothing');
});

test('nothing else waits', () => {
  const parts = (['bootloader', 'partition-table', 'app', 'otadata', 'data', 'nvs'] as const).map((kind) => ({ kind }));
  const early = earlyParts(parts, { secureBoot, flashEncryption: byDevice });
  assert.deepEqual(early, parts.slice(1));
});
