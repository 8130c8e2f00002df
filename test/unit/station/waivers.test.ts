// Who is answerable for what a recipe lets go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../main/base/json.ts';
import type { RecipeStateNote } from '../../../main/ledger/entry.ts';
import { approverOf, waiversOf } from '../../../main/station/waivers.ts';
import { recipeNamed } from '../../stories/stage.ts';

const plain = recipeNamed('esp32c3-production');
const own = [{ check: 'no-anti-rollback', reason: 'the product has no updates' }];
const run = { check: 'boot-proof', reason: 'the fixture cannot reset' };
const content = JSON.parse(plain.canonicalText) as object;
const recipe = { ...plain.recipe, waivers: own };
/** With the recipe's own waivers, and with one more of this run: another hash. */
const approved = { recipe, waivers: own, canonicalText: JSON.stringify({ ...content, waivers: own }) };
const waived = {
  recipe,
  waivers: [...own, run],
  canonicalText: JSON.stringify({ ...content, waivers: [...own, run] }),
};
const hash = digestOf({ ...content, waivers: own });

/** A ledger that says this of the recipe, oldest first. */
function told(...states: (readonly [RecipeStateNote['state'], string, string?])[]) {
  return {
    recipeStates: async () =>
      states.map(([state, by, of], at) => ({
        recipe: { ...plain.ref, hash: of ?? hash },
        state,
        by,
        reason: null,
        at: `2026-11-22T10:00:0${at}.000Z`,
        row: at + 1,
      })),
  };
}

test('the approver is whoever approved this very hash last', async () => {
  assert.equal(await approverOf(approved, told(['draft', 'ann'], ['rehearsed', 'ann'], ['approved', 'bob'])), 'bob');
  assert.equal(await approverOf(waived, told(['approved', 'bob'])), 'bob', 'a waiver of the run takes nothing from it');
});

test('nobody approved a draft, a rehearsed recipe, another hash, or one that was retired since', async () => {
  for (const ledger of [
    told(),
    told(['draft', 'ann'], ['rehearsed', 'ann']),
    told(['approved', 'bob', 'ff'.repeat(32)]),
    told(['approved', 'bob'], ['retired', 'carol']),
  ])
    assert.equal(await approverOf(approved, ledger), null);
  assert.equal(await approverOf(approved, told(['approved', 'bob'], ['retired', 'carol'], ['approved', 'dan'])), 'dan');
});

test('waivers of the recipe are its approver’s, those of the run its operator’s', async () => {
  assert.deepEqual(await waiversOf(waived, 'op-7', told(['approved', 'bob'])), [
    { ...own[0], by: 'bob', from: 'recipe' },
    { ...run, by: 'op-7', from: 'operator' },
  ]);
  assert.deepEqual(await waiversOf(waived, 'op-7', told(['approved', 'bob'], ['retired', 'carol'])), [
    { ...own[0], by: null, from: 'recipe' },
    { ...run, by: 'op-7', from: 'operator' },
  ]);
});

test('the same check for another reason is the operator’s', async () => {
  const other = { check: own[0]!.check, reason: 'because' };
  const [one] = await waiversOf({ ...approved, waivers: [other] }, 'op-7', told(['approved', 'bob']));
  assert.deepEqual(one, { ...other, by: 'op-7', from: 'operator' });
});
