// What a board leaves in the ledger: at most 16 KB on disk, with every event, record and export as it was.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import { canonicalJson } from '../../main/base/json.ts';
import { verifyRows } from '../../main/ledger/chain.ts';
import { sealedRecordOf } from '../../main/station/sealed-record.ts';
import { faultsOf, noToken, recipeNamed, type Stage, setStage } from './stage.ts';

/** The promise of docs/figures.md, bytes of the file a board, once a recipe's first board is made. */
const budget = 16 * 1024;
const chips = ['esp32c3', 'esp32p4'] as const;

let stage: Stage;
before(async () => {
  if (noToken === false) stage = await setStage();
});
after(() => stage?.close());

for (const chip of chips)
  test(`a sealed ${chip} takes at most ${budget} bytes`, { skip: noToken }, async () => {
    const loaded = recipeNamed(`${chip}-production`);
    const more = [0, 1, 2].map((n) => `virtual:${chip}?pacing=none&mac=30:ed:a0:0${chips.indexOf(chip)}:20:0${n}`);
    const [first, ...others] = more as [string, ...string[]];
    await stage.provision(loaded, [first]);
    const bytesBefore = usedBytes();
    await stage.provision(loaded, others);
    const each = (usedBytes() - bytesBefore) / others.length;
    assert.equal(faultsOf(stage), '');
    assert.ok(each <= budget, `${chip}: ${each} bytes a board`);
    console.log(`${chip}: ${Math.round(each)} bytes of ledger a board`);
  });

test('nothing is lost by it: rows hold their chain as text, and records follow from events', {
  skip: noToken,
}, async () => {
  const { ledger } = stage.station.parts;
  const rows = [];
  for await (const row of ledger.exportRows()) rows.push(row);
  assert.equal(verifyRows(rows).broken, null);
  for (const { mac } of await ledger.devices({})) {
    const { sealed, runs } = await ledger.history(mac);
    assert.ok(sealed, mac);
    const { run, events } = runs.at(-1)!;
    const { station, sealedAt, software } = sealed;
    assert.equal(canonicalJson(sealedRecordOf(run, events, { station, sealedAt, software })), canonicalJson(sealed));
  }
});

/** Bytes of the file's pages that hold something, with all indexes and tables. */
function usedBytes(): number {
  const file = join(stage.folder, 'ledger.sqlite');
  assert.ok(statSync(file).size > 0);
  const db = new Database(file, { readonly: true });
  // what lies in the pages, not the half-filled pages themselves: a page more or less says nothing of two boards
  const used = db.prepare('SELECT sum(pgsize - unused) FROM dbstat').pluck().get() as number;
  db.close();
  return used;
}
