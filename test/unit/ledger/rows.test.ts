import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { book, mac, run } from './book.ts';

const taken = (row: string, list = 'sensor/fctry') => ({ type: 'row-taken', list, row }) as const;

test('a row of a list is given to one board for ever, also when the book is made anew from its chain', async (t) => {
  const { ledger, file } = await book(t);
  for (const n of [1, 2]) await ledger.openRun(run(`r${n}`, { mac: mac(n) }));
  await ledger.append('r1', null, taken('D1'));
  await assert.rejects(ledger.append('r2', null, taken('D1')), { code: 'ledger.duplicate' });
  await ledger.append('r2', null, taken('D2'));
  await ledger.append('r1', null, taken('D1'));
  await ledger.append('r2', null, taken('D1', 'other/fctry'));
  await ledger.append('r2', null, taken('D1', 'sensor/fctry2'));
  const rows = [
    { row: 'D1', mac: mac(1) },
    { row: 'D2', mac: mac(2) },
  ];
  assert.deepEqual(await ledger.rowsTaken('sensor/fctry'), rows);
  assert.deepEqual(await ledger.rowsTaken('sensor'), []);
  await ledger.close();
  const db = new Database(file);
  db.prepare(`UPDATE meta SET value = '0' WHERE name = 'projected'`).run();
  db.close();
  const again = await book(t, { file });
  assert.deepEqual(await again.ledger.rowsTaken('sensor/fctry'), rows);
});
