import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { openSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import { RecipeFault } from '../../../main/model/fault.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { fingerprintList, fingerprintWords } from '../../../main/station/desk/access/fingerprint.ts';
import { RecipeShelf } from '../../../main/station/desk/library/recipe-shelf.ts';
import { textFor } from '../../../main/station/desk/library/rehearsal.ts';

const examples = join(stationConfigFolder, 'recipes');
const production = readFileSync(join(examples, 'esp32p4-production.yaml'), 'utf8');

async function shelfOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-shelf-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ledger = await openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: 's', clock: systemClock });
  t.after(() => ledger.close());
  const own = join(folder, 'recipes');
  return { shelf: new RecipeShelf({ ledger, examples, own, unchangedSince: () => 0 }), ledger, own };
}

const nests = ['virtual:esp32p4?name=a'];

test('the examples are on the shelf, approved for virtual boards and for no others', async (t) => {
  const { shelf } = await shelfOf(t);
  const list = await shelf.list();
  const view = list.find((one) => one.recipe === 'esp32p4-production');
  assert.equal(view?.state, 'approved');
  assert.equal(view?.errors, 0);
  assert.equal(list.find((one) => one.recipe === 'esp32p4-development')?.state, 'draft');
  assert.equal((await shelf.forProduction('esp32p4-production', nests)).recipe.name, 'esp32p4-production');
  await assert.rejects(shelf.forProduction('esp32p4-production', [...nests, 'usb:1-2']), {
    code: 'recipe.examples-are-virtual',
  });
  await assert.rejects(shelf.forProduction('esp32p4-development', nests), { code: 'recipe.not-approved' });
  await assert.rejects(shelf.forProduction('nothing', nests), { code: 'recipe.unknown' });
});

test('from draft to approved by another person; a change makes it a draft again; retired it runs no more', async (t) => {
  const { shelf, ledger, own } = await shelfOf(t);
  const text = production.replace('name: esp32p4-production', 'name: mine').replace('revision: 1', 'revision: 7');
  const saved = await shelf.save('mine', text, 'eng-1');
  assert.ok(existsSync(join(own, 'mine.yaml')));
  assert.deepEqual([saved.view.state, saved.view.author, saved.view.errors], ['draft', 'eng-1', 0]);
  const hash = saved.view.hash!;
  await assert.rejects(shelf.forProduction('mine', nests), { code: 'recipe.not-approved' });
  await assert.rejects(shelf.approve('mine', hash, 'eng-2'), { code: 'recipe.not-rehearsed' });
  await shelf.rehearsed(shelf.loaded('mine'), 'eng-1');
  await assert.rejects(shelf.approve('mine', hash, 'eng-1'), { code: 'recipe.own' });
  await assert.rejects(shelf.approve('mine', '0'.repeat(64), 'eng-2'), { code: 'recipe.changed' });
  const approved = await shelf.approve('mine', hash, 'eng-2');
  assert.deepEqual([approved.state, approved.approvedBy], ['approved', 'eng-2']);
  assert.equal((await shelf.forProduction('mine', ['usb:1-2'])).ref.hash, hash);

  const weaker = text.replace("jtag: 'off'", 'jtag: leave').replace('revision: 7', 'revision: 8');
  const changed = await shelf.save('mine', weaker, 'eng-1');
  assert.notEqual(changed.view.hash, hash);
  assert.notEqual(changed.view.state, 'approved');
  const differences = await shelf.differences('mine', text);
  assert.ok(differences.some((one) => one.path === 'doors.jtag' && !one.weaker));

  await shelf.save('mine', text, 'mallory');
  assert.equal((await shelf.list()).find((one) => one.recipe === 'mine')?.author, 'eng-1');
  await shelf.retire('mine', 'found a mistake', 'eng-2');
  await assert.rejects(shelf.forProduction('mine', nests), { code: 'recipe.not-approved' });
  const states = (await ledger.recipeStates()).filter((note) => note.recipe.hash === hash).map((note) => note.state);
  assert.deepEqual(states, ['draft', 'rehearsed', 'approved', 'retired']);
  assert.equal((await ledger.verify()).broken, null);
});

