import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { sha256Hex } from '../../../main/base/digest.ts';
import { openSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import { peopleOf } from '../../../main/start/settings.ts';
import { run, runHere, testFolder } from '../../stories/terminal.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';

const recipeOf = (name: string) => join('station-config', 'recipes', `${name}.yaml`);

/** Files by which `ids` sign in, as `people credential` makes them. */
async function credentials(data: string, ids: readonly string[]): Promise<void> {
  const people = peopleOf({ data });
  const ledger = await openSqliteLedger({ file: join(data, 'ledger.sqlite'), station: 'fuseline', clock: systemClock });
  for (const id of ids) {
    const key = `key of ${id}`;
    await people.save({ id, name: id, roles: ['custodian', 'engineer'], pin: `${id}-271828`, badge: null });
    await people.saveKey(id, key);
    await ledger.noteAct({
      what: 'credential-made',
      by: ['a', 'b'],
      about: id,
      detail: { fingerprint: sha256Hex(key) },
    });
    writeFileSync(join(data, id), JSON.stringify({ id, key }), { mode: 0o600 });
  }
  await ledger.close();
}

test('a recipe is approved from the terminal: by another than its author, rehearsed first, once, and never one for development', {
  skip: withoutSoftHsm,
}, async (t) => {
  const data = testFolder(t);
  await credentials(data, ['eng-1', 'eng-2', 'eng-3']);
  const say = (what: string, name: string, id: string) =>
    runHere(['recipe', what, recipeOf(name), '--credential', join(data, id), '--data', data, '--json']);
  const approve = (name: string, id: string) => say('approve', name, id);

  assert.equal((await say('submit', 'esp32c3-production', 'eng-1')).status, 0);
  const own = await approve('esp32c3-production', 'eng-1');
  assert.equal(own.status, 2);
  assert.match(own.err, /\[recipe\.own\]/);

  const first = await approve('esp32c3-production', 'eng-2');
  assert.equal(first.status, 0, first.err);
  assert.match(first.err, /Rehearsal on virtual:esp32c3/);
  const answer = JSON.parse(first.out) as { type: string; by: string; recipe: { hash: string } };
  assert.deepEqual([answer.type, answer.by], ['approved', 'eng-2']);

  const again = await approve('esp32c3-production', 'eng-3');
  assert.doesNotMatch(again.err, /Rehearsal/);
  assert.deepEqual(JSON.parse(again.out), answer, 'it is approved already, by eng-2');

  const refused = await approve('esp32p4-development', 'eng-1');
  assert.equal(refused.status, 2);
  assert.match(refused.err, /\[recipe\.development\]/);

  const rows = (await run(['audit', 'export', '--data', data])).out.trim().split('\n');
  const states = rows.filter((row) => row.includes(answer.recipe.hash) && /"state":"(rehearsed|approved)"/.test(row));
  assert.equal(states.length, 2, 'both are in the chain, once');
});
