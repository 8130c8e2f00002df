// Gates that a face might walk around: the terminal is asked who types, real boards get what was approved, signatures are rows.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import type { CliContext } from '../../main/cli/context.ts';
import { runCommand } from '../../main/cli/program.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { noOtherToken } from '../../main/signing/token-ring.ts';
import { createStation } from '../../main/start/compose.ts';
import { peopleOf, programVersion, settingsOf, stationConfigFolder } from '../../main/start/real-parts.ts';
import { createVirtualBench } from '../../main/virtual/bench/bench.ts';
import { recipeNamed } from '../stories/stage.ts';
import { testFolder } from '../stories/terminal.ts';
import { ScriptedSigner } from '../unit/station/scripted-signer.ts';

const p4 = join(stationConfigFolder, 'recipes/esp32p4-production.yaml');
const pinOf = (id: string) => `${id}-271828`;

/** A token in memory that keeps no list of its keys. */
class Token extends ScriptedSigner {
  readonly status = async () => ({
    label: 'scripted',
    serial: '1',
    module: '',
    manufacturer: '',
    model: '',
    firmware: '',
    healthy: true,
    signMs: 1,
    pinCountLow: false,
  });
  readonly keys = async () => [];
  readonly generateKey = (key: { label: string }) => this.findKey(key);
}

async function stationIn(data: string, openPort: CliContext['openPort']) {
  const ledger = await openSqliteLedger({ file: join(data, 'ledger.sqlite'), station: 'fuseline', clock: systemClock });
  return createStation({
    name: 'fuseline',
    software: { name: 'fuseline', version: '0' },
    ledger,
    signer: new Token().signer,
    openPort,
    clock: systemClock,
    random: systemRandom,
    people: peopleOf({ data }),
    development: settingsOf({ data }).development,
  });
}

/** The terminal in this process, with people who type the PINs that `types` gives. */
function terminal(t: TestContext, types: (id: string) => string = pinOf) {
  const data = testFolder(t);
  const bench = createVirtualBench({});
  t.after(() => bench.close());
  const opened: string[] = [];
  const open: CliContext['openPort'] = (address, how) => {
    opened.push(address);
    return bench.open(address.startsWith('virtual:') ? address : 'virtual:esp32p4?rev=v3.1&pacing=none', how);
  };
  const said: string[] = [];
  const line = (text: string) => void said.push(text);
  const places = { data };
  const context = {
    version: programVersion(),
    streams: { answer: line, say: line, live: false, columns: 100, redraw: () => undefined },
    clock: systemClock,
    random: systemRandom,
    openPort: open,
    stationConfig: stationConfigFolder,
    openStation: (options: { data?: string }) => stationIn(options.data ?? data, open),
    openLedger: () => openSqliteLedgerForReading(join(data, 'ledger.sqlite')),
    openSigner: async () => ({ signer: new Token().signer, embedded: true, openToken: noOtherToken }),
    hasEmbeddedToken: () => true,
    dataFolder: () => data,
    settings: () => settingsOf(places),
    people: () => peopleOf(places),
    askSecret: async (question: string) =>
      SecretBytes.take(new TextEncoder().encode(types(/PIN of (\S+)/.exec(question)![1]!))),
    fixtures: () => [],
    onInterrupt: () => () => undefined,
    temporaryFolder: () => ({ folder: testFolder(t), remove: () => undefined }),
  } as unknown as CliContext;
  return {
    data,
    opened,
    /** Exit status and the fault's code, if one was told. */
    async run(...words: string[]): Promise<[number, string | null]> {
      said.length = 0;
      const status = await runCommand([...words, '--data', data], context);
      return [status, /\[([a-z-]+\.[a-z-]+)\]/.exec(said.join('\n'))?.[1] ?? null];
    },
    async people(): Promise<void> {
      const people = peopleOf(places);
      for (const [id, roles] of [
        ['al', ['custodian']],
        ['bo', ['custodian', 'engineer']],
        ['en', ['engineer']],
        ['op', ['operator']],
        ['qa', ['qa']],
      ] as const)
        await people.save({ id, name: id, roles, pin: pinOf(id), badge: null });
    },
    async acts(): Promise<string[]> {
      const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
      const acts = (await ledger.acts({})).map(({ what, by, about }) => `${what} ${by.join('+')} ${about}`);
      await ledger.close();
      return acts;
    },
  };
}

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