test('everybody sees how a rehearsal went; one that failed gives no state and makes nobody an author', async (t) => {
  const { shelf, ledger } = await shelfOf(t);
  const text = production.replace('name: esp32p4-production', 'name: mine');
  const { view, rehearsal: none } = await shelf.save('mine', text, 'eng-1');
  assert.equal(none, null);
  const loaded = shelf.loaded('mine');
  const steps = [{ title: 'Write flash', ms: 12 }];
  const fault = new RecipeFault({ code: 'x.y', what: 'It did not work.', next: 'Mend it.' }).toJSON();
  await shelf.rehearsed(loaded, 'eng-2', { passed: false, ms: 0, steps, fault });
  const failed = await shelf.read('mine');
  assert.deepEqual([failed.view.state, failed.view.author], ['draft', 'eng-1']);
  assert.deepEqual(
    [failed.rehearsal?.passed, failed.rehearsal?.by, failed.rehearsal?.fault?.code],
    [false, 'eng-2', 'x.y'],
  );
  await assert.rejects(shelf.approve('mine', view.hash!, 'eng-2'), { code: 'recipe.not-rehearsed' });
  await shelf.rehearsed(loaded, 'eng-1', { passed: true, ms: 4200, steps, fault: null });
  const passed = await shelf.read('mine');
  assert.deepEqual([passed.view.state, passed.rehearsal?.ms, passed.rehearsal?.steps], ['rehearsed', 4200, steps]);
  // A later one that fails takes nothing back; whoever made it may still approve.
  await shelf.rehearsed(loaded, 'eng-2', { passed: false, ms: 0, steps: [], fault });
  assert.equal((await shelf.read('mine')).view.state, 'rehearsed');
  assert.equal((await shelf.approve('mine', view.hash!, 'eng-2')).approvedBy, 'eng-2');
  assert.equal((await shelf.read('mine')).rehearsal?.passed, false);
  const other = await shelf.save('mine', text.replace('revision: ', 'revision: 9'), 'eng-1');
  assert.equal(other.rehearsal, null, 'another form of it was never rehearsed');
  assert.equal((await ledger.verify()).broken, null);
});

test('whoever rehearses in vain a recipe that nobody wrote does not become its author', async (t) => {
  const { shelf, own } = await shelfOf(t);
  await shelf.save('mine', production.replace('name: esp32p4-production', 'name: mine'), 'eng-1');
  // its file is changed beside the station
  writeFileSync(
    join(own, 'mine.yaml'),
    production.replace('name: esp32p4-production', 'name: mine').replace('revision: 1', 'revision: 7'),
  );
  const loaded = shelf.loaded('mine');
  const fault = new RecipeFault({ code: 'x.y', what: 'It did not work.', next: 'Mend it.' }).toJSON();
  await shelf.rehearsed(loaded, 'eng-2', { passed: false, ms: 0, steps: [], fault });
  assert.equal((await shelf.read('mine')).view.author, null);
  await shelf.rehearsed(loaded, 'eng-2', { passed: true, ms: 1, steps: [], fault: null });
  await assert.rejects(shelf.approve('mine', loaded.ref.hash, 'eng-1'), { code: 'recipe.author-unknown' });
});

test('a development recipe is never approved, however it was rehearsed', async (t) => {
  const { shelf } = await shelfOf(t);
  const loaded = shelf.loaded('esp32p4-development');
  await shelf.rehearsed(loaded, 'eng-1');
  await assert.rejects(shelf.approve('esp32p4-development', loaded.ref.hash, 'eng-2'), { code: 'recipe.development' });
});

test('changes are told against what was approved last, also of what is not saved yet', async (t) => {
  const { shelf } = await shelfOf(t);
  const text = production.replace('name: esp32p4-production', 'name: mine');
  const { view } = await shelf.save('mine', text, 'eng-1');
  await shelf.rehearsed(shelf.loaded('mine'), 'eng-1');
  await shelf.approve('mine', view.hash!, 'eng-2');
  const later = (n: number) => text.replace('revision: 1', `revision: ${n}`).replace("jtag: 'off'", 'jtag: leave');
  await shelf.save('mine', later(2), 'eng-1');
  for (const own of [null, later(2), later(3)])
    assert.ok(
      (await shelf.differences('mine', own)).some(({ path, weaker }) => path === 'doors.jtag' && weaker),
      'the approved one shut it, however often it was saved since',
    );
});

test('a recipe of the station is removed by its name in the book; approved ones and examples stay', async (t) => {
  const { shelf, own, ledger } = await shelfOf(t);
  const text = production.replace('name: esp32p4-production', 'name: mine');
  const { view } = await shelf.save('mine', text, 'eng-1');
  assert.equal(view.isExample, false);
  await shelf.rehearsed(shelf.loaded('mine'), 'eng-1');
  await shelf.approve('mine', view.hash!, 'eng-2');
  await assert.rejects(shelf.remove('mine', 'eng-1'), { code: 'recipe.approved' });
  await assert.rejects(shelf.remove('esp32p4-production', 'eng-1'), { code: 'recipe.example' });
  await shelf.retire('mine', 'a mistake', 'eng-2');
  const left = await shelf.remove('mine', 'eng-1');
  assert.ok(!left.some(({ recipe }) => recipe === 'mine') && left.every(({ isExample }) => isExample));
  assert.ok(existsSync(join(own, 'mine.yaml.removed')));
  const [act] = await ledger.acts({ what: 'recipe-removed' });
  assert.deepEqual([act?.by, act?.about, act?.detail.hash], [['eng-1'], 'mine', view.hash]);
  await assert.rejects(shelf.remove('mine', 'eng-1'), { code: 'recipe.unknown' });
});

