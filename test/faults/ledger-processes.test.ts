// The ledger's threads as processes of their own, as the desktop program runs them: each side outlives the other, and the book both.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { forkLine } from '../../main/base/process-line.ts';
import { type FromThread, processThread, type ToThread, threadFile } from '../../main/ledger/sqlite/link.ts';
import { isFault } from '../../main/model/fault.ts';
import { book, folder, mac, note, run } from '../unit/ledger/book.ts';

const program = fileURLToPath(new URL('./ledger-program.ts', import.meta.url));

/** Starts such processes and remembers them, the writer first. */
function watched() {
  const pids: number[] = [];
  const launch = () => {
    const line = forkLine<ToThread, FromThread>(threadFile, {});
    pids.push(line.pid!);
    return processThread(line);
  };
  return { pids, launch };
}

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a writer that dies is told as what it is, nothing is acknowledged any more, and the book keeps what was', async (t) => {
  const { pids, launch } = watched();
  const { file, ledger } = await book(t, { launch });
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', null, note('kept'));
  process.kill(pids[0]!, 'SIGTERM'); // as a service manager does to the whole program: the station decides when it ends
  await ledger.append('r1', null, note('kept too'));
  const lost = ledger.append('r1', null, note('on its way'));
  process.kill(pids[0]!, 'SIGKILL');
  await lost.catch(() => undefined);
  await assert.rejects(ledger.append('r1', null, note('never')), (error) => {
    assert.ok(isFault(error, 'ledger.closed'), String(error));
    assert.match(error.what, /its process ended by SIGKILL/);
    return true;
  });
  assert.ok((await ledger.events('r1')).length >= 2, 'who only asks is still answered');
  await ledger.close().catch(() => undefined);
  assert.deepEqual(pids.filter(isThere), []);

  const { ledger: again } = await book(t, { file });
  assert.equal(again.opening.uncleanClose?.pid, pids[0]);
  const events = (await again.events('r1')).map(({ event }) => event);
  assert.deepEqual(events.slice(0, 2), [note('kept'), note('kept too')]);
  assert.ok(events.length <= 3, 'the last one was refused');
  assert.equal((await again.verify()).broken, null);
});

test('the processes of a program that crashed close the book and leave it to the next', async (t) => {
  const file = join(folder(t), 'ledger.db');
  const child = spawn(process.execPath, [program, 'hold', file], {
    env: { ...process.env, LEDGER_PROCESSES: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('holding')) break;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  for (const end = Date.now() + 20_000; ; )
    try {
      const { ledger } = await book(t, { file });
      // they heard of the end of their program, and closed in order
      assert.equal(ledger.opening.uncleanClose, null);
      break;
    } catch (error) {
      assert.ok(isFault(error, 'ledger.locked') && Date.now() < end, String(error));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
});
