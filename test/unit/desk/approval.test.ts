// Who may approve what: each reason by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseApprover } from '../../../main/station/desk/library/approval.ts';
import { recipeNamed } from '../../stories/stage.ts';

const loaded = recipeNamed('esp32c3-production');
const { recipe, ref } = loaded;
const at = '2026-11-22T10:00:00.000Z';
const draft = { recipe: ref, state: 'draft', by: 'ann', reason: null, at } as const;
const rehearsed = { ...draft, state: 'rehearsed' } as const;
const codeFor = (
  change: Partial<typeof recipe>,
  id = 'bob',
  notes: Parameters<typeof refuseApprover>[2] = [draft, rehearsed],
) =>
  refuseApprover('mine', { ...loaded, recipe: { ...recipe, ...change } }, notes, { id, unchangedSince: Date.parse(at) })
    ?.code ?? null;

test('an author who is known, a rehearsal, and a person who is not younger than it', () => {
  assert.equal(codeFor({}, 'bob', [rehearsed]), 'recipe.author-unknown');
  assert.equal(codeFor({}, 'bob', [draft]), 'recipe.not-rehearsed');
  const before = { ...rehearsed, at: '2026-11-22T09:59:59.999Z' };
  assert.equal(codeFor({}, 'bob', [draft, before]), 'recipe.approver-new');
});

test('anybody but who wrote it, and nothing that is for development by its purpose or by how it encrypts', () => {
  assert.equal(codeFor({}), null);
  assert.equal(codeFor({}, 'ann'), 'recipe.own');
  assert.equal(codeFor({ purpose: 'development' }), 'recipe.development');
  assert.equal(codeFor({ flashEncryption: { ...recipe.flashEncryption!, mode: 'development' } }), 'recipe.development');
});
