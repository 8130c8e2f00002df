// A recipe's text names files: whoever may give a text must not read, stop or fill the station by what they name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadRecipeText } from '../../main/recipe/load.ts';
import { stationConfigFolder } from '../../main/start/program-folder.ts';
import { findTemplate } from '../../main/station/desk/labels/label-template.ts';
import { openLine, openLoopback, Page } from '../unit/ipc/rig.ts';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';

const example = readFileSync(join(stationConfigFolder, 'recipes/esp32p4-provisioning.yaml'), 'utf8').replace(
  /folder: .*/,
  `folder: ${join(stationConfigFolder, 'firmware/esp32p4-v3')}`,
);
const production = readFileSync(join(stationConfigFolder, 'recipes/esp32p4-production.yaml'), 'utf8').replace(
  /folder: .*/,
  `folder: ${join(stationConfigFolder, 'firmware/esp32p4-v3')}`,
);
/** What lies where no recipe has business, and must be in no answer. */
const content = 'hunter2-of-the-station';

function room(t: TestContext): { recipes: string; outside: string; secret: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-attack-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [recipes, outside] = [join(folder, 'recipes'), join(folder, 'outside')];
  for (const one of [recipes, outside]) mkdirSync(one);
  const secret = join(outside, 'pin');
  writeFileSync(secret, content);
  return { recipes, outside, secret };
}

/** Every place at which a text can name a file, with the file. */
const namings = (file: string): Record<string, string> => ({
  'a value': example.replace('value: 3 }', `file: ${JSON.stringify(file)} }`),
  'a list of devices': example.replace('# devices: devices.csv', `devices: ${JSON.stringify(file)} #`),
  'a CA chain': production.replace(/ {4}issuer:.*?(?= {4}subject:)/s, `    ca_chain: [${JSON.stringify(file)}]\n`),
  'a Secure Boot key': example.replace(/- label: secure-boot.*/, `- { public_key: ${JSON.stringify(file)} }`),
});

function told(text: string, recipes: string): string[] {
  const { findings, loaded } = loadRecipeText(text, join(recipes, 'mine.yaml'));
  assert.ok(!JSON.stringify({ findings, loaded: loaded?.canonicalText }).includes(content));
  return findings.filter(({ severity }) => severity === 'error').map(({ check }) => check);
}

test('no file outside of the recipe folder and the build is read: by a path, a link, a link of a folder', (t) => {
  const { recipes, outside, secret } = room(t);
  symlinkSync(secret, join(recipes, 'linked'));
  symlinkSync(outside, join(recipes, 'folder'));
  for (const file of [secret, '../outside/pin', 'linked', 'folder/pin', '/etc/passwd', '/proc/self/environ'])
    for (const [where, text] of Object.entries(namings(file))) {
      assert.ok(text !== example && text !== production, where);
      assert.ok(told(text, recipes).includes('recipe.no-file'), `${where}: ${file}`);
    }
});

test('a folder that is called the build, and is none, opens nothing', (t) => {
  const { recipes, outside, secret } = room(t);
  for (const folder of ['/', outside]) {
    const text = namings(secret)['a value']!.replace(/folder: .*/, `folder: ${folder}`);
    assert.ok(told(text, recipes).includes('recipe.no-file'), folder);
  }
});

test('files beside the recipe and in its build are read as ever', (t) => {
  const { recipes } = room(t);
  const build = join(recipes, '../build');
  cpSync(join(stationConfigFolder, 'firmware/esp32p4-v3'), build, { recursive: true });
  writeFileSync(join(build, 'rev'), '7');
  writeFileSync(join(recipes, 'rev'), '7');
  for (const file of ['rev', '../build/rev', join(build, 'rev')])
    assert.deepEqual(told(namings(file)['a value']!.replace(/folder: .*/, 'folder: ../build'), recipes), [], file);
});

