// Who may approve what: each reason by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Approver, refuseApprover } from '../../../main/station/desk/library/approval.ts';
import { recipeNamed } from '../../stories/stage.ts';

const loaded = recipeNamed('esp32c3-production');
const { recipe, ref } = loaded;
const at = '2026-11-22T10:00:00.000Z';
const draft = { recipe: ref, state: 'draft', by: 'ann', reason: null, at, row: 5 } as const;
const rehearsed = { ...draft, state: 'rehearsed' } as const;
const codeFor = (
  change: Partial<typeof recipe>,
  id = 'bob',
  notes: Parameters<typeof refuseApprover>[2] = [draft, rehearsed],
  more: Partial<Approver> = {},
) =>
  refuseApprover('mine', { ...loaded, recipe: { ...recipe, ...change } }, notes, {
    id,
    unchangedSince: Date.parse(at),
    ...{ wayIn: null, authorsHands: ['ann'] },
    ...more,
  })?.code ?? null;

test('an author who is known, a rehearsal, and a person who is not younger than it', () => {
  assert.equal(codeFor({}, 'bob', [rehearsed]), 'recipe.author-unknown');
  assert.equal(codeFor({}, 'bob', [draft]), 'recipe.not-rehearsed');
  const before = { ...rehearsed, at: '2026-11-22T09:59:59.999Z' };
  assert.equal(codeFor({}, 'bob', [draft, before]), 'recipe.approver-new');
  // a clock that was put back makes no PIN older than the rows of the ledger
  const wayIn = { row: 6, hands: ['bob'] };
  assert.equal(codeFor({}, 'bob', undefined, { unchangedSince: 0, wayIn }), 'recipe.approver-new');
  assert.equal(codeFor({}, 'bob', undefined, { unchangedSince: 0, wayIn: { ...wayIn, row: 4 } }), null);
});

test('anybody but who wrote it, and nothing that is for development by its purpose or by how it encrypts', () => {
  assert.equal(codeFor({}), null);
  assert.equal(codeFor({}, 'ann'), 'recipe.own');
  assert.equal(codeFor({ purpose: 'development' }), 'recipe.development');
  assert.equal(codeFor({ flashEncryption: { ...recipe.flashEncryption!, mode: 'development' } }), 'recipe.development');
});
