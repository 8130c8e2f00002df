import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { fromHex } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { Bodies } from '../../../main/ledger/sqlite/bodies.ts';
import { Rows } from '../../../main/ledger/sqlite/rows.ts';
import { nameRows } from '../../../main/ledger/sqlite/schema.ts';
import type { StepEvent } from '../../../main/model/event.ts';
import { book, keyMade, mac, record, run } from './book.ts';

function escrowed(fingerprint: string, bytes: Uint8Array): StepEvent {
  return {
    type: 'escrowed',
    what: 'jtag-token',
    fingerprint,
    wrapped: { wrappingKeyId: '0a', mechanism: 'AES_KEY_WRAP_PAD', data: Buffer.from(bytes).toString('base64') },
  };
}

test('a secret in escrow survives the seal that destroys the keys, and no export holds it', async (t) => {
  const { ledger, file } = await book(t);
  const random = seededRandom(21);
  const [key, token] = [random(72), random(40)];
  await ledger.openRun(run('r1', { mac: mac(1), serial: 'S-1' }));
  await ledger.append('r1', 'prepare', keyMade('key-1', key));
  const stored = await ledger.append('r1', 'prepare', escrowed('token-1', token));
  assert.equal(stored.event.type === 'escrowed' && stored.event.wrapped, null, 'not given back by the events');
  await ledger.seal(record('r1', 1));
  assert.deepEqual((await ledger.history(mac(1))).openKeys, []);
  const [kept, ...more] = await ledger.escrows({ mac: mac(1) });
  assert.equal(more.length, 0);
  assert.equal(kept?.wrapped.data, Buffer.from(token).toString('base64'));
  assert.deepEqual([kept?.run, kept?.what, kept?.fingerprint, kept?.mac], ['r1', 'jtag-token', 'token-1', mac(1)]);
  assert.equal(
    (await ledger.events('r1')).filter(({ event }) => 'wrapped' in event && event.wrapped !== null).length,
    0,
  );
  for await (const row of ledger.exportRows())
    assert.ok(!JSON.stringify(row).includes(Buffer.from(token).toString('base64')));
  // Made anew from the chain, the book still has it.
  await ledger.close();
  const db = new Database(file);
  db.prepare(`UPDATE meta SET value = '0' WHERE name = 'projected'`).run();
  db.close();
  const again = (await book(t, { file })).ledger;
  assert.equal(again.opening.rebuilt, true);
  assert.equal((await again.escrows({ mac: mac(1) })).length, 1);
});

test('a release is an entry of the chain; of several secrets the newest comes first', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', escrowed('token-1', Uint8Array.of(1)));
  await ledger.openRun(run('r2', { mac: mac(1) }));
  await ledger.append('r2', 'prepare', escrowed('token-2', Uint8Array.of(2)));
  await ledger.openRun(run('r3', { mac: mac(2) }));
  await ledger.append('r3', 'prepare', escrowed('token-3', Uint8Array.of(3)));
  assert.deepEqual(
    (await ledger.escrows({ mac: mac(1) })).map(({ fingerprint }) => fingerprint),
    ['token-2', 'token-1'],
  );
  assert.equal((await ledger.escrows({})).length, 3);
  const release = {
    mac: mac(1),
    what: 'jtag-token',
    fingerprint: 'token-2',
    escrowedBy: 'r2',
    custodians: ['cy', 'di'],
    reason: 'returned by a customer',
  } as const;
  await ledger.noteEscrowRelease(release);
  const [noted] = await ledger.escrowReleases();
  assert.deepEqual({ ...noted, at: '', row: 0 }, { ...release, at: '', row: 0 });
  await assert.rejects(ledger.noteEscrowRelease({ ...release, mac: mac(9) }), { code: 'ledger.misuse' });
  await assert.rejects(
    ledger.append('r1', 'prepare', { type: 'escrowed', what: 'jtag-token', fingerprint: null, wrapped: null }),
    { code: 'ledger.misuse' },
  );
  assert.equal((await ledger.verify()).broken, null);
});

test('a book from before there was escrow is opened, kept whole, and takes secrets', async (t) => {
  const { ledger, file } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1), serial: 'S-1' }));
  await ledger.append('r1', 'prepare', keyMade('key-1', seededRandom(22)(72)));
  await ledger.seal(record('r1', 1));
  await ledger.close();
  // What schema 2 did not have yet.
  const db = new Database(file);
  nameRows(db);
  const rows = new Rows(db, new Bodies(db)).plain(0, 100);
  db.exec(`DROP VIEW temp.book; DROP TABLE escrows; DROP TABLE dictionaries; DROP TABLE entries;
    ALTER TABLE older_entries RENAME TO entries; DROP INDEX entries_escrow_releases; DROP INDEX entries_acts; DROP INDEX older_acts_what;
    ALTER TABLE runs DROP COLUMN opened_row; DROP TRIGGER devices_serial_known; DROP TRIGGER devices_serial_other;
    DROP TABLE serial_parts; DROP INDEX devices_mac_end;`);
  const insert = db.prepare('INSERT INTO entries (row, at, kind, run, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const { row, at, kind, run, body, prev, hash } of rows)
    insert.run(row, at, kind, run, body, fromHex(prev), fromHex(hash));
  db.pragma('user_version = 2');
  db.close();
  const again = (await book(t, { file })).ledger;
  assert.equal((await again.sealedDevice(mac(1)))?.run, 'r1');
  assert.deepEqual(await again.escrows({}), []);
  await again.openRun(run('r2', { mac: mac(2) }));
  await again.append('r2', 'prepare', escrowed('token-2', Uint8Array.of(2)));
  assert.equal((await again.escrows({ mac: mac(2) })).length, 1);
  assert.equal((await again.verify()).broken, null);
});
