// Copies of the ledger: made while the line writes, whole or not there, and put back; every state in which a crash can leave either.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, linkSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { systemClock } from '../../main/base/clock.ts';
import { openSqliteLedger, openSqliteLedgerForReading, restoreSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { isFault } from '../../main/model/fault.ts';
import { book, folder, keyMade, mac, run, sealBoard } from '../unit/ledger/book.ts';

const restore = (file: string, from: string) =>
  restoreSqliteLedger({ file, from, by: ['qa-1', 'qa-2'], clock: systemClock });
const isBackup = (says: RegExp) => (error: unknown) => isFault(error, 'ledger.backup') && says.test(error.what);

async function audited(file: string) {
  const reader = await openSqliteLedgerForReading(file);
  try {
    return await reader.verify();
  } finally {
    await reader.close();
  }
}

/** A book with a backup after its first board, and a second board since; closed. */
async function backedUp(t: TestContext) {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const copy = join(folder(t), 'copy.sqlite');
  const { rows, head } = await ledger.backup(copy);
  await sealBoard(ledger, 'r2', 2);
  const newest = await ledger.verify();
  await ledger.close();
  return { file, copy, rows, head, newest };
}

test('a copy is made while fixtures write, for its owner alone, and holds by itself', async (t) => {
  const { ledger } = await book(t);
  const at = folder(t);
  const writing = Promise.all([1, 2, 3, 4].map((n) => sealBoard(ledger, `r${n}`, n)));
  const copies = [0, 1, 2].map((n) => join(at, `copy-${n}`));
  for (const copy of copies) await ledger.backup(copy);
  await writing;
  await ledger.openRun(run('open', { mac: mac(9) }));
  await ledger.append('open', 'prepare', keyMade('key-9', new Uint8Array(72).fill(9)));
  const last = join(at, 'last');
  const { rows } = await ledger.backup(last);
  assert.equal(rows, (await ledger.verify()).rows);
  for (const copy of [...copies, last]) {
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    const { broken, edited } = await audited(copy);
    assert.deepEqual([broken, edited], [null, null]);
  }
  assert.deepEqual(
    readdirSync(at).filter((name) => name.includes('.part')),
    [],
  );
  await assert.rejects(ledger.backup(last), isBackup(/is there already/));
  await assert.rejects(ledger.backup(join(at, 'no', 'folder')), isBackup(/cannot be written/));
});

test('a book that does not hold gives no copy', async (t) => {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const db = new Database(file);
  db.exec(`UPDATE devices SET serial = 'SN-7'`);
  db.close();
  const copy = join(folder(t), 'copy');
  await assert.rejects(ledger.backup(copy), isBackup(/does not hold: serial of/));
  assert.ok(!existsSync(copy) && !existsSync(`${copy}.part`));
});

test('a backup that is put back says what is missing, and the old file stays', async (t) => {
  const { file, copy, rows, head, newest } = await backedUp(t);
  const report = await restore(file, copy);
  assert.deepEqual(report.head, { row: rows, hash: head });
  assert.deepEqual(report.before, { row: newest.rows, hash: newest.head });
  assert.equal(report.lostRows, newest.rows - rows);
  assert.deepEqual(report.lostDevices, [{ mac: mac(2), serial: 'SN-2' }]);
  assert.equal((await audited(report.aside!)).rows, newest.rows);
  const ledger = await openSqliteLedger({ file, station: 'line-1', clock: systemClock });
  t.after(() => ledger.close());
  assert.equal(ledger.opening.head.row, rows + 1);
  const detail = { lostRows: report.lostRows, upTo: rows, before: newest.rows, beforeHash: newest.head };
  const [act] = await ledger.acts({ what: 'ledger-restored', limit: 1 });
  assert.deepEqual([act?.row, act?.by, act?.detail], [rows + 1, ['qa-1', 'qa-2'], detail]);
  await sealBoard(ledger, 'r3', 3);
  assert.equal((await ledger.verify()).broken, null);
});

test('it goes into an empty place, over a damaged file, and over one whose log was not closed', async (t) => {
  const { copy, rows } = await backedUp(t);
  const empty = join(folder(t), 'ledger.db');
  assert.deepEqual([(await restore(empty, copy)).aside, (await audited(empty)).rows], [null, rows + 1]);
  const damaged = join(folder(t), 'ledger.db');
  writeFileSync(damaged, 'no database at all'.repeat(1000));
  const report = await restore(damaged, copy);
  assert.deepEqual([report.lostRows, (await audited(damaged)).rows], [0, rows + 1]);
  assert.match(readFileSync(report.aside!, 'utf8'), /^no database at all/);
  // a station that was killed leaves its log: it must never be put into the restored file
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const killed = join(folder(t), 'ledger.db');
  for (const end of ['', '-wal', '.head']) if (existsSync(file + end)) copyFileSync(file + end, killed + end);
  assert.ok(existsSync(`${killed}-wal`));
  await restore(killed, copy);
  assert.ok(!existsSync(`${killed}-wal`));
  assert.equal((await audited(killed)).broken, null);
});

test('what is no backup, another station and a station that has the ledger open are refused, and nothing is touched', async (t) => {
  const { file, copy, newest } = await backedUp(t);
  const other = await book(t, { station: 'line-2' });
  const foreign = join(folder(t), 'foreign');
  await other.ledger.backup(foreign);
  await assert.rejects(restore(file, foreign), isBackup(/of station 'line-2', and here is that of 'line-1'/));
  await assert.rejects(restore(file, `${copy}.not`), isBackup(/cannot be read/));
  const cut = join(folder(t), 'cut');
  writeFileSync(cut, readFileSync(copy).subarray(0, 20_000));
  await assert.rejects(restore(file, cut), isBackup(/no ledger that can be read|does not hold/));
  const ledger = await openSqliteLedger({ file, station: 'line-1', clock: systemClock });
  t.after(() => ledger.close());
  await assert.rejects(restore(file, copy), (error) => isFault(error, 'ledger.locked'));
  assert.equal((await ledger.verify()).head, newest.head);
});

test('whatever a crash leaves, the same command again ends it', async (t) => {
  const { file, copy, rows, newest } = await backedUp(t);
  const states: Record<string, () => void> = {
    'a half copy': () => writeFileSync(`${file}.restoring`, 'half'),
    'a copy in which its row was being written': () =>
      ['', '-wal', '-shm', '.lock'].map((end) => writeFileSync(`${file}.restoring${end}`, 'half')),
    'the old file under its second name': () => linkSync(file, `${file}.before-x`),
    'the new file in its place, the head beside it not yet': () => {
      copyFileSync(copy, file);
      writeFileSync(`${file}.head`, JSON.stringify({ row: newest.rows, hash: newest.head }));
    },
  };
  for (const [state, make] of Object.entries(states)) {
    make();
    if (state.startsWith('the new'))
      await assert.rejects(openSqliteLedger({ file, station: 'line-1', clock: systemClock }), (error) =>
        isFault(error, 'ledger.damaged'),
      );
    const report = await restore(file, copy);
    assert.equal(report.head.row, rows, state);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal((await audited(file)).broken, null, state);
    assert.ok(!readdirSync(dirname(file)).some((name) => name.includes('.restoring')), state);
    const reader = await openSqliteLedgerForReading(file);
    assert.equal(
      (await reader.acts({ what: 'ledger-restored', limit: 9 })).length,
      1,
      `${state}: the ledger says so itself`,
    );
    await reader.close();
  }
  writeFileSync(`${copy}-2.part`, 'half');
  const reader = await openSqliteLedgerForReading(file);
  t.after(() => reader.close());
  assert.equal((await reader.backup(`${copy}-2`)).rows, rows + 1);
});
