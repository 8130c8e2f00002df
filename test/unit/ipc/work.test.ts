// A working day through the browser face: a recipe from draft to approval by two people, boards by scan and by key, labels, verification.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import { openLine, openLoopback, Page } from './rig.ts';

const production = readFileSync(join(stationConfigFolder, 'recipes', 'esp32p4-production.yaml'), 'utf8');

function scanned(name: string, pattern: string): string {
  return production
    .replace('name: esp32p4-production', `name: ${name}`)
    .replace('from: mac', `from: scan\n  pattern: '${pattern}'`);
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('from a new recipe to labelled boards, by two people', { skip: withoutSoftHsm, timeout: 240_000 }, async (t) => {
  const opened = await openLine(t, 2);
  const loopback = await openLoopback(t, opened);
  const engineer = await Page.open(t, loopback);
  await engineer.call('operators.save', {
    id: 'eng-2',
    name: 'Engineer 2',
    roles: ['custodian', 'engineer'],
    pin: '567800',
    badge: null,
  });
  await engineer.call('operators.save', {
    id: 'eng-1',
    name: 'Engineer 1',
    roles: ['engineer'],
    pin: '123400',
    badge: 'BADGE-ENG-1',
  });
  await engineer.call('session.login', { operator: 'eng-1', pin: '123400' });
  const other = await Page.open(t, loopback);
  await other.call('session.login', { operator: 'eng-2', pin: '567800' });

  const { view } = await engineer.call('recipes.save', { recipe: 'lamp', text: scanned('lamp', 'LAMP-\\d{4}') });
  await engineer.call('recipes.save', { recipe: 'fan', text: scanned('fan', 'FAN-\\d{4}') });
  assert.equal(await engineer.refusal('line.start', { recipe: 'lamp', order: null, count: 2 }), 'recipe.not-approved');
  const rehearsal = await engineer.call('recipes.rehearse', { recipe: 'lamp' });
  assert.deepEqual([rehearsal.passed, rehearsal.fault], [true, null]);
  assert.equal(rehearsal.steps.length, 8);
  assert.equal(await engineer.refusal('recipes.approve', { recipe: 'lamp', hash: view.hash }), 'recipe.own');
  assert.equal((await other.call('recipes.approve', { recipe: 'lamp', hash: view.hash! })).state, 'approved');

  const labels = join(opened.dataFolder, 'printed', 'labels.zpl');
  assert.equal(await engineer.refusal('printer.test', {}), 'printer.none');
  await engineer.call('printer.set', { address: 'file:///test.zpl' });
  assert.match((await engineer.call('printer.test', {})).said, /went to the printer/);
  assert.match(readFileSync(join(opened.dataFolder, 'printed', 'test.zpl'), 'utf8'), /Fuseline test label/);
  await engineer.call('printer.set', { address: 'file:///labels.zpl' });
  const batch = await engineer.call('line.start', { recipe: 'lamp', order: 'O-7', count: 2 });
  assert.deepEqual([batch.mode, batch.wantsSerial, batch.operator], ['scan', true, 'eng-1']);
  const scan = (text: string, fixture: string | null = null) => engineer.call('line.scan', { text, fixture });
  const refusedScan = (text: string) => engineer.refusal('line.scan', { text, fixture: null });
  assert.equal(await refusedScan('nonsense'), 'admission.serial-pattern');
  assert.equal(await refusedScan('FAN-0001'), 'serial.foreign');
  // Both boards wait for their numbers before one is given.
  await until(async () => (await engineer.call('line.snapshot', {})).fixtures.every((tile) => tile.state === 'ready'));
  assert.match((await scan(' LAMP-0002 ', 'nest-2')).said, /goes on the board in nest-2/);
  assert.equal(await refusedScan('LAMP-0002'), 'serial.waits');
  await until(async () => (await engineer.call('line.snapshot', {})).batch!.passed === 1);
  assert.equal(await refusedScan('LAMP-0002'), 'serial.used');
  assert.match((await scan('BADGE-ENG-1')).said, /Engineer 1 is signed in/);
  await scan('LAMP-0001');
  const ended = await engineer.batchEnd();
  assert.deepEqual([ended.passed, ended.failed], [2, 0]);
  const { rows } = await engineer.call('devices.search', { text: 'lamp-000' });
  assert.deepEqual(rows.map((row) => row.serial).sort(), ['LAMP-0001', 'LAMP-0002']);
  const second = await engineer.call('devices.show', { mac: rows.find((row) => row.serial === 'LAMP-0002')!.mac });
  assert.equal(second.sealed?.fixture, 'nest-2');
  assert.equal(second.sealed?.operator, 'eng-1');

  await until(async () => existsSync(labels) && readFileSync(labels, 'utf8').split('^XZ').length === 3);
  const printed = readFileSync(labels, 'utf8');
  assert.ok(printed.includes('LAMP-0001') && printed.includes('LAMP-0002'));
  assert.match((await engineer.call('labels.print', { mac: rows[0]!.mac })).said, /went to the printer/);
  assert.equal(readFileSync(labels, 'utf8').split('^XZ').length, 4);
  const preview = await engineer.call('labels.preview', { recipe: 'lamp', template: null });
  assert.match(preview.svg, /^<svg/);
  assert.equal((await engineer.call('station.view', {})).printerFault, null);
});

test('boards by key; a verdict stays until it is seen; a sealed board is verified where it lies', {
  skip: withoutSoftHsm,
}, async (t) => {
  const opened = await openLine(t, 2, { leavesMs: 600_000, emptyMs: 0 });
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  await page.call('line.start', { recipe: 'esp32p4-production', order: null, count: 1, mode: 'key' });
  assert.equal(await page.refusal('line.go', { fixture: 'nest-9' }), 'line.no-fixture');
  const tile = async (name: string) =>
    (await page.call('line.snapshot', {})).fixtures.find((one) => one.name === name)!;
  assert.equal(await page.refusal('line.go', { fixture: 'nest-1' }), 'line.nothing-waits');
  // One board was ordered: whichever starts first is it, and the other one waits whether it passes.
  await until(async () => (await tile('nest-1')).needs === 'key' && (await tile('nest-2')).needs === 'key');
  assert.equal(await page.refusal('fixtures.remove', { name: 'nest-2' }), 'line.busy');
  assert.match((await page.call('line.scan', { text: 'NEST-1', fixture: null })).said, /starts/);
  const ended = await page.batchEnd();
  assert.equal(ended.passed, 1);
  const shown = await tile('nest-1');
  assert.deepEqual([shown.state, shown.verdict?.outcome], ['shown', 'passed']);
  assert.equal((await page.call('line.acknowledge', { fixture: 'nest-1' })).verdict, null);

  const mac = shown.mac!;
  const verified = await page.call('devices.verify', { fixture: 'nest-1', mac });
  assert.deepEqual([verified.ok, verified.mac], [true, mac]);
  assert.ok(verified.checks.some((check) => check.what === 'device key' && check.ok));
  assert.equal(await page.refusal('devices.verify', { fixture: 'nest-1', mac: null }), 'device.which');
  assert.equal(await page.refusal('devices.verify', { fixture: 'nest-2', mac: null }), 'device.no-record');
  assert.equal(await page.refusal('labels.print', { mac: '00:00:00:00:00:01' }), 'label.not-sealed');

  const taught = await page.call('fixtures.teach', { name: 'left', address: 'rfc2217://10.0.0.7:4000' });
  assert.equal(taught.length, 3);
  assert.equal(
    await page.refusal('fixtures.teach', { name: 'right', address: 'rfc2217://10.0.0.7:4000' }),
    'fixtures.taken',
  );
  assert.equal(await page.refusal('fixtures.teach', { name: 'right', address: 'nowhere' }), 'transport.address');
  assert.equal((await page.call('fixtures.remove', { name: 'left' })).length, 2);
  const token = await page.call('token.view', {});
  assert.deepEqual([token.healthy, token.embedded, token.fault], [true, true, null]);
  assert.ok(token.keys.every((key) => !key.extractable));
});
