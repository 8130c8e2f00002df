import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { systemClock } from '../../../main/base/clock.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { openBook } from '../../../main/ledger/sqlite/opening.ts';
import { witnessFile } from '../../../main/ledger/sqlite/witness.ts';
import { isFault } from '../../../main/model/fault.ts';
import { book, folder, sealBoard } from './book.ts';

/** A closed book of two sealed boards. */
async function closedBook(t: TestContext): Promise<{ file: string; rows: number }> {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  await sealBoard(ledger, 'r2', 2);
  const { rows } = await ledger.verify();
  await ledger.close();
  return { file, rows };
}

/** Works on the file as somebody with a database tool would. */
function withTool(file: string, ...statements: string[]): void {
  const db = new Database(file);
  for (const statement of statements) db.exec(statement);
  db.close();
}

async function verifyFile(file: string) {
  const reader = await openSqliteLedgerForReading(file);
  try {
    return (await reader.verify()).broken;
  } finally {
    await reader.close();
  }
}

test('verify names the row whatever is done to the file', async (t) => {
  const { file } = await closedBook(t);
  const cases: [string, number][] = [
    [`UPDATE entries SET body = replace(body, 'SN-1', 'SN-7') WHERE row = 3`, 3],
    [`UPDATE entries SET body = body || ' ' WHERE row = 4`, 4],
    [`UPDATE entries SET body = 'no json' WHERE row = 4`, 4],
    [`UPDATE entries SET at = '2020-01-01T00:00:00.000Z' WHERE row = 5`, 5],
    [`UPDATE entries SET run = 'r9' WHERE row = 5`, 5],
    [`UPDATE entries SET kind = 'run-ended' WHERE row = 5`, 5],
    [`UPDATE entries SET hash = zeroblob(32) WHERE row = 6`, 6],
    [`UPDATE entries SET prev = zeroblob(32) WHERE row = 6`, 6],
    [`DELETE FROM entries WHERE row = 4`, 4],
    [
      `UPDATE entries SET row = 99 WHERE row = 4; UPDATE entries SET row = 4 WHERE row = 5; UPDATE entries SET row = 5 WHERE row = 99`,
      4,
    ],
    [`DELETE FROM entries WHERE row = 1`, 1],
    [`UPDATE entries SET body = replace(body, 'line-1', 'line-2') WHERE row = 1`, 1],
  ];
  assert.equal(await verifyFile(file), null);
  for (const [statement, row] of cases) {
    const copy = `${file}-tampered`;
    copyFileSync(file, copy);
    withTool(copy, statement);
    assert.equal((await verifyFile(copy))?.row, row, statement);
    assert.throws(
      () => openBook({ file: copy, station: 'line-1', at: '2026-11-22T10:00:00.000Z', maxBytes: null }),
      (error) => isFault(error, 'ledger.damaged') && error.details.row === row,
      statement,
    );
    rmSync(copy);
  }
});

test('a single changed byte of the file is found', async (t) => {
  const { file } = await closedBook(t);
  const bytes = readFileSync(file);
  const at = bytes.indexOf('"serial":"SN-1"}');
  assert.ok(at > 0);
  bytes.writeUInt8(bytes.readUInt8(at + 2) ^ 1, at + 2);
  const copy = join(folder(t), 'ledger.db');
  writeFileSync(copy, bytes);
  assert.notEqual(await verifyFile(copy), null);
});

test('rows cut off the end, an older copy and another book are seen against the witness', async (t) => {
  const { file, rows } = await closedBook(t);
  const open = () => openSqliteLedger({ file, station: 'line-1', clock: systemClock });
  const older = `${file}-older`;
  copyFileSync(file, older);
  const ledger = await open();
  await sealBoard(ledger, 'r3', 3);
  await ledger.close();
  copyFileSync(older, file);
  assert.match((await verifyFile(file))?.reason ?? '', /cut off its end/);
  await assert.rejects(open(), (error) => isFault(error, 'ledger.damaged') && /older copy/.test(error.what));

  const other = await closedBook(t);
  copyFileSync(other.file, file);
  await assert.rejects(open(), (error) => isFault(error, 'ledger.damaged'));

  copyFileSync(older, file);
  rmSync(witnessFile(file));
  const accepted = await open();
  assert.equal(accepted.opening.head.row, rows);
  await accepted.close();
});

test('a head that an auditor remembers must be found', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const { rows, head } = await ledger.verify();
  await sealBoard(ledger, 'r2', 2);
  assert.equal((await ledger.verify({ remembered: [{ row: rows, hash: head }] })).broken, null);
  assert.equal((await ledger.verify({ remembered: [{ row: rows, hash: 'f'.repeat(64) }] })).broken?.row, rows);
  assert.match((await ledger.verify({ remembered: [{ row: 1000, hash: head }] })).broken?.reason ?? '', /cut off/);
});
