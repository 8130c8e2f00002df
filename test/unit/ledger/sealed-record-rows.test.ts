// A sealed record is written and read through its schema: a row that says it is one, and is none, is named and not shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { canonicalJson } from '../../../main/base/json.ts';
import { Bodies } from '../../../main/ledger/sqlite/bodies.ts';
import { openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { readSealedRecord } from '../../../main/model/evidence/sealed-record.ts';
import { isFault } from '../../../main/model/fault.ts';
import { book, folder, mac, record, run, sealBoard } from './book.ts';
import { layKeptLedger } from './kept.ts';

test('records that an earlier program sealed read back to the letter', (t) => {
  const db = new Database(layKeptLedger(folder(t)), { readonly: true });
  t.after(() => db.close());
  const bodies = db.prepare(`SELECT body FROM entries WHERE kind = 'sealed' ORDER BY row`).pluck().all() as string[];
  assert.equal(bodies.length, 8);
  for (const body of bodies) {
    const { record } = JSON.parse(body) as { record: unknown };
    assert.equal(canonicalJson(readSealedRecord(record)), canonicalJson(record));
  }
});

test('what does not have the form is refused by name: a member gone, one too many, a wrong type, no version, a newer one', () => {
  const { planDigest: _, ...cut } = record('r1', 1);
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [cut, /planDigest/],
    [{ ...record('r1', 1), verdict: 'good' }, /verdict/],
    [{ ...record('r1', 1), secureVersion: '0' }, /secureVersion/],
    [{ ...record('r1', 1), keys: [{ role: 'master', blocks: [4], fingerprint: 'f' }] }, /keys\.0\.role/],
    [{ ...record('r1', 1), version: undefined }, /version/],
    [{ ...record('r1', 1), version: 1000 }, /version 1000 is of a newer program/],
    [null, /sealed record/],
  ];
  for (const [stored, says] of wrong) assert.throws(() => readSealedRecord(stored), says);
});

test('the book writes no record that nobody could read again', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  const wrong = { ...record('r1', 1), images: [{ name: 'app' }] } as unknown as ReturnType<typeof record>;
  await assert.rejects(ledger.seal(wrong), (error) => isFault(error, 'ledger.misuse') && /images\.0/.test(error.what));
  assert.equal(await ledger.sealedDevice(mac(1)), null);
  await ledger.seal(record('r1', 1));
  assert.deepEqual(await ledger.sealedDevice(mac(1)), record('r1', 1));
});

test('a body that cannot be unpacked, or is no JSON, is named with its row by whoever reads it, and breaks the chain there', async (t) => {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const db = new Database(file);
  t.after(() => db.close());
  const [row, body] = db.prepare(`SELECT row, body FROM entries WHERE kind = 'sealed'`).raw().get() as [number, Buffer];
  assert.ok(Buffer.isBuffer(body), 'it is packed');
  const damaged: (Buffer | string)[] = [
    body.subarray(0, -1),
    Buffer.concat([Buffer.of(9), body.subarray(1)]),
    Buffer.concat([Buffer.of(1, 99), body.subarray(2)]),
    'no json',
    `${body}`,
  ];
  for (const stored of damaged) {
    db.prepare('UPDATE entries SET body = ? WHERE row = ?').run(stored, row);
    await assert.rejects(
      ledger.sealedDevice(mac(1)),
      (error) => isFault(error, 'ledger.row') && error.details.row === row,
    );
    assert.equal((await ledger.verify()).broken?.row, row);
    let exported = 0;
    for await (const _ of ledger.exportRows()) exported++;
    assert.equal(exported, row, 'an export goes on, for whoever examines it');
  }
});

test('a dictionary that was changed makes nobody read another text', async (t) => {
  const { ledger, file } = await book(t);
  for (const n of [1, 2]) await sealBoard(ledger, `r${n}`, n);
  await ledger.close();
  const db = new Database(file);
  const bodies = new Bodies(db);
  assert.equal(
    db.prepare('SELECT count(*) FROM dictionaries').pluck().get(),
    2,
    'for all boards of a recipe: events, records',
  );
  bodies.keepDictionary('other', ['{"another":"text"}'.repeat(20)]);
  // one letter of what the records of a recipe have in common
  const words = bodies.text(db.prepare('SELECT body FROM dictionaries WHERE id = 2').pluck().get())!;
  bodies.keepDictionary('another', [words.replace('esp32p4', 'esp32p5')]);
  const changedTo = db.prepare(
    'UPDATE dictionaries SET body = (SELECT body FROM dictionaries WHERE id = ?) WHERE id < 3',
  );
  changedTo.run(4);
  const reader = await openSqliteLedgerForReading(file);
  t.after(() => reader.close());
  await assert.rejects(reader.sealedDevice(mac(2)), (error) => isFault(error, 'ledger.row'));
  changedTo.run(3);
  db.close();
  const { broken } = await reader.verify();
  assert.match(broken?.reason ?? '', /was changed/);
  await assert.rejects(reader.sealedDevice(mac(2)), (error) => isFault(error, 'ledger.row'));
  assert.deepEqual(await reader.sealedDevice(mac(1)), record('r1', 1), 'the first board needs none');
});

test('a row of the book that is no record is named with its number, and the others are still read', async (t) => {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  await sealBoard(ledger, 'r2', 2);
  const db = new Database(file);
  const row = db.prepare(`SELECT max(row) FROM entries WHERE kind = 'sealed'`).pluck().get() as number;
  const body = new Bodies(db).text(db.prepare('SELECT body FROM entries WHERE row = ?').pluck().get(row))!;
  db.prepare('UPDATE entries SET body = ? WHERE row = ?').run(body.replace('"planDigest"', '"planDigests"'), row);
  db.close();
  const named = (error: unknown) => isFault(error, 'ledger.row') && error.details.row === row;
  await assert.rejects(ledger.sealedDevice(mac(2)), named);
  await assert.rejects(ledger.sealedDevice('SN-2'), named);
  await assert.rejects(ledger.history(mac(2)), named);
  assert.deepEqual(await ledger.sealedDevice(mac(1)), record('r1', 1));
});