test('a text is judged as it is typed: every mistake with its line, a plan where one can be made', async (t) => {
  const { shelf } = await shelfOf(t);
  const good = shelf.check('esp32p4-production', production);
  assert.equal(good.findings.filter((finding) => finding.severity === 'error').length, 0);
  const { plan } = good;
  assert.ok(plan !== null && plan.refusals.length === 0);
  assert.equal(plan.slots.length, 6);
  assert.ok(plan.slots.some((slot) => slot.purpose === 'XTS_AES_256_KEY_1' && slot.secret));
  assert.ok(plan.bits.some((bit) => bit.field === 'DIS_DOWNLOAD_MODE' && bit.bits.length === 1 && bit.reason !== ''));
  assert.ok(plan.flash.some((part) => part.signed && part.encrypted));
  const bad = shelf.check('esp32p4-production', production.replace('chip: esp32p4', 'chip: esp32p5'));
  assert.equal(bad.plan, null);
  const [finding] = bad.findings;
  assert.ok(finding?.severity === 'error' && finding.line !== null);
  const torn = shelf.check('esp32p4-production', 'fuseline: [1');
  assert.ok(torn.findings.length > 0 && torn.plan === null);
});

test('a file that the recipe names is read again when it changes', async (t) => {
  const { shelf, own } = await shelfOf(t);
  const text = production.replace(/issuer:.*?(?= {4}subject:)/s, 'ca_chain: [ca.pem]\n');
  await shelf.save('mine', text.replace('name: esp32p4-production', 'name: mine'), 'eng-1');
  const missing = () => shelf.check('mine', text).findings.filter(({ check }) => check === 'recipe.no-file');
  assert.equal(missing().length, 1);
  writeFileSync(join(own, 'ca.pem'), 'not yet a certificate');
  assert.equal(missing().length, 0);
  rmSync(join(own, 'ca.pem'));
  assert.equal(missing().length, 1);
});

test('the build is the one that the recipe names, whatever other texts of it say of a folder', async (t) => {
  const { shelf } = await shelfOf(t);
  const text = production
    .replace('name: esp32p4-production', 'name: mine')
    .replace(/^description:.*$/m, 'description: |\n  Take the build of that folder:\n  folder: ../firmware/esp32c3');
  assert.match(text, /^ {2}folder: \.\.\/firmware\/esp32c3$/m);
  assert.deepEqual(shelf.check('mine', text).findings, shelf.check('esp32p4-production', production).findings);
  await shelf.save('mine', text, 'eng-1');
  assert.match(shelf.loaded('mine').firmwareFolder, /esp32p4-v3$/);
});

test('a serial number of another recipe is known as foreign', async (t) => {
  const { shelf } = await shelfOf(t);
  const scanned = (name: string, pattern: string) =>
    production
      .replace('name: esp32p4-production', `name: ${name}`)
      .replace('from: mac', `from: scan\n  pattern: '${pattern}'`);
  await shelf.save('lamp', scanned('lamp', 'LAMP-\\d{4}'), 'eng-1');
  await shelf.save('fan', scanned('fan', 'FAN-\\d{4}'), 'eng-1');
  assert.equal(shelf.foreign('LAMP-0001', 'fan'), 'lamp');
  assert.equal(shelf.foreign('LAMP-0001', 'lamp'), null);
  assert.equal(shelf.foreign('OTHER', 'lamp'), null);
  assert.equal((await shelf.list()).find((one) => one.recipe === 'fan')?.wantsSerial, true);
});

test('a fingerprint is four words of a list of 256 that never repeats', () => {
  assert.equal(new Set(fingerprintList).size, 256);
  assert.equal(fingerprintList.length, 256);
  const words = fingerprintWords(`00ff1080${'0'.repeat(56)}`);
  assert.equal(words, [fingerprintList[0], fingerprintList[255], fingerprintList[16], fingerprintList[128]].join('-'));
});

test('a rehearsal makes up serial numbers that fit plain patterns', () => {
  for (const pattern of ['LAMP-\\d{4}', '[A-Z]{2}\\d+', '(?:AB|CD)-\\w{3}x?', 'A\\.B[0-9]{2,4}'])
    assert.match(textFor(pattern), new RegExp(`^(?:${pattern})$`), pattern);
});
