// Rows that this program would not write, in a chain that holds: those of a newer program are kept and shown, those without their form refused.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { fromHex } from '../../../main/base/bytes.ts';
import { canonicalJson } from '../../../main/base/json.ts';
import { hashOfParts } from '../../../main/ledger/chain.ts';
import { Bodies } from '../../../main/ledger/sqlite/bodies.ts';
import { Rows } from '../../../main/ledger/sqlite/rows.ts';
import { nameRows } from '../../../main/ledger/sqlite/schema.ts';
import { witnessFile } from '../../../main/ledger/sqlite/witness.ts';
import { isFault } from '../../../main/model/fault.ts';
import { burnHistoryOf } from '../../../main/station/burn-history.ts';
import { book, type folder, mac, note, run } from './book.ts';

/** A closed book whose last row says another event, as a program that knows such events would have written it. */
async function bookSaying(t: Parameters<typeof folder>[0], event: unknown): Promise<string> {
  const { ledger, file } = await book(t);
  await ledger.openRun(run('other', { mac: mac(1) }));
  await ledger.append('other', null, note('the other run'));
  await ledger.openRun(run('r1', { mac: mac(2) }));
  await ledger.append('r1', 'prepare', note('to be replaced'));
  await ledger.close();
  const db = new Database(file);
  nameRows(db);
  const last = new Rows(db, new Bodies(db)).plain(0, 100).at(-1)!;
  const bodyText = canonicalJson({ ...(JSON.parse(last.body) as object), event });
  const hash = hashOfParts({ ...last, kind: 'event' }, bodyText);
  db.prepare('UPDATE entries SET body = ?, hash = ? WHERE row = ?').run(bodyText, fromHex(hash), last.row);
  // The tables are to be made anew from the chain as well.
  db.prepare(`UPDATE meta SET value = '1' WHERE name = 'projected'`).run();
  db.close();
  rmSync(witnessFile(file));
  return file;
}

test('a row without its form is refused by its number; the chain, and what other boards did, is read as ever', async (t) => {
  const image = { name: 'app', offset: 65536, length: 100, plainSha256: null, encrypted: true };
  const file = await bookSaying(t, { type: 'observed', what: 'image', v: 1, value: image });
  const { ledger } = await book(t, { file });
  const refused = (work: Promise<unknown>) =>
    assert.rejects(work, (error) => {
      assert.ok(isFault(error, 'ledger.row'), String(error));
      assert.equal(error.faultClass, 'ledger');
      assert.match(error.what, /^Row 5 of the ledger .*'observed image'.*\(flashSha256: /);
      assert.match(error.next, /audit verify.*changed neither the ledger nor a board/);
      assert.deepEqual(error.details, { row: 5, kind: 'observed image' });
      return true;
    });
  await refused(ledger.events('r1'));
  await refused(ledger.history(mac(2)));
  assert.equal((await ledger.history(mac(1))).runs[0]!.events.length, 1);
  assert.equal((await ledger.verify()).broken, null);
  const exported: Readonly<Record<string, unknown>>[] = [];
  for await (const row of ledger.exportRows()) exported.push(row);
  assert.deepEqual((exported[4]!.body as { event: { value: unknown } }).event.value, image, 'it goes out as it stands');
});

test('a claim that cannot be read keeps the book shut: nobody could say whose key it is', async (t) => {
  const file = await bookSaying(t, { type: 'key-made', v: 1, role: 'hmac-up', wrapped: null });
  await assert.rejects(book(t, { file }), (error) => isFault(error, 'ledger.row') && /fingerprint/.test(error.what));
});

test('what a newer program said is kept, and a board that it meant to burn is not untouched', async (t) => {
  const laser = { type: 'intend', what: 'laser', v: 1, detail: { field: 'DIS_X' } };
  const { ledger } = await book(t, { file: await bookSaying(t, laser) });
  const history = await ledger.history(mac(2));
  assert.deepEqual(history.runs[0]!.events[0]!.event, {
    type: 'unknown',
    kind: 'intend laser',
    version: 1,
    raw: laser,
  });
  assert.equal(burnHistoryOf(history).run, 'r1');
  assert.equal((await ledger.verify()).broken, null);
});

test('of a newer certificate nothing is believed: it claims no key', async (t) => {
  const value = { publicKey: '04aa', serial: 'C1', pem: '', sha256: '', key: 'ml-dsa-65' };
  const newer = { type: 'observed', what: 'certificate', v: 2, value };
  const { ledger } = await book(t, { file: await bookSaying(t, newer) });
  assert.equal(await ledger.claimedBy('public-key', '04aa'), null);
});
