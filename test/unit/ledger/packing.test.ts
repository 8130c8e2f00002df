// Bodies are packed on the way to the disk and nowhere else: whatever happens to a transaction, every row is read as it was written.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { canonicalJson } from '../../../main/base/json.ts';
import { ChainCheck } from '../../../main/ledger/chain.ts';
import { Bodies } from '../../../main/ledger/sqlite/bodies.ts';
import { type OpenedBook, openBook } from '../../../main/ledger/sqlite/opening.ts';
import type { WriteRequest } from '../../../main/ledger/sqlite/requests.ts';
import { Rows } from '../../../main/ledger/sqlite/rows.ts';
import { folder, keyMade, mac, noise, note, record, run } from './book.ts';

const at = '2026-11-22T10:00:00.000Z';

function opened(t: TestContext): OpenedBook {
  const book = openBook({ file: join(folder(t), 'ledger.db'), station: 'line-1', at, maxBytes: null });
  t.after(() => {
    book.db.close();
    book.lock.release();
  });
  return book;
}

const commit = ({ writer }: OpenedBook, ...requests: WriteRequest[]) =>
  writer.commit(requests.map((request) => ({ at, text: canonicalJson(request) })));
const say = (id: string, text: string): WriteRequest => ({
  op: 'append',
  run: id,
  step: null,
  event: note(text) as Extract<WriteRequest, { op: 'append' }>['event'],
});
const made = (id: string, n: number): WriteRequest[] => [
  { op: 'openRun', run: run(id, { mac: mac(n) }) },
  { op: 'append', run: id, step: null, event: keyMade(`key-${n}`) as Extract<WriteRequest, { op: 'append' }>['event'] },
];

test('a dictionary that went with its transaction is used no more', (t) => {
  const book = opened(t);
  assert.ok(commit(book, ...made('r1', 1), ...made('r2', 2)).every(({ ok }) => ok));
  book.db.exec(`CREATE TRIGGER no BEFORE INSERT ON entries WHEN new.kind = 'act' BEGIN SELECT RAISE(ABORT, 'no'); END`);
  const act: WriteRequest = { op: 'noteAct', act: { what: 'signed', by: [], about: null, detail: {} } };
  const first = commit(
    book,
    say('r1', noise(500)),
    { op: 'seal', record: record('r1', 1) },
    say('r2', 'x'.repeat(200)),
    act,
  );
  assert.ok(first.every(({ ok }) => !ok));
  book.db.exec('DROP TRIGGER no');
  const again = commit(
    book,
    say('r1', noise(500)),
    { op: 'seal', record: record('r1', 1) },
    say('r2', 'x'.repeat(200)),
  );
  assert.ok(again.every(({ ok }) => ok));
  const rows = new Rows(book.db, new Bodies(book.db));
  const chain = new ChainCheck();
  rows.check(chain, 100);
  assert.equal(chain.end(), null);
  const last = rows.plain(0, 100).at(-1)!;
  assert.match(last.body, /x{200}/);
  assert.ok(Buffer.isBuffer(book.db.prepare('SELECT body FROM entries WHERE row = ?').pluck().get(last.row)));
});

test('a time that a number would not give back stands as it was written', (t) => {
  const book = opened(t);
  const odd = '2026-11-22T10:00:00+00:00';
  book.writer.commit([{ at: odd, text: canonicalJson({ op: 'openRun', run: run('r1') }) }]);
  const rows = new Rows(book.db, new Bodies(book.db));
  assert.equal(rows.plain(0, 10).at(-1)!.at, odd);
  const chain = new ChainCheck();
  rows.check(chain, 100);
  assert.equal(chain.end(), null);
});

test('the newest rows are found without sorting, or going through, all that came before', (t) => {
  const { db } = opened(t);
  const asked = [
    'SELECT row, hash FROM book ORDER BY row DESC LIMIT 1',
    'SELECT hash, row FROM book WHERE row > 1 ORDER BY row LIMIT 500',
    `SELECT row, at, body FROM book WHERE kind = 'checkpoint' ORDER BY row DESC LIMIT 1`,
    `SELECT row, at, body FROM book WHERE kind = 'act' AND what = 'signed' ORDER BY row DESC LIMIT 1`,
  ];
  const plans = asked.map((sql) =>
    (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join('; '),
  );
  for (const plan of plans) assert.doesNotMatch(plan, /TEMP B-TREE/);
  assert.match(plans.at(-1)!, /older_acts_what \(<expr>=\?\).* acts_what \(<expr>=\?\)/);
});
