// A hand changes the board in the middle of a run, at any act of it, on every kind of port: neither board is lost, and nothing false is said.
// The short form of `npm run soak -- --only swaps`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soakSwaps } from '../soak/instants/swaps.ts';
import { Tally } from '../soak/tally.ts';

test('pairs of boards of two products, by seed', { timeout: 120_000 }, async () => {
  const tally = new Tally();
  for (const seed of [1, 2]) await soakSwaps(seed, tally, 4);
  assert.deepEqual(tally.lost, []);
  assert.deepEqual(tally.falseMessages, []);
  assert.ok(tally.instants > 4, `${tally.instants} instants`);
});
