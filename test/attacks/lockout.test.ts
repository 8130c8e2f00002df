// Guesses at PINs and badges: many at once, over restarts, by way of scans, at short PINs.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { isFault } from '../../main/model/fault.ts';
import { Operators } from '../../main/station/desk/access/operators.ts';
import { openLine, openLoopback, Page } from '../unit/ipc/rig.ts';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';

const cy = { id: 'cy', name: 'Cy', roles: ['custodian'], pin: '314159', badge: 'BADGE-CY-1' } as const;

async function people(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-lockout-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const time = { ms: Date.UTC(2026, 0, 1) };
  const clock: Clock = { now: () => time.ms, monotonic: () => 0, sleep: () => Promise.resolve() };
  const open = () => new Operators({ file: join(folder, 'operators.json'), clock, random: systemRandom });
  const operators = open();
  await operators.save(cy);
  return { time, open, operators, file: join(folder, 'lockout.json') };
}

/** How many of the answers were looked at: refused because they were wrong, not because they came too often. */
async function judged(tries: readonly Promise<unknown>[]): Promise<number> {
  const ends = await Promise.allSettled(tries);
  return ends.filter((end) => end.status === 'rejected' && isFault(end.reason, 'session.refused')).length;
}

test('480 guesses at once are three guesses, and the right one among them finds the door shut', async (t) => {
  const { operators } = await people(t);
  const guesses = Array.from({ length: 480 }, (_, at) => operators.login('cy', at === 479 ? cy.pin : String(at)));
  assert.equal(await judged(guesses), 3);
  await assert.rejects(operators.login('cy', cy.pin), { code: 'session.wait' });
  const badges = Array.from({ length: 50 }, (_, at) => operators.badgeLogin(`BADGE-CY-${at + 2}`));
  assert.equal(await judged(badges), 3);
  await assert.rejects(operators.badgeLogin(cy.badge), { code: 'session.wait' });
});

test('a restart, or another face on the same station, gives no new tries; a clock put back no longer wait', async (t) => {
  const { operators, open, time, file } = await people(t);
  await judged([1, 2, 3].map((at) => operators.login('cy', `00000${at}`)));
  await assert.rejects(open().login('cy', cy.pin), { code: 'session.wait' });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /00000|314159/);
  time.ms -= 365 * 86_400_000;
  await assert.rejects(open().login('cy', cy.pin), { next: /Wait 300 seconds/ });
  time.ms += 365 * 86_400_000 + 30_001;
  assert.equal((await open().login('cy', cy.pin)).id, 'cy');
  writeFileSync(file, '{');
  await assert.rejects(open().login('cy', cy.pin), { code: 'lockout.damaged' });
});

test('names that nobody has are one name, so that guessing them fills nothing', async (t) => {
  const { operators, file } = await people(t);
  await judged(Array.from({ length: 40 }, (_, at) => operators.login(`x${at}`, '1234')));
  assert.ok(statSync(file).size < 300);
  assert.equal((await operators.login('cy', cy.pin)).id, 'cy', 'who is known is not kept waiting by it');
});

test('badges are not guessed by scans: after a few no scan is looked at as a badge', async (t) => {
  const { operators } = await people(t);
  for (let at = 0; at < 12; at++) assert.equal(await operators.scannedBadge(`GUESS-${at}`), null);
  assert.equal(await operators.scannedBadge(cy.badge), null);
  assert.equal((await operators.badgeLogin(cy.badge)).id, 'cy', 'at the sign-in it is known as ever');
});

test('who decides has six digits at least, who becomes one too; a guess costs what was meant', async (t) => {
  const { operators } = await people(t);
  const eng = { id: 'en', name: 'En', roles: ['engineer'], badge: null } as const;
  await assert.rejects(operators.save({ ...eng, pin: '12345' }), { code: 'operators.pin' });
  await operators.save({ ...eng, roles: ['operator'], pin: '1234' });
  await assert.rejects(operators.save({ ...eng, pin: null }), { code: 'operators.pin' });
  await operators.save({ ...eng, pin: '123456' });
  const began = performance.now();
  await operators.login('en', '123456');
  const ms = performance.now() - began;
  t.diagnostic(`a guess at a PIN takes ${ms.toFixed(0)} ms here`);
  assert.ok(ms > 40, 'a PIN of six digits would be found in hours');
});

test('over the wire: parallel sign-ins, and guesses in place of serial numbers', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 1);
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  await page.call('operators.save', { ...cy, roles: ['custodian', 'operator'] });
  const codes = await Promise.all(
    Array.from({ length: 30 }, (_, at) => page.refusal('session.login', { operator: 'cy', pin: `99000${at}` })),
  );
  assert.equal(codes.filter((code) => code === 'session.refused').length, 3);
  assert.equal(codes.filter((code) => code === 'session.wait').length, 27);
  const scan = (text: string) =>
    page.ask('line.scan', { text, fixture: null }).then(
      () => true,
      () => false,
    );
  for (let at = 0; at < 14; at++) assert.equal(await scan(`GUESS-${at}`), false);
  assert.equal(await scan(cy.badge), false);
});

test('an own badge, or an own PIN, gives nobody new tries at those of others', async (t) => {
  const { operators, time } = await people(t);
  await operators.save({ id: 'mal', name: 'Mal', roles: ['operator'], pin: '2718', badge: 'BADGE-MAL' });
  let guessed = 0;
  for (let at = 0; at < 10; at++) {
    guessed += await judged([operators.badgeLogin(`BADGE-CY-${at + 2}`)]);
    await operators.badgeLogin('BADGE-MAL').catch(() => undefined);
  }
  assert.equal(guessed, 3);
  time.ms += 30_001;
  assert.equal((await operators.badgeLogin('BADGE-MAL')).id, 'mal', 'who has one comes in when the wait is over');
  assert.equal(await judged([operators.badgeLogin('BADGE-CY-99')]), 1);
  assert.equal(await judged([operators.badgeLogin('BADGE-CY-98')]), 0, 'which gave no new tries');
});

test('one PIN is not tried at everybody in turn', async (t) => {
  const { operators, time, file } = await people(t);
  const ids = Array.from({ length: 15 }, (_, at) => `op-${at}`);
  const [made] = JSON.parse(readFileSync(join(file, '../operators.json'), 'utf8')).operators;
  const list = [made, ...ids.map((id) => ({ ...made, id, roles: ['operator'] }))];
  writeFileSync(join(file, '../operators.json'), JSON.stringify({ version: 2, operators: list }));
  const all = new Operators({
    file: join(file, '../operators.json'),
    clock: { now: () => time.ms } as Clock,
    random: systemRandom,
  });
  const spray = (pin: string) => judged(ids.map((id) => all.login(id, pin)));
  assert.equal((await spray('1234')) + (await spray('0000')) + (await spray('1111')), 30);
  await assert.rejects(all.login('cy', cy.pin), { code: 'session.wait' }, 'whoever it is');
  time.ms += 60_001;
  assert.equal((await all.login('cy', cy.pin)).id, 'cy');
  assert.ok((await spray('2222')) <= 1, 'one a minute');
  assert.equal(operators.list().length, 1);
});
