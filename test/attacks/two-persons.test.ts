// One person who would be two: by making the second, by exchanging a PIN, by approving an own recipe that nobody is known to have written.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { stationConfigFolder } from '../../main/start/program-folder.ts';
import { condemnBoard } from '../../main/station/desk/access/boards.ts';
import { type OperatorChange, Operators } from '../../main/station/desk/access/operators.ts';
import { makeCredential, removePerson, savePerson } from '../../main/station/desk/access/people.ts';
import { RecipeShelf } from '../../main/station/desk/library/recipe-shelf.ts';
import { openLine, openLoopback, Page } from '../unit/ipc/rig.ts';
import { mac, run } from '../unit/ledger/book.ts';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';

const production = readFileSync(join(stationConfigFolder, 'recipes/esp32p4-production.yaml'), 'utf8');
const mine = production.replace('name: esp32p4-production', 'name: mine');

async function station(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-two-'));
  const time = { ms: Date.UTC(2026, 0, 1) };
  const clock: Clock = { now: () => (time.ms += 1000), monotonic: () => 0, sleep: () => Promise.resolve() };
  const ledger = await openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: 's', clock });
  t.after(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const operators = new Operators({ file: join(folder, 'operators.json'), clock, random: systemRandom });
  const own = join(folder, 'recipes');
  const shelf = new RecipeShelf({
    ledger,
    examples: join(stationConfigFolder, 'recipes'),
    own,
    unchangedSince: (id) => operators.unchangedSince(id),
  });
  const parts = { operators, ledger };
  const save = (change: OperatorChange, by: string, second: string | null = null) =>
    savePerson(parts, change, by, second === null ? null : { id: second, pin: pinOf(second) });
  return { parts, operators, ledger, shelf, own, save };
}

const pinOf = (id: string) => `${id}-31415`;
const person = (id: string, ...roles: OperatorChange['roles']): OperatorChange => ({
  id,
  name: id.toUpperCase(),
  roles,
  pin: pinOf(id),
  badge: null,
});

test('after the first start nobody who decides is made, changed, reset or removed by one custodian', async (t) => {
  const { save, parts, operators, ledger } = await station(t);
  await save(person('al', 'custodian'), 'first-start');
  await save(person('bo', 'custodian'), 'al');
  // the first start is over
  for (const [change, second] of [
    [person('mallory', 'custodian'), null],
    [person('mallory', 'engineer'), null],
    [person('mallory', 'custodian'), 'al'],
    [person('bo', 'custodian'), null],
    [person('bo', 'custodian'), 'bo'],
    [{ ...person('bo', 'operator'), pin: null }, null],
    [{ ...person('al', 'custodian', 'engineer') }, 'al'],
  ] as const)
    await assert.rejects(save(change, 'al', second), { code: 'people.two' }, JSON.stringify(change));
  await assert.rejects(removePerson(parts, 'bo', 'al', null), { code: 'people.two' });
  await assert.rejects(makeCredential(parts, { id: 'bo', key: 'x' }, 'al', null), { code: 'people.two' });
  assert.equal((await operators.login('bo', pinOf('bo'))).id, 'bo', 'whose PIN is what it was');
  // an operator is one custodian's business, and no second custodian
  await save(person('op', 'operator'), 'al');
  await assert.rejects(save(person('mallory', 'custodian'), 'al', 'op'), { code: 'people.second' });
  await assert.rejects(savePerson(parts, person('mallory', 'custodian'), 'al', { id: 'bo', pin: 'guess-1' }), {
    code: 'session.refused',
  });
  // two others
  await save(person('cy', 'custodian'), 'al', 'bo');
  await save(person('bo', 'custodian', 'qa'), 'al', 'cy');
  await removePerson(parts, 'cy', 'al', { id: 'bo', pin: pinOf('bo') });
  // an own PIN, proven by the one before
  await assert.rejects(
    savePerson(parts, { ...person('al', 'custodian'), pin: 'another-1' }, 'al', { id: 'al', pin: 'guess-1' }),
    { code: 'session.refused' },
  );
  await save({ ...person('al', 'custodian'), pin: 'another-1' }, 'al', 'al');
  const acts = (await ledger.acts({})).toReversed();
  assert.deepEqual(
    acts.map(({ what, by, about, detail }) => [what, by.join('+'), about, detail.firstStart]),
    [
      ['person-saved', 'first-start', 'al', true],
      ['person-saved', 'al', 'bo', true],
      ['person-saved', 'al', 'op', false],
      ['person-saved', 'al+bo', 'cy', false],
      ['person-saved', 'al+cy', 'bo', false],
      ['person-removed', 'al+bo', 'cy', false],
      ['person-saved', 'al', 'al', false],
    ],
  );
  assert.doesNotMatch(JSON.stringify(acts), /31415|another|guess/);
  assert.equal((await ledger.verify()).broken, null);
});

