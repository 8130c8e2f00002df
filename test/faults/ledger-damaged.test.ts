import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { systemClock } from '../../main/base/clock.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { isAtLeast } from '../../main/ledger/sqlite/schema.ts';
import { isFault } from '../../main/model/fault.ts';
import { soakDamagedPages } from '../soak/damaged-pages.ts';
import { Tally } from '../soak/tally.ts';
import { soakTornLedger } from '../soak/torn-ledger.ts';
import { book, folder, sealBoard } from '../unit/ledger/book.ts';

const open = (file: string) => openSqliteLedger({ file, station: 'line-1', clock: systemClock });

async function closedBook(t: TestContext): Promise<string> {
  const { ledger, file } = await book(t);
  for (let n = 0; n < 5; n++) await sealBoard(ledger, `r${n}`, n);
  await ledger.close();
  return file;
}

test('a file that is no database is refused', async (t) => {
  const file = join(folder(t), 'ledger.db');
  writeFileSync(file, 'this is no database, but it is long enough to be taken for one at first sight\n'.repeat(100));
  await assert.rejects(open(file), (error) => isFault(error, 'ledger.damaged'));
  await assert.rejects(openSqliteLedgerForReading(file), (error) => isFault(error, 'ledger.damaged'));
});

test('the database of another program is refused and stays as it is', async (t) => {
  const file = join(folder(t), 'ledger.db');
  const db = new Database(file);
  db.exec('CREATE TABLE theirs (x)');
  db.close();
  const before = readFileSync(file);
  await assert.rejects(open(file), (error) => isFault(error, 'ledger.damaged') && /no ledger/.test(error.what));
  assert.deepEqual(readFileSync(file), before);
});

test('a book of a newer version is refused and stays as it is', async (t) => {
  const file = await closedBook(t);
  const db = new Database(file);
  db.pragma('user_version = 99');
  db.pragma('journal_mode = DELETE');
  db.close();
  const before = readFileSync(file);
  await assert.rejects(open(file), (error) => isFault(error, 'ledger.version') && error.details.schema === 99);
  assert.deepEqual(readFileSync(file), before);
});

test('overwritten pages and a file cut short are found at the opening or at the first question', async (t) => {
  for (const damage of ['cut', 'overwrite'] as const) {
    const file = await closedBook(t);
    if (damage === 'cut') truncateSync(file, Math.floor(statSync(file).size / 2));
    else {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4096);
      writeFileSync(file, bytes);
    }
    await assert.rejects(open(file), (error) => isFault(error, 'ledger.damaged'), damage);
  }
});

test('an SQLite with the WAL-reset defect is told from one without', () => {
  assert.ok(isAtLeast('3.51.3', '3.51.3'));
  assert.ok(isAtLeast('3.54.1', '3.51.3'));
  assert.ok(isAtLeast('4.0.0', '3.51.3'));
  assert.ok(!isAtLeast('3.51.2', '3.51.3'));
  assert.ok(!isAtLeast('3.9.9', '3.51.3'));
});

test('a ledger whose supply goes as it writes, starts for the first time or is brought up to date: the next start has all that was told', () => {
  const tally = new Tally();
  soakTornLedger(1, 40, tally);
  assert.deepEqual(tally.lines(), []);
  assert.equal(tally.kinds.size, 3);
});

test('pages that a disk gives back as zeros, noise, in half or with one bit changed: told as damage, or without effect', () => {
  const tally = new Tally();
  soakDamagedPages(1, 40, tally);
  assert.deepEqual(tally.lines(), []);
});

test('a bit of a table of another letter: told as damage of the file, wherever it is met', async (t) => {
  const changes = {
    'JSON in a table': `UPDATE devices SET recipe = replace(recipe, '"hash":', '"hash" ')`,
    'the name of a column': `UPDATE sqlite_schema SET sql = replace(sql, 'last_run', 'lastzrun') WHERE name = 'devices'`,
    'a function of an index': `UPDATE sqlite_schema SET sql = replace(sql, 'substr', 'subsdr') WHERE name = 'devices_mac_end'`,
    'a collation': `UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'NOCASM') WHERE name = 'devices'`,
    'an option of the index of serial numbers': `UPDATE sqlite_schema SET sql = replace(sql, 'content=', 'contend=') WHERE name = 'serial_parts'`,
    'the index of serial numbers': `UPDATE serial_parts_config SET v = 0`,
  };
  for (const [what, change] of Object.entries(changes)) {
    const file = await closedBook(t);
    const db = new Database(file);
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.exec(change);
    db.close();
    const met: unknown[] = [];
    const look = async (work: () => Promise<unknown>) => void (await work().catch((error) => met.push(error)));
    await look(async () => {
      const reader = await openSqliteLedgerForReading(file);
      await look(() => reader.devices({ text: 'N-2' }));
      await look(() => reader.verify());
      await reader.close();
    });
    await look(async () => {
      const writer = await open(file);
      await look(() => sealBoard(writer, 'r9', 9));
      await writer.close();
    });
    assert.ok(met.length > 0, what);
    for (const error of met) assert.ok(isFault(error, 'ledger.damaged'), `${what}: ${String(error)}`);
  }
});

test('a damaged lock file is told as that, and the ledger is whole once it is removed', async (t) => {
  const file = await closedBook(t);
  const before = readFileSync(file);
  writeFileSync(`${file}.lock`, 'x'.repeat(5000));
  await assert.rejects(
    open(file),
    (error) =>
      isFault(error, 'ledger.lock-damaged') &&
      error.what.includes(`${file}.lock`) &&
      /remove that file/.test(error.next),
  );
  assert.deepEqual(readFileSync(file), before);
  rmSync(`${file}.lock`);
  const ledger = await open(file);
  assert.equal((await ledger.verify()).broken, null);
  await ledger.close();
});
