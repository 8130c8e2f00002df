// What people did, as QA reads it: in order, in words, without each signature, and what left the station as a file.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { openSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import { deedView } from '../../../main/station/desk/reports/deeds.ts';

test('sign-ins, refusals, acts, approvals and exports stand in one list, newest first, page by page', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-deeds-'));
  const ledger = await openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: 's', clock: systemClock });
  t.after(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const recipe = { name: 'lamp', revision: 2, hash: 'ab'.repeat(32) };
  await ledger.noteSession({ what: 'login', face: 'window', operator: 'qa', detail: 'PIN' });
  await ledger.noteAct({
    what: 'person-saved',
    by: ['al', 'bo'],
    about: 'en',
    detail: { newPin: true, newBadge: false },
  });
  for (let n = 0; n < 5; n++)
    await ledger.noteAct({ what: 'signed', by: ['op'], about: 'boot', detail: { digest: `${n}` } });
  await ledger.putRecipe(recipe, '{}');
  await ledger.noteRecipeState({ recipe, state: 'approved', by: 'bo', reason: null });
  await ledger.noteSession({ what: 'call-refused', face: 'browser', operator: 'op', detail: 'devices.export' });
  await ledger.noteAct({ what: 'exported', by: ['qa'], about: 'csv', detail: { devices: 3 } });
  const told = (deeds: Awaited<ReturnType<typeof ledger.deeds>>) =>
    deeds
      .map(deedView)
      .map(({ by, what, about, detail }) =>
        `${by.join('+')} ${what} ${about} ${detail}`.replace(/ab\S*|\w+-\w+-\w+-\w+/, '#'),
      );
  const all = await ledger.deeds({});
  assert.deepEqual(told(all), [
    'qa exported csv devices: 3',
    'op refused browser devices.export',
    'bo recipe approved lamp r2 #',
    'al+bo person saved en newPin',
    'qa signed in window PIN',
  ]);
  const first = await ledger.deeds({ limit: 2 });
  assert.deepEqual(told([...first, ...(await ledger.deeds({ before: first.at(-1)!.row }))]), told(all));
});
