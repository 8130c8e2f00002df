// Keys, signatures and sign-ins of the terminal: whose they are, and that they are rows.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stationConfigFolder } from '../../main/start/program-folder.ts';
import { peopleOf } from '../../main/start/settings.ts';
import { p4, terminal } from './terminal-rig.ts';

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
  const codes: (string | null)[] = [];
  // a slow computer may let the first waits pass
  while (codes.length < 8 && codes.at(-1) !== 'session.wait') codes.push((await approve())[1]);
  assert.equal(codes.at(-1), 'session.wait');
  assert.ok(codes.slice(0, 3).every((code) => code === 'session.refused'));
});

test('wrapping keys open nothing, and no older ledger is put in place, without people who may', async (t) => {
  const { run, people, acts, data } = terminal(t);
  const backup = join(data, 'backup.sqlite');
  assert.deepEqual(await run('token', 'init', '--recipe', p4), [0, null]);
  assert.deepEqual(await run('ledger', 'backup', '--out', backup), [0, null]);
  await people();
  const [plain, csv] = [join(data, 'plain'), join(data, 'values.csv')];
  writeFileSync(plain, new Uint8Array(64));
  writeFileSync(csv, 'key,type,encoding,value\na,namespace,,\nb,data,u8,7\n');
  const out = () => ['--out', join(data, `out${Math.random()}`)];
  for (const [role, words] of [
    ['image', ['image', 'encrypt', plain, '--offset', '0x10000']],
    ['nvs', ['nvs', 'build', csv, '--size', '0x3000', '--new-key']],
  ] as const) {
    assert.deepEqual(await run(...words, ...out()), [2, 'session.nobody'], role);
    assert.deepEqual(await run(...words, ...out(), '--by', 'op'), [2, 'session.role'], role);
    assert.deepEqual(await run(...words, ...out(), '--by', 'en'), [0, null], role);
  }
  const booked = await acts();
  assert.deepEqual(
    booked.filter((act) => act.startsWith('key-used')),
    Array(2).fill('key-used en fuseline-wrapping'),
  );
  const restore = (...words: string[]) => run('ledger', 'restore', backup, ...words);
  assert.deepEqual(await restore(), [2, 'session.nobody']);
  assert.deepEqual(await restore('--by', 'en', '--second', 'al'), [2, 'people.second']);
  assert.deepEqual(await restore('--by', 'al'), [2, 'people.two']);
  assert.deepEqual(await restore('--by', 'al', '--second', 'en'), [2, 'people.second']);
  assert.equal((await acts()).length, booked.length, 'the ledger is what it was');
  assert.deepEqual(await restore('--by', 'al', '--second', 'bo'), [0, null]);
  assert.equal((await acts())[0], 'ledger-restored al+bo null');
});
