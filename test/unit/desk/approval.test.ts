// Who may approve what: each reason by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseApprover } from '../../../main/station/desk/library/approval.ts';
import { recipeNamed } from '../../stories/stage.ts';

const loaded = recipeNamed('esp32c3-production');
const { recipe, ref } = loaded;
const draft = { recipe: ref, state: 'draft', by: 'ann', reason: null } as const;
const codeFor = (change: Partial<typeof recipe>, by = 'bob') =>
  refuseApprover('mine', { ...loaded, recipe: { ...recipe, ...change } }, [draft], by)?.code ?? null;

test('anybody but who wrote it, and nothing that is for development by its purpose or by how it encrypts', () => {
  assert.equal(codeFor({}), null);
  assert.equal(codeFor({}, 'ann'), 'recipe.own');
  assert.equal(codeFor({ purpose: 'development' }), 'recipe.development');
  assert.equal(codeFor({ flashEncryption: { ...recipe.flashEncryption!, mode: 'development' } }), 'recipe.development');
});
