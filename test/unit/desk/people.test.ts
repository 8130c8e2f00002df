import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../../main/base/clock.ts';
import { systemRandom } from '../../../main/base/random.ts';
import { Operators } from '../../../main/station/desk/access/operators.ts';

function list(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-people-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const time = { ms: 0 };
  const clock: Clock = { now: () => time.ms, monotonic: () => time.ms, sleep: () => Promise.resolve() };
  const file = join(folder, 'operators.json');
  const open = () => new Operators({ file, clock, random: systemRandom });
  return { file, time, open, operators: open() };
}

const cy = { id: 'cy', name: 'Cy', roles: ['custodian'], pin: '471100', badge: 'BADGE-CY-1' } as const;

test('people are kept over a restart, their secrets only as hashes, in a file of the station alone', async (t) => {
  const { file, open, operators } = list(t);
  assert.equal(operators.isEmpty, true);
  await operators.save(cy);
  await operators.save({ id: 'op', name: 'Op', roles: ['operator'], pin: null, badge: 'BADGE-OP-1' });
  const text = readFileSync(file, 'utf8');
  assert.doesNotMatch(text, /471100|BADGE/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const again = open();
  assert.deepEqual(again.list(), [
    { id: 'cy', name: 'Cy', roles: ['custodian'], language: null, hasPin: true, hasBadge: true },
    { id: 'op', name: 'Op', roles: ['operator'], language: null, hasPin: false, hasBadge: true },
  ]);
  assert.equal((await again.login('cy', '471100')).id, 'cy');
  assert.equal((await again.badgeLogin('BADGE-OP-1')).id, 'op');
  assert.equal((await again.scannedBadge('BADGE-OP-1'))?.id, 'op');
  assert.equal(await again.scannedBadge('BADGE-XX-1'), null);
  await assert.rejects(again.login('op', ''), { code: 'session.refused' });
});

test('a change leaves PIN and badge as they were where none is given', async (t) => {
  const { operators } = list(t);
  await operators.save(cy);
  await operators.save({ ...cy, name: 'Cyril', pin: null, badge: null });
  assert.equal((await operators.login('cy', '471100')).name, 'Cyril');
  assert.equal((await operators.badgeLogin('BADGE-CY-1')).id, 'cy');
});

test('a language is kept with its person, over a restart and over changes that name none; one without words here is none', async (t) => {
  const { file, open, operators } = list(t);
  await operators.save({ ...cy, language: 'es-MX' });
  await operators.save({ ...cy, name: 'Cyril' });
  assert.equal(open().find('cy')?.language, 'es-MX');
  operators.saveLanguage('cy', 'zh-CN');
  assert.equal(open().find('cy')?.language, 'zh-CN');
  assert.throws(() => operators.saveLanguage('nobody', null), { code: 'operators.unknown' });
  writeFileSync(file, readFileSync(file, 'utf8').replace('zh-CN', 'tlh'));
  assert.equal(open().find('cy')?.language, null);
  assert.equal((await open().login('cy', '471100')).id, 'cy');
});

test('nobody without a way in, no short PIN, no badge of two people, never no custodian', async (t) => {
  const { operators } = list(t);
  await assert.rejects(operators.save({ ...cy, roles: ['operator'] }), { code: 'operators.no-custodian' });
  await operators.save(cy);
  await assert.rejects(operators.save({ ...cy, id: 'x', pin: null, badge: null }), { code: 'operators.no-way-in' });
  await assert.rejects(operators.save({ ...cy, id: 'x', pin: '123' }), { code: 'operators.pin' });
  await assert.rejects(operators.save({ ...cy, id: 'x', pin: '47110' }), { code: 'operators.pin' });
  await assert.rejects(operators.save({ ...cy, id: 'x', pin: '777777' }), { code: 'operators.pin' });
  await assert.rejects(operators.save({ ...cy, id: 'x' }), { code: 'operators.badge' });
  await assert.rejects(operators.save({ ...cy, roles: ['qa'] }), { code: 'operators.no-custodian' });
  assert.throws(() => operators.remove('cy'), { code: 'operators.no-custodian' });
  assert.throws(() => operators.remove('nobody'), { code: 'operators.unknown' });
});

test('after three wrong PINs each further one doubles the wait, and a right one ends it', async (t) => {
  const { operators, time } = list(t);
  await operators.save(cy);
  const wrong = () => operators.login('cy', '000000');
  for (let tries = 0; tries < 3; tries++) await assert.rejects(wrong(), { code: 'session.refused' });
  await assert.rejects(operators.login('cy', '471100'), { code: 'session.wait' });
  time.ms += 30_001;
  await assert.rejects(wrong(), { code: 'session.refused' });
  time.ms += 30_001;
  await assert.rejects(wrong(), { code: 'session.wait' });
  time.ms += 30_000;
  assert.equal((await operators.login('cy', '471100')).id, 'cy');
  await assert.rejects(wrong(), { code: 'session.refused' });
  await assert.rejects(wrong(), { code: 'session.refused' });
});

test('a list that cannot be read is a fault, never an empty list that lets everybody in', (t) => {
  const { file, open } = list(t);
  writeFileSync(file, '{"version":1,"operators":[{"id":"x"}]}');
  assert.throws(open, { code: 'operators.damaged' });
});
