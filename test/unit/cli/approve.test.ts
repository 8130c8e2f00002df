import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, testFolder } from '../../stories/terminal.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';

const recipeOf = (name: string) => join('station-config', 'recipes', `${name}.yaml`);

test('a recipe is approved from the terminal: rehearsed first, once, by its hash, and never one for development', {
  skip: withoutSoftHsm,
}, async (t) => {
  const data = testFolder(t);
  const approve = (name: string, by: string) =>
    run(['recipe', 'approve', recipeOf(name), '--by', by, '--data', data, '--json']);

  const first = await approve('esp32c3-production', 'eng-1');
  assert.equal(first.status, 0, first.err);
  assert.match(first.err, /Rehearsal on virtual:esp32c3/);
  const answer = JSON.parse(first.out) as { type: string; by: string; recipe: { hash: string } };
  assert.deepEqual([answer.type, answer.by], ['approved', 'eng-1']);

  const again = await approve('esp32c3-production', 'eng-2');
  assert.doesNotMatch(again.err, /Rehearsal/);
  assert.deepEqual(JSON.parse(again.out), answer, 'it is approved already, by eng-1');

  const refused = await approve('esp32p4-development', 'eng-1');
  assert.equal(refused.status, 2);
  assert.match(refused.err, /\[recipe\.development\]/);

  const rows = (await run(['audit', 'export', '--data', data])).out.trim().split('\n');
  const states = rows.filter((row) => row.includes(answer.recipe.hash) && /"(rehearsed|approved)"/.test(row));
  assert.equal(states.length, 2, 'both are in the chain, once');
});
