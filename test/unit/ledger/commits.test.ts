import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { openBook } from '../../../main/ledger/sqlite/opening.ts';
import { isFault } from '../../../main/model/fault.ts';
import { book, folder, keyMade, mac, note, run } from './book.ts';

test('32 fixtures write at the same time: nothing is lost or mixed, and none gets ahead', async (t) => {
  const { ledger } = await book(t);
  const fixtures = Array.from({ length: 32 }, (_, n) => `r${n}`);
  const rounds = 20;
  await Promise.all(
    fixtures.map(async (id, n) => {
      await ledger.openRun(run(id, { mac: mac(n) }));
      for (let i = 0; i < rounds; i++) {
        const stored = await ledger.append(id, 'step', note(`${id} ${i}`));
        assert.equal(stored.seq, i);
      }
    }),
  );
  for (const id of fixtures)
    assert.deepEqual(
      (await ledger.events(id)).map(({ seq, event }) => [seq, event]),
      Array.from({ length: rounds }, (_, i) => [i, note(`${id} ${i}`)]),
    );
  const progress = new Map(fixtures.map((id) => [id, 0]));
  for await (const { kind, run: id } of ledger.exportRows()) {
    if (kind !== 'event') continue;
    progress.set(String(id), (progress.get(String(id)) ?? 0) + 1);
    const counts = [...progress.values()];
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, 'first come, first served');
  }
  assert.equal((await ledger.verify()).rows, 1 + 32 * (1 + rounds));
});

test('writes that wait share one commit, and a refused one leaves its neighbours alone', (t) => {
  const file = join(folder(t), 'ledger.db');
  const at = '2026-11-22T10:00:00.000Z';
  const { db, writer, lock } = openBook({ file, station: 'line-1', at, maxBytes: null });
  t.after(() => {
    db.close();
    lock.release();
  });
  const text = (value: unknown) => ({ at, text: JSON.stringify(value) });
  const event = (what: string) => text({ op: 'append', run: 'r1', step: null, event: note(what) });
  const answers = writer.commit([
    text({ op: 'openRun', run: run('r1', { mac: mac(1), serial: 'SN-1' }) }),
    event('a'),
    text({ op: 'openRun', run: run('r2', { mac: mac(2), serial: 'SN-1' }) }),
    event('b'),
    text({ op: 'append', run: 'nobody', step: null, event: note('x') }),
    text({ op: 'append', run: 'r1', step: null, event: keyMade('key-1') }),
    event('c'),
  ]);
  assert.deepEqual(
    answers.map((answer) => (answer.ok ? answer.value.row : answer.fault.code)),
    [2, 3, 'ledger.duplicate', 4, 'ledger.misuse', 5, 6],
  );
  const rows = db.prepare('SELECT count(*) FROM entries').pluck().get();
  assert.equal(rows, 6);
  assert.equal(writer.head.row, 6);
});

test('another process reads while the station writes', async (t) => {
  const { ledger, file } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  const reader = await openSqliteLedgerForReading(file);
  t.after(() => reader.close());
  assert.equal((await reader.devices({})).length, 1);
  await ledger.openRun(run('r2', { mac: mac(2) }));
  assert.equal((await reader.devices({})).length, 2, 'what was acknowledged is seen at once');
  await assert.rejects(openSqliteLedgerForReading(`${file}-nowhere`), (error) => isFault(error, 'ledger.none'));
});
