// Gates that a face might walk around: real boards get what was approved, from people who are known.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { stationConfigFolder } from '../../main/start/program-folder.ts';
import { peopleOf, settingsOf } from '../../main/start/settings.ts';
import { admitWork } from '../../main/station/work-gate.ts';
import { recipeNamed } from '../stories/stage.ts';
import { p4, pinOf, stationIn, terminal } from './terminal-rig.ts';

test('a real board is touched by nobody unknown, with nothing unapproved, whatever is typed', async (t) => {
  const { run, people, opened, data } = terminal(t);
  const board = ['provision', '--recipe', p4, '--port', 'socket://127.0.0.1:4000'];
  assert.deepEqual(await run(...board), [2, 'session.nobody']);
  assert.deepEqual(await run(...board, '--operator', 'op'), [2, 'session.refused'], 'whom nobody knows');
  await people();
  assert.deepEqual(await run(...board, '--operator', 'qa'), [2, 'session.role']);
  assert.deepEqual(await run(...board, '--operator', 'op'), [2, 'work.not-approved']);
  const p = ['recipe', 'approve', p4, '--by'];
  assert.deepEqual(await run(...p, 'en'), [2, 'recipe.author-unknown']);
  assert.deepEqual(await run(...p, 'op'), [2, 'session.role']);
  assert.deepEqual(await run('recipe', 'submit', p4, '--by', 'al'), [2, 'session.role']);
  assert.deepEqual(await run('recipe', 'submit', p4, '--by', 'en'), [0, null]);
  assert.deepEqual(await run(...p, 'en'), [2, 'recipe.own']);
  assert.equal(opened.length, 0, 'no port was opened for any of that');
  assert.deepEqual(await run(...p, 'bo'), [0, null]);
  opened.length = 0;
  // a waiver of the run makes another form of it, which nobody approved
  assert.deepEqual(await run(...board, '--operator', 'op', '--waive', 'boot-proof=no time'), [2, 'work.not-approved']);
  assert.equal(opened.length, 0);
  assert.deepEqual(await run(...board, '--operator', 'op'), [0, null]);
  const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
  const [sealed] = await ledger.devices({ outcome: 'sealed' });
  assert.ok(sealed);
  const signed = await ledger.acts({ what: 'signed' });
  assert.ok(
    signed.length >= 2 &&
      signed.every(({ by, detail }) => by[0] === 'op' && /^[0-9a-f]{64}$/.test(String(detail.digest))),
  );
  await ledger.close();
  writeFileSync(join(data, 'station.yaml'), 'fuseline: 1\nstation: fuseline\ndevelopment: true\n');
  const development = join(stationConfigFolder, 'recipes/esp32p4-development.yaml');
  await run('provision', '--recipe', development, '--port', 'socket://127.0.0.1:4001');
  assert.ok(opened.includes('socket://127.0.0.1:4001'));
  assert.ok(
    (await terminalActs(data)).some((act) => act.startsWith('development-work')),
    'the ledger says that it was development',
  );
});

async function terminalActs(data: string): Promise<string[]> {
  const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
  const acts = (await ledger.acts({})).map(({ what }) => what);
  await ledger.close();
  return acts;
}

test('the gate stands in the station, below every face', async (t) => {
  const { data, people } = terminal(t);
  await people();
  const station = await stationIn(data, () => assert.fail('a port was opened'));
  t.after(() => station.close());
  const job = (operator: string | null) =>
    station.provision({
      loaded: recipeNamed('esp32p4-production'),
      fixtures: [
        { name: 'a', address: 'virtual:esp32p4' },
        { name: 'b', address: 'usb:1-2' },
      ],
      count: null,
      order: null,
      operator,
      serials: [],
      resetBy: 'lines',
      signal: new AbortController().signal,
    });
  for (const [operator, code] of [
    [null, 'work.nobody'],
    ['first-start', 'work.nobody'],
    ['qa', 'work.role'],
    ['op', 'work.not-approved'],
  ] as const)
    await assert.rejects(job(operator), { code });
});

test('one custodian alone opens no real board', async (t) => {
  const { data, run } = terminal(t);
  await peopleOf({ data }).save({
    id: 'al',
    name: 'Al',
    roles: ['custodian', 'engineer'],
    pin: pinOf('al'),
    badge: null,
  });
  const board = ['provision', '--recipe', p4, '--port', 'socket://127.0.0.1:4000', '--operator', 'al'];
  assert.deepEqual(await run(...board), [2, 'work.one-custodian']);
});

test('signatures of a token that protects something are not had by way of a virtual board, nor under the name of another', async (t) => {
  const { data, people, run, opened } = terminal(t, () => 'guess-1');
  await people();
  const ledger = { recipeStates: async () => [], noteAct: async () => undefined };
  const gate = (operator: string | null, embeddedToken: boolean, known = peopleOf({ data })) =>
    admitWork(
      { loaded: recipeNamed('esp32p4-production'), fixtures: [{ name: 'a', address: 'virtual:esp32p4' }], operator },
      { ledger, people: known, development: false, embeddedToken },
    );
  for (const [operator, code] of [
    [null, 'work.nobody'],
    ['qa', 'work.role'],
    ['op', 'work.not-approved'],
  ] as const)
    await assert.rejects(gate(operator, false), { code });
  await gate('en', false);
  await gate(null, true);
  await gate(null, false, peopleOf({ data: join(data, 'nobody') }));
  const virtual = ['provision', '--recipe', p4, '--port', 'virtual:esp32p4'];
  assert.deepEqual(await run(...virtual, '--operator', 'op'), [2, 'session.refused']);
  assert.deepEqual(opened, []);
});

test('a station with people becomes one for development by no file of whoever types', async (t) => {
  const { data, people } = terminal(t);
  const theirs = join(data, 'theirs.yaml');
  writeFileSync(theirs, 'fuseline: 1\nstation: fuseline\ndevelopment: true\n');
  assert.equal(settingsOf({ data, station: theirs }).development, true, 'nobody would be asked anyway');
  await people();
  assert.throws(() => settingsOf({ data, station: theirs }), { code: 'station.development' });
  writeFileSync(join(data, 'station.yaml'), 'fuseline: 1\nstation: fuseline\ndevelopment: true\n');
  assert.equal(settingsOf({ data, station: join(data, 'station.yaml') }).development, true);
});
