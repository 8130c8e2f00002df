// One person who would end what was begun of a board, or two who may not: its keys would be gone for ever.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { devicePageOf } from '../../main/station/desk/reports/device-page.ts';
import { keyMade, mac, record, run } from '../unit/ledger/book.ts';
import { pinOf, terminal } from './terminal-rig.ts';

/** A station with people whose ledger knows boards: 1 half done, 2 sealed, 3 condemned by a run. */
async function station(t: TestContext, types?: (id: string) => string) {
  const line = terminal(t, types);
  await line.people();
  const file = join(line.data, 'ledger.sqlite');
  const ledger = await openSqliteLedger({ file, station: 'fuseline', clock: systemClock });
  for (const n of [1, 2, 3]) {
    await ledger.openRun(run(`r${n}`, { mac: mac(n), serial: `SN-${n}` }));
    await ledger.append(`r${n}`, 'prepare', keyMade(`key-${n}`, Uint8Array.of(n)));
  }
  await ledger.seal(record('r2', 2, { serial: 'SN-2', identity: null, keys: [] }));
  await ledger.condemn(mac(3), 'r3', 'burn.readback-differs: a bit is gone.', { keepKeys: true });
  await ledger.close();
  const history = async (n: number) => {
    const reader = await openSqliteLedgerForReading(file);
    try {
      return await reader.history(mac(n));
    } finally {
      await reader.close();
    }
  };
  return { ...line, history };
}

const reason = ['--reason', 'the housing is broken'];

test('a board is condemned or released by two who answer for boards, and by nobody else', async (t) => {
  const { run: type, history } = await station(t);
  const act = (what: string, device: string, ...words: string[]) => type('board', what, device, ...words);
  assert.deepEqual(await act('condemn', mac(1), ...reason), [2, 'session.nobody']);
  assert.deepEqual(await act('release', mac(1), ...reason, '--by', 'op', '--second', 'qa'), [2, 'session.role']);
  assert.deepEqual(await act('condemn', mac(1), ...reason, '--by', 'qa'), [2, 'board.two']);
  assert.deepEqual(await act('release', mac(1), ...reason, '--by', 'qa', '--second', 'qa'), [2, 'board.two']);
  assert.deepEqual(await act('condemn', mac(1), ...reason, '--by', 'qa', '--second', 'op'), [2, 'board.second']);
  assert.deepEqual(await act('release', mac(1), '--reason', 'old', '--by', 'qa', '--second', 'en'), [
    2,
    'board.reason',
  ]);
  assert.deepEqual(await act('condemn', mac(9), ...reason, '--by', 'qa', '--second', 'en'), [2, 'board.unknown']);
  assert.deepEqual(await act('release', 'SN-2', ...reason, '--by', 'qa', '--second', 'en'), [2, 'board.sealed']);
  const { condemned, released, openKeys } = await history(1);
  assert.deepEqual([condemned, released, openKeys.length], [null, null, 1]);
});

test('a second one who does not know the own PIN is nobody, and that is a row', async (t) => {
  const { run: type, history, data } = await station(t, (id) => (id === 'en' ? 'guess-1' : pinOf(id)));
  assert.deepEqual(await type('board', 'release', mac(1), ...reason, '--by', 'qa', '--second', 'en'), [
    2,
    'session.refused',
  ]);
  assert.equal((await history(1)).openKeys.length, 1);
  const reader = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
  const notes: string[] = [];
  for await (const { kind, body } of reader.exportRows()) if (kind === 'session') notes.push(JSON.stringify(body));
  await reader.close();
  assert.ok(notes.some((note) => note.includes('call-refused') && note.includes(`release ${mac(1)}`)));
});

test('condemned by two: who and why stand in the book, keys are gone, a first reason stays', async (t) => {
  const { run: type, history } = await station(t);
  assert.deepEqual(await type('board', 'condemn', 'SN-1', ...reason, '--by', 'qa', '--second', 'en'), [0, null]);
  const mine = await history(1);
  assert.deepEqual([mine.condemned?.by, mine.condemned?.reason], [['qa', 'en'], 'the housing is broken']);
  assert.equal(mine.openKeys.length, 0);
  const before = (await history(3)).condemned;
  assert.deepEqual(await type('board', 'condemn', mac(3), ...reason, '--by', 'en', '--second', 'bo'), [0, null]);
  const spoiled = await history(3);
  assert.deepEqual([spoiled.condemned, spoiled.openKeys.length], [before, 0]);
});

test('released by two: open again, without its keys', async (t) => {
  const { run: type, history } = await station(t);
  const bare = mac(3).replaceAll(':', '').toUpperCase();
  assert.deepEqual(await type('board', 'release', bare, ...reason, '--by', 'en', '--second', 'qa'), [0, null]);
  const { condemned, released, openKeys } = await history(3);
  assert.deepEqual([condemned, released?.by, openKeys], [null, ['en', 'qa'], []]);
  const page = devicePageOf(await history(3), { station: 'fuseline', at: '2026-11-22T12:00:00.000Z' });
  assert.ok(page.sections.some(({ rows }) => rows[0]?.[1] === 'the housing is broken (en and qa)'));
});
