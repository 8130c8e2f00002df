import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../main/base/clock.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { isFault } from '../../main/model/fault.ts';
import { book, folder } from '../unit/ledger/book.ts';

const program = fileURLToPath(new URL('./ledger-program.ts', import.meta.url));
const open = (file: string) => openSqliteLedger({ file, station: 'line-1', clock: systemClock });

test('a data folder on a read-only disk is refused with a sentence', (t) => {
  // A read-only mount in a namespace of its own: rights of files do not hold root back.
  const at = join(folder(t), 'disk');
  mkdirSync(at);
  const mount = `mount -t tmpfs -o size=1m,ro none '${at}'`;
  if (spawnSync('unshare', ['-rm', 'sh', '-c', mount]).status !== 0)
    return t.skip('this machine does not let a test mount a read-only file system');
  for (const file of [`${at}/ledger.db`, `${at}/deeper/ledger.db`]) {
    const command = `'${process.execPath}' '${program}' open '${file}'`;
    const { stdout } = spawnSync('unshare', ['-rm', 'sh', '-c', `${mount} && ${command}`], { encoding: 'utf8' });
    assert.equal(JSON.parse(stdout).fault?.code, 'ledger.read-only', stdout);
  }
});

test('a data folder that is a file, and a book that is a folder, are refused with a sentence', async (t) => {
  const at = folder(t);
  writeFileSync(join(at, 'file'), 'x');
  await assert.rejects(open(join(at, 'file', 'ledger.db')), (error) => isFault(error, 'ledger.read-only'));
  mkdirSync(join(at, 'ledger.db'));
  await assert.rejects(open(join(at, 'ledger.db')), (error) => isFault(error, 'ledger.read-only'));
});

test('the book of another station is refused', async (t) => {
  const { ledger, file } = await book(t);
  await ledger.close();
  await assert.rejects(
    openSqliteLedger({ file, station: 'line-2', clock: systemClock }),
    (error) => isFault(error, 'ledger.station') && /line-1/.test(error.what),
  );
  const again = await book(t, { file });
  assert.equal(again.ledger.opening.uncleanClose, null, 'a refused opening leaves no trace of a crash');
});
