// The computer's clock is set back, or stood ahead once: nothing is signed and no board begun, and custodians have a way out.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { createStation } from '../../main/start/compose.ts';
import type { Operators } from '../../main/station/desk/access/operators.ts';
import { acceptClock, requireStationClock } from '../../main/station/station-clock.ts';
import { createVirtualBench } from '../../main/virtual/bench/bench.ts';
import { recipeNamed } from '../stories/stage.ts';
import { ScriptedSigner } from '../unit/station/scripted-signer.ts';

const loaded = recipeNamed('esp32c3-production');
const wrong = { code: 'clock.wrong' };

async function stationAt(t: TestContext, start: string) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-clock-'));
  const bench = createVirtualBench({});
  let shift = Date.parse(start) - Date.now();
  const clock: Clock = { ...systemClock, now: () => Date.now() + shift };
  const token = new ScriptedSigner();
  const ledger = await openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: 'line-1', clock });
  const station = createStation({
    name: 'line-1',
    software: { name: 'fuseline', version: '0' },
    ledger,
    signer: token.signer,
    openPort: bench.open,
    clock,
    random: systemRandom,
    people: { find: () => null, custodians: 0 },
    development: false,
  });
  t.after(async () => {
    await station.close();
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const provision = (name: string, count = 1) =>
    station.provision({
      loaded,
      fixtures: [{ name: 'left', address: `virtual:esp32c3?pacing=none&name=${name}` }],
      count,
      order: null,
      operator: null,
      serials: [],
      resetBy: 'lines',
      signal: new AbortController().signal,
    });
  const sign = async () => {
    await using tokens = station.bookedTokens(null);
    const signer = await tokens.signerOf(undefined);
    await signer.sign({ label: 'device-ca' }, 'ecdsa', new Uint8Array(32));
  };
  const accept = (reason: string) =>
    acceptClock({ operators: { custodians: 0 } as Operators, ledger, clock }, { by: null, second: null, reason });
  return {
    station,
    ledger,
    token,
    clock,
    provision,
    sign,
    accept,
    set: (time: string) => (shift = Date.parse(time) - Date.now()),
  };
}

test('a ledger whose newest entries are of a clock that stood ahead: refused, told, and a way out', async (t) => {
  const { ledger, token, clock, provision, sign, accept, set } = await stationAt(t, '2031-05-01T10:00:00Z');
  assert.equal((await provision('ahead')).counts.passed, 1);
  set('2027-01-10T10:00:00Z');
  const signed = token.calls.filter((call) => call === 'sign').length;
  await assert.rejects(provision('second'), wrong);
  await assert.rejects(sign(), /2031-05-01.*already/);
  // a row that a clock set back wrote, as each sign-in does, is no proof of the time
  await ledger.noteSession({ what: 'login', face: 'terminal', operator: 'al', detail: null });
  await assert.rejects(sign(), wrong);
  assert.equal(token.calls.filter((call) => call === 'sign').length, signed, 'nothing was signed');
  assert.equal((await ledger.runs({})).length, 1, 'no board was begun');
  await assert.rejects(accept(' '), { code: 'clock.reason' });
  await accept('the battery was changed and the year mistyped');
  const [act] = await ledger.acts({ what: 'clock-set' });
  assert.deepEqual(act!.by, []);
  assert.match(String(act!.detail.last), /^2031-05-01/);
  // what they said holds from that moment, before anything else bears its time
  set('2027-01-09T10:00:00Z');
  await assert.rejects(sign(), wrong);
  set('2027-01-10T10:00:00Z');
  await sign();
  assert.equal((await provision('second')).counts.passed, 1);
  // from there on the clock is judged as ever
  set('2027-01-09T10:00:00Z');
  await assert.rejects(provision('third'), wrong);
  await assert.rejects(sign(), wrong);
  set('2027-01-10T11:00:00Z');
  await requireStationClock({ ledger, clock });
  await assert.rejects(accept('once more'), { code: 'clock.right' });
  set('2001-01-01T00:00:00Z');
  await assert.rejects(accept('before the program'), wrong);
  const times = (await ledger.runs({})).map(({ startedAt }) => startedAt.slice(0, 4));
  assert.deepEqual(times, ['2027', '2031'], 'in the order in which they were');
  assert.equal((await ledger.verify()).broken, null);
});

test('a signature alone holds the clock as well', async (t) => {
  const { sign, set, accept } = await stationAt(t, '2031-05-01T10:00:00Z');
  await sign();
  set('2027-01-10T10:00:00Z');
  await assert.rejects(sign(), wrong);
  await accept('a wrong time server');
  await sign();
});

test('set back in the middle of a batch: the board in hand ends at a step, and no other is begun', async (t) => {
  const { station, ledger, provision, set } = await stationAt(t, '2027-05-01T10:00:00Z');
  assert.equal((await provision('a')).counts.passed, 1);
  // between the start of the batch and its board
  const starting = station.listen((event) => {
    if (event.type === 'batch' && event.done === 0) set('2027-04-01T10:00:00Z');
  });
  await assert.rejects(provision('a-second'), wrong);
  starting();
  assert.deepEqual(
    (await ledger.runs({})).map(({ outcome }) => outcome),
    ['passed'],
    'no board was begun',
  );
  set('2027-06-01T10:00:00Z');
  const burning = station.listen((event) => {
    if (event.type === 'run' && event.event.type === 'step-passed') set('2027-05-20T10:00:00Z');
  });
  await assert.rejects(
    provision('b', 1)
      .then(({ counts }) => assert.equal(counts.refused, 1, 'refused'))
      .then(() => provision('c')),
    wrong,
  );
  burning();
  const [last] = await ledger.runs({ limit: 1 });
  assert.deepEqual([last!.fault?.code, last!.fault?.safety], ['clock.wrong', 'untouched']);
});
