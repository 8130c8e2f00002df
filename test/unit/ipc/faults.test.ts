// What a page may ask for and does not get: real station, real loopback server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { systemRandom } from '../../../main/base/random.ts';
import { startLoopback } from '../../../main/ipc/loopback.ts';
import { isFault } from '../../../main/model/fault.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import { openLine, openLoopback, Page, temporaryFolder } from './rig.ts';

test('calls that are refused by what they name', { skip: withoutSoftHsm, timeout: 120_000 }, async (t) => {
  const opened = await openLine(t, 1);
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  for (const [call, input, code] of [
    ['devices.show', { mac: 'aa:bb:cc:00:00:01' }, 'devices.unknown'],
    ['devices.report', { mac: 'aa:bb:cc:00:00:01', form: 'json' }, 'devices.unknown'],
    ['fixtures.teach', { name: '../nest', address: 'virtual:esp32c3' }, 'fixtures.name'],
    ['fixtures.teach', { name: 'x'.repeat(33), address: 'virtual:esp32c3' }, 'fixtures.name'],
  ] as const)
    assert.equal(await page.refusal(call, input), code, JSON.stringify(input));
  const { fixtures } = await page.call('line.snapshot', {});
  assert.equal(fixtures.length, 1, 'nothing was taught');

  // a page that asks without waiting is told so, call by call, and goes on
  const asked = Array.from({ length: 200 }, () =>
    page.ask('devices.search', {}).then(
      () => 'answered',
      (error: { fault?: { code: string } }) => error.fault?.code,
    ),
  );
  const ends = await Promise.all(asked);
  assert.ok(ends.includes('call.too-many') && ends.includes('answered'));
  assert.deepEqual([...new Set(ends)].sort(), ['answered', 'call.too-many']);
  assert.equal((await page.call('devices.search', {})).more, false);

  // the port that this very server has
  const { desk } = opened;
  const port = Number(new URL(loopback.origin).port);
  const folder = temporaryFolder(t);
  await assert.rejects(
    startLoopback({ desk, clock: systemClock, random: systemRandom, page: folder, port }),
    (error) => isFault(error, 'loopback.port') && /another program uses it/.test(error.what),
  );
});
