import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../main/base/clock.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { isFault } from '../../main/model/fault.ts';
import { book, folder } from '../unit/ledger/book.ts';

const program = fileURLToPath(new URL('./ledger-program.ts', import.meta.url));

test('a second writer is refused with the process that holds the book, and admitted once that is gone', async (t) => {
  const file = join(folder(t), 'ledger.db');
  const child = spawn(process.execPath, [program, 'hold', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('holding')) break;
  const open = () => openSqliteLedger({ file, station: 'line-1', clock: systemClock });
  await assert.rejects(open(), (error) => {
    assert.ok(isFault(error, 'ledger.locked'), String(error));
    assert.equal(error.details.pid, child.pid);
    assert.match(error.what, new RegExp(`by process ${child.pid} `));
    return true;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  const ledger = await open();
  assert.equal(ledger.opening.uncleanClose?.pid, child.pid);
  await ledger.close();
});

test('within one process as well', async (t) => {
  const { file, ledger } = await book(t);
  await assert.rejects(
    openSqliteLedger({ file, station: 'line-1', clock: systemClock }),
    (error) => isFault(error, 'ledger.locked') && error.details.pid === process.pid,
  );
  await ledger.close();
  assert.ok(!existsSync(`${file}.holder`));
});

test('what a dead process left behind locks nobody out', async (t) => {
  const file = join(folder(t), 'ledger.db');
  writeFileSync(`${file}.lock`, '');
  // The process number may even be alive again, as somebody else's.
  writeFileSync(`${file}.holder`, JSON.stringify({ pid: process.ppid, since: '2026-11-22T09:00:00.000Z', host: 'h' }));
  const { ledger } = await book(t, { file });
  assert.deepEqual(ledger.opening.uncleanClose, { pid: process.ppid, since: '2026-11-22T09:00:00.000Z' });
});
