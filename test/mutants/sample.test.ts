// Six of the mutants at every `npm test`, others at every commit; `npm run mutants` tries them all.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it, test } from 'node:test';
import { sha256Hex } from '../../main/base/digest.ts';
import { mutants } from './list.ts';
import { atOnce } from './run.ts';
import { tryMutant, unfit } from './trial.ts';

const size = 6;

/** The commit, so that a run can be had again; without git the day. */
const seed =
  spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' }).stdout?.trim() ||
  new Date().toISOString().slice(0, 10);

test('every mutant has a name of its own and stands in its file exactly once', () => {
  assert.equal(new Set(mutants.map(({ id }) => id)).size, mutants.length);
  const wrong = mutants.flatMap((mutant) => {
    const why = unfit(mutant);
    return why === null ? [] : [`${mutant.id}: ${why}`];
  });
  assert.deepEqual(wrong, [], 'move the texts of these along with the code');
});

describe(`mutants by ${seed}`, { concurrency: atOnce, timeout: 280_000 }, () => {
  const chosen = mutants
    .map((mutant) => ({ mutant, rank: sha256Hex(`${seed} ${mutant.id}`) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, size);
  for (const { mutant } of chosen) {
    it(`${mutant.id} is noticed`, async () => {
      const verdict = await tryMutant(mutant);
      assert.equal(verdict.end, 'killed', 'why' in verdict ? `${verdict.why}\n${mutant.breaks}` : mutant.breaks);
    });
  }
});