test('keys, certificates and signatures of a station with people are theirs, and rows', async (t) => {
  const { run, people, acts, data } = terminal(t);
  const application = join(stationConfigFolder, 'firmware/esp32p4-v3/fuseline_demo.bin');
  const sign = (...words: string[]) =>
    run(
      'image',
      'sign',
      application,
      '--key',
      'secure-boot-1',
      '--out',
      join(data, `signed${Math.random()}`),
      ...words,
    );
  // nobody is known, the token protects nothing: free, but booked
  assert.deepEqual(await run('token', 'init', '--recipe', p4), [0, null]);
  assert.deepEqual(await sign(), [0, null]);
  assert.deepEqual(await acts(), ['signed  secure-boot-1', 'keys-made  esp32p4-production']);
  await people();
  assert.deepEqual(await sign(), [2, 'session.nobody']);
  assert.deepEqual(await sign('--by', 'op'), [2, 'session.role']);
  assert.deepEqual(await sign('--by', 'en'), [0, null]);
  assert.deepEqual((await acts())[0], 'signed en secure-boot-1');
  for (const words of [
    ['token', 'init', '--recipe', p4],
    ['token', 'keys', '--make', 'rsa-3072', '--label', 'own'],
    ['token', 'certificate', '--recipe', p4],
  ]) {
    assert.deepEqual(await run(...words), [2, 'session.nobody'], words.join(' '));
    assert.deepEqual(await run(...words, '--by', 'en'), [2, 'session.role'], words.join(' '));
  }
  assert.equal((await acts()).length, 3);
});

test('a credential file is made by two, known to the ledger, its owner’s alone, and guessed as slowly as a PIN', async (t) => {
  const { run, people, acts, data } = terminal(t);
  await people();
  const [file, second] = [join(data, 'en.credential'), join(data, 'en2.credential')];
  const make = (out: string, ...words: string[]) => run('people', 'credential', 'en', '--out', out, ...words);
  assert.deepEqual(await make(file, '--by', 'en'), [2, 'session.role']);
  assert.deepEqual(await make(file, '--by', 'al'), [2, 'people.two']);
  assert.deepEqual(await make(file, '--by', 'al', '--second', 'bo'), [0, null]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const submit = (credential: string) => run('recipe', 'submit', p4, '--credential', credential);
  assert.deepEqual(await submit(file), [0, null]);
  const { key } = JSON.parse(readFileSync(file, 'utf8')) as { key: string };
  for (const place of ['operators.json', 'ledger.sqlite'])
    assert.ok(!readFileSync(join(data, place)).includes(key), place);
  chmodSync(file, 0o644);
  assert.deepEqual(await submit(file), [2, 'cli.credential']);
  chmodSync(file, 0o600);
  // a newer one takes its place
  assert.deepEqual(await make(second, '--by', 'al', '--second', 'bo'), [0, null]);
  assert.deepEqual(await submit(file), [2, 'cli.credential']);
  assert.deepEqual(await submit(second), [0, null]);
  // one that somebody wrote into the list beside the ledger opens nothing
  writeFileSync(file, JSON.stringify({ id: 'bo', key }), { mode: 0o600 });
  await peopleOf({ data }).saveKey('bo', key);
  assert.deepEqual(await submit(file), [2, 'cli.credential']);
  assert.ok((await acts()).includes('credential-made al+bo en'));
});

test('wrong PINs at the terminal are counted with those of the desk', async (t) => {
  const { run, people } = terminal(t, () => 'guess-1');
  await people();
  const approve = () => run('recipe', 'submit', p4, '--by', 'en');
  for (let at = 0; at < 3; at++) assert.deepEqual(await approve(), [2, 'session.refused']);
  assert.deepEqual(await approve(), [2, 'session.wait']);
});
