import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import { Bodies } from '../../../main/ledger/sqlite/bodies.ts';
import { rebuildProjections } from '../../../main/ledger/sqlite/projections.ts';
import { Rows } from '../../../main/ledger/sqlite/rows.ts';
import { nameRows, projectionTables } from '../../../main/ledger/sqlite/schema.ts';
import { book, keyMade, mac, recipe, record, run, sealBoard } from './book.ts';

/** A bit of everything that a book can hold. */
async function fill(ledger: Ledger): Promise<void> {
  const batch = { id: 'B-1', order: null, recipe, count: 3, openedAt: '2026-11-22T09:00:00.000Z', closedAt: null };
  await ledger.openBatch(batch);
  await ledger.putRecipe(recipe, '{}');
  await sealBoard(ledger, 'r1', 1, 'B-1');
  await ledger.openRun(run('r2', { batch: 'B-1', mac: mac(2), serial: 'SN-2' }));
  await ledger.append('r2', 'prepare', keyMade('key-2', Uint8Array.of(2)));
  const fault = {
    class: 'board',
    code: 'x.y',
    what: 'W.',
    next: 'N.',
    safety: 'resumable',
    details: { a: 1 },
  } as const;
  await ledger.endRun('r2', { at: '2026-11-22T10:00:10.000Z', outcome: 'failed', fault });
  await ledger.openRun(run('r3', { batch: 'B-2' }));
  await ledger.bindRun('r3', { mac: mac(2), chip: 'esp32p4' });
  await ledger.condemn(mac(2), 'r3', 'the block does not read back');
  await ledger.condemn(mac(2), 'r3', 'and again');
  await ledger.openRun(run('r7', { mac: mac(7) }));
  await ledger.condemn(mac(7), 'r7', 'spoiled', { keepKeys: true });
  await ledger.release(mac(7), ['al', 'bo'], 'for another product');
  await ledger.openRun(run('r4', { mac: mac(3) }));
  await ledger.append('r4', 'prepare', keyMade('key-3', Uint8Array.of(3)));
  await ledger.dropKeys(mac(3), 're-keyed');
  await ledger.append('r4', 'prepare', keyMade('key-3b', Uint8Array.of(4)));
  await ledger.openRun(run('r5', { mac: mac(1), batch: 'B-2', serial: null }));
  await ledger.endRun('r5', { at: '2026-11-22T11:00:00.000Z', outcome: 'refused', fault: null });
  await ledger.openRun(run('r6'));
  await ledger.bindRun('r6', { mac: mac(6) });
  await ledger.seal(record('r6', 6, { serial: null, identity: null, keys: [] }));
  await ledger.closeBatch('B-1', '2026-11-22T18:00:00.000Z');
}

function dump(db: Database.Database): Record<string, unknown[]> {
  return Object.fromEntries(
    [...projectionTables, 'wrapped_keys'].map((table) => [
      table,
      db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all(),
    ]),
  );
}

test('all tables follow from the chain: made anew they are the same', async (t) => {
  const { ledger, file } = await book(t);
  await fill(ledger);
  await ledger.close();
  const db = new Database(file);
  const before = dump(db);
  assert.equal(before.devices?.length, 5);
  assert.equal(before.wrapped_keys?.length, 1, 'one key is open still');
  db.exec(`UPDATE devices SET serial = 'forged'; DELETE FROM claims; UPDATE runs SET outcome = 'passed'`);
  assert.notDeepEqual(dump(db), before);
  nameRows(db);
  rebuildProjections(db, new Rows(db, new Bodies(db)));
  assert.deepEqual(dump(db), before);
  db.close();
});

test('tables that lag behind the chain are made anew at the opening, and the report says so', async (t) => {
  const { ledger, file } = await book(t);
  await fill(ledger);
  assert.equal(ledger.opening.rebuilt, false);
  await ledger.close();
  const db = new Database(file);
  const before = dump(db);
  db.exec(`DELETE FROM devices; UPDATE meta SET value = '7' WHERE name = 'projected'`);
  db.close();
  const again = await book(t, { file });
  assert.equal(again.ledger.opening.rebuilt, true);
  assert.equal((await again.ledger.devices({})).length, 5);
  await again.ledger.close();
  const after = new Database(file);
  assert.deepEqual(dump(after), before);
  after.close();
  const third = await book(t, { file });
  assert.equal(third.ledger.opening.rebuilt, false);
});