test('a recipe whose author nobody knows is approved by nobody: edited on disk, saved without its build', async (t) => {
  const { shelf, own, save } = await station(t);
  await save(person('al', 'custodian', 'engineer'), 'first-start');
  await save(person('bo', 'custodian', 'engineer'), 'al');
  await shelf.save('mine', mine, 'al');
  // the author edits the file itself: a hash that has no draft
  writeFileSync(join(own, 'mine.yaml'), mine.replace('revision: 1', 'revision: 9'));
  const loaded = shelf.loaded('mine');
  await shelf.rehearsed(loaded, 'al', { passed: true, ms: 1, steps: [], fault: null });
  for (const by of ['al', 'bo'])
    await assert.rejects(shelf.approve('mine', loaded.ref.hash, by), { code: 'recipe.author-unknown' });
  // without its build no draft could be written
  await shelf.save('bare', mine.replace(/folder: .*/, 'folder: nowhere'), 'al');
  writeFileSync(join(own, 'bare.yaml'), mine.replace('name: mine', 'name: bare'));
  const bare = shelf.loaded('bare');
  await shelf.rehearsed(bare, 'al');
  await assert.rejects(shelf.approve('bare', bare.ref.hash, 'al'), { code: 'recipe.author-unknown' });
  // whoever saves it answers for it, once; the other one approves
  await shelf.save('mine', mine.replace('revision: 1', 'revision: 9'), 'al');
  await shelf.save('mine', mine.replace('revision: 1', 'revision: 9'), 'bo');
  await assert.rejects(shelf.approve('mine', loaded.ref.hash, 'al'), { code: 'recipe.own' });
  await shelf.approve('mine', loaded.ref.hash, 'bo');
});

test('a person, or a PIN, that is younger than the rehearsal is no second one', async (t) => {
  const { shelf, save } = await station(t);
  await save(person('al', 'custodian', 'engineer'), 'first-start');
  await save(person('bo', 'engineer'), 'al');
  const { view } = await shelf.save('mine', mine, 'al');
  const rehearse = () => shelf.rehearsed(shelf.loaded('mine'), 'al');
  await rehearse();
  await save(person('mallory', 'engineer'), 'al');
  await save({ ...person('bo', 'engineer'), pin: 'known-to-al' }, 'al');
  for (const by of ['mallory', 'bo', 'nobody-at-all'])
    await assert.rejects(shelf.approve('mine', view.hash!, by), { code: 'recipe.approver-new' }, by);
  await rehearse();
  assert.equal((await shelf.approve('mine', view.hash!, 'bo')).approvedBy, 'bo');
});

test('over the wire: a lone custodian mints nobody, and what is done to the station stands in its book', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 1);
  const page = await Page.open(t, await openLoopback(t, opened));
  await page.call('operators.save', person('al', 'custodian', 'engineer') as never);
  await page.call('operators.save', person('bo', 'custodian') as never);
  assert.equal(await page.refusal('operators.save', person('mallory', 'custodian')), 'people.two');
  assert.equal(await page.refusal('operators.remove', { id: 'bo' }), 'people.two');
  await page.call('fixtures.teach', { name: 'left', address: 'virtual:esp32p4?name=left' });
  await page.call('fixtures.remove', { name: 'left' });
  await page.call('printer.set', { address: 'tcp://10.0.0.9' });
  await page.call('token.makeKeys', { recipe: 'esp32p4-production' });
  const acts = (await opened.station.parts.ledger.acts({})).map(({ what, by }) => `${what} ${by.join('+')}`);
  for (const act of [
    'person-saved first-start',
    'person-saved al',
    'fixtures-set al',
    'printer-set al',
    'keys-made al',
  ])
    assert.ok(acts.includes(act), act);
  assert.equal((await opened.station.parts.ledger.verify()).broken, null);
});

test('a name whose PIN another one set alone is that other one, wherever two are asked for', async (t) => {
  const { save, parts, shelf, ledger } = await station(t);
  await save(person('al', 'custodian', 'engineer'), 'first-start');
  await save(person('bo', 'custodian', 'engineer'), 'al');
  // the first start is over: al makes people alone, and knows their PINs
  await save(person('q1', 'qa'), 'al');
  await save(person('q2', 'qa'), 'al');
  await save(person('q3', 'qa'), 'al', 'bo');
  await ledger.openRun(run('r1', { mac: mac(1), serial: 'SN-1' }));
  const condemn = (by: string, second: string) =>
    condemnBoard(parts, { device: mac(1), reason: 'it is broken', by, second: { id: second, pin: pinOf(second) } });
  for (const [by, second] of [
    ['al', 'q1'],
    ['q1', 'al'],
    ['q1', 'q2'],
  ] as const)
    await assert.rejects(condemn(by, second), { code: 'people.one-hand' }, `${by} ${second}`);
  // promoted by two, with the PIN that al has set
  await save({ ...person('q2', 'custodian', 'engineer'), pin: null }, 'al', 'bo');
  await assert.rejects(save(person('mallory', 'custodian'), 'al', 'q2'), { code: 'people.one-hand' });
  // a badge that two agree to makes nobody forget the PIN
  await save({ ...person('q2', 'custodian', 'engineer'), pin: null, badge: 'badge-of-q2' }, 'al', 'bo');
  await assert.rejects(save(person('mallory', 'custodian'), 'al', 'q2'), { code: 'people.one-hand' });
  const { view } = await shelf.save('mine', mine, 'al');
  await shelf.rehearsed(shelf.loaded('mine'), 'al');
  await assert.rejects(shelf.approve('mine', view.hash!, 'q2'), { code: 'people.one-hand' });
  await shelf.approve('mine', view.hash!, 'bo');
  await condemn('al', 'q3');
  assert.deepEqual((await ledger.history(mac(1))).condemned?.by, ['al', 'q3']);
});