test('what a file holds stands in no fault, wherever it lies', (t) => {
  const { recipes } = room(t);
  for (const body of [content, `${content},${content}\nx\n`, `mac\n${content}\n`, `id\n${content}\n${content}\n`]) {
    writeFileSync(join(recipes, 'mine.txt'), body);
    for (const [where, text] of Object.entries(namings('mine.txt')))
      assert.notDeepEqual(told(text, recipes), [], `${where}: ${body}`);
  }
  const build = join(recipes, 'build');
  mkdirSync(build);
  for (const name of ['flash_args', 'flasher_args.json']) {
    writeFileSync(join(build, name), name.endsWith('json') ? `{"flash_files":{"${content}":1}}` : content);
    told(example.replace(/folder: .*/, 'folder: build'), recipes);
    rmSync(join(build, name));
  }
});

test('a FIFO is not waited for, an endless device not read, a huge file refused', {
  skip: process.platform === 'win32' && 'no FIFOs',
}, (t) => {
  const { recipes } = room(t);
  execFileSync('mkfifo', [join(recipes, 'fifo')]);
  writeFileSync(join(recipes, 'huge'), '');
  execFileSync('truncate', ['-s', '3G', join(recipes, 'huge')]);
  const began = performance.now();
  for (const file of ['fifo', '/dev/zero', '/dev/tty', 'huge', '.'])
    for (const [where, text] of Object.entries(namings(file)))
      assert.ok(told(text, recipes).includes('recipe.no-file'), `${where}: ${file}`);
  const build = join(recipes, 'build');
  mkdirSync(join(build, 'bootloader'), { recursive: true });
  execFileSync('mkfifo', [join(build, 'app.bin'), join(build, 'bootloader/bootloader.bin')]);
  symlinkSync('/dev/zero', join(build, 'bootloader/zero.bin'));
  assert.ok(told(example.replace(/folder: .*/, 'folder: build'), recipes).length > 0);
  assert.ok(performance.now() - began < 10_000);
});

test('a label template is a file of the folder of labels', (t) => {
  const { recipes, secret } = room(t);
  symlinkSync(secret, join(recipes, 'device.zpl'));
  assert.throws(() => findTemplate('mine', [recipes]), { code: 'label.template-file' });
  rmSync(join(recipes, 'device.zpl'));
  for (const name of ['../outside/pin', secret])
    if (existsSync(join(recipes, name)))
      assert.throws(() => findTemplate('mine', [recipes], name), { code: 'label.template-file' });
  assert.equal(findTemplate('mine', [recipes]), null);
});

test('a text of their own is an engineer’s to give; others ask about what is on the shelf', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 1);
  const page = await Page.open(t, await openLoopback(t, opened));
  const recipe = 'esp32p4-production';
  await page.call('operators.save', { id: 'cy', name: 'Cy', roles: ['custodian', 'qa'], pin: '444433', badge: null });
  for (const call of ['recipes.plan', 'recipes.assurance', 'recipes.diff', 'recipes.check'] as const) {
    await page.call(call, { recipe, text: null });
    assert.equal(await page.refusal(call, { recipe, text: example }), 'session.role', call);
    assert.equal(await page.refusal(call, { recipe, text: '' }), 'session.role', call);
  }
  await page.call('labels.preview', { recipe, template: null });
  assert.equal(await page.refusal('labels.preview', { recipe, template: '^XA^XZ' }), 'session.role');
});

test('a link that leads nowhere, in a circle, or to a FIFO does not hide the other recipes', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 1);
  const own = join(opened.dataFolder, 'recipes');
  mkdirSync(own, { recursive: true });
  symlinkSync('nowhere', join(own, 'dangling.yaml'));
  symlinkSync('circle.yaml', join(own, 'circle.yaml'));
  mkdirSync(join(own, 'folder.yaml'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(own, 'fifo.yaml')]);
  const page = await Page.open(t, await openLoopback(t, opened));
  const names = (await page.call('recipes.list', {})).map(({ recipe }) => recipe);
  assert.ok(names.includes('esp32p4-production'));
  for (const name of ['dangling', 'circle', 'folder', 'fifo']) assert.ok(!names.includes(name), name);
});
