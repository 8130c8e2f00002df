// A board whose recipe asks for the label to be scanned back: it waits for a start by key, may be pulled meanwhile, is sealed, and is done
// once its own label was scanned.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandom } from '../../../main/base/random.ts';
import type { FixtureView } from '../../../main/contract/views.ts';
import { FixtureFault } from '../../../main/model/fault.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { makeMissingKeys } from '../../../main/recipe/making/token-keys.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { openStationOf } from '../../../main/start/real-parts.ts';
import { openPorts } from '../../../main/start/real-ports.ts';
import { isLabelOf } from '../../../main/station/desk/labels/label-template.ts';
import { Line } from '../../../main/station/desk/line/line.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';

const by = 'op-1';

test('what a label says of a device, however it was read', () => {
  const device = { mac: '30:ed:a0:bb:24:91', serial: null };
  for (const text of ['30eda0bb2491', '30:ED:A0:BB:24:91', '30EDA0BB2491 30:ED:A0:BB:24:91', ' 30eda0bb2491\n'])
    assert.ok(isLabelOf(text, device), text);
  assert.ok(isLabelOf('SN-1', { ...device, serial: 'SN-1' }));
  assert.ok(isLabelOf('SN-1 30:ed:a0:bb:24:91', { ...device, serial: 'SN-1' }));
  for (const text of ['', '30eda0bb2492', '30eda0bb249', 'SN-1']) assert.ok(!isLabelOf(text, device), text);
  assert.ok(!isLabelOf('sn-1', { ...device, serial: 'SN-1' }), 'serial numbers are what they are, letter by letter');
});

test('a pulled board is no verdict; a sealed board is done with its own label alone', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-label-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ports = openPorts(systemRandom);
  t.after(() => ports.close());
  const address = 'virtual:esp32p4?rev=v3.1&pacing=none&name=board';
  let isPulled = false;
  let pull: () => void = () => undefined;
  const station = await openStationOf({ data: folder }, async (name, how) => {
    if (isPulled) throw new FixtureFault({ code: 'transport.not-found', what: 'There is nothing.', next: '' });
    const port = await ports.open(name, how);
    pull = () => {
      isPulled = true;
      void port.close();
    };
    return port;
  });
  t.after(() => station.close());
  const { ledger } = station.parts;
  const { loaded } = loadRecipe(join(stationConfigFolder, 'recipes', 'esp32p4-production.yaml'));
  assert.ok(loaded);
  await makeMissingKeys(loaded.recipe, station.parts.signer);
  const printed: { mac: string; needed: boolean }[] = [];
  const line = new Line(station, {
    fixtures: [{ name: 'nest', address }],
    demonstration: false,
    development: false,
    contacts: () => 1,
    foreign: () => null,
    print: (mac, needed) => printed.push({ mac, needed }),
    printerFault: () => null,
  });
  t.after(() => line.close());
  const until = async (fits: (tile: FixtureView) => boolean): Promise<FixtureView> => {
    for (;;) {
      const [tile] = line.snapshot().fixtures;
      if (tile !== undefined && fits(tile)) return tile;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const batch = await line.start({
    loaded: { ...loaded, recipe: { ...loaded.recipe, label: { template: null, scanBack: true } } },
    fingerprint: '',
    order: null,
    count: 1,
    operator: by,
    mode: 'key',
    targetPerHour: null,
  });

  await until(({ state }) => state === 'ready');
  pull();
  await until(({ state }) => state === 'absent' || state === 'waiting');
  isPulled = false;
  const ready = await until(({ state }) => state === 'ready');
  assert.deepEqual([ready.verdict, ready.tried], [null, 0], 'a board that was only looked at is no verdict');
  assert.deepEqual(await ledger.runs({ batch: batch.id }), []);

  line.go('nest');
  const { mac } = await until(({ state }) => state === 'labelling');
  assert.ok(mac);
  assert.deepEqual(printed, [{ mac, needed: true }]);
  assert.equal((await ledger.sealedDevice(mac))?.chip.mac, mac, 'it is sealed before anybody is waited for');
  assert.deepEqual([line.snapshot().batch?.done, line.hasBoardUnderWay], [0, false]);

  await assert.rejects(line.scan({ text: 'ffffffffffff', fixture: null, by }), (fault: Error & { code: string }) => {
    assert.equal(fault.code, 'label.foreign');
    assert.match(fault.message, /"ffffffffffff" is not the label of the board in nest/);
    return true;
  });
  await assert.rejects(line.scan({ text: 'ffffffffffff', fixture: 'nest', by }), { code: 'label.foreign' });
  assert.equal((await until(() => true)).state, 'labelling');

  const answer = await line.scan({ text: `${mac.replaceAll(':', '')} ${mac}`, fixture: null, by });
  assert.equal(answer.fixture, 'nest');
  await line.whenIdle();
  const [tile] = line.snapshot().fixtures;
  assert.deepEqual([tile?.state, tile?.verdict?.outcome, line.snapshot().batch?.passed], ['shown', 'passed', 1]);
  const [run] = await ledger.runs({ batch: batch.id });
  const scans = (await ledger.events(run!.id)).flatMap(({ event }) => (event.type === 'label-scanned' ? [event] : []));
  assert.deepEqual(
    scans.map(({ fits, operator }) => ({ fits, operator })),
    [false, false, true].map((fits) => ({ fits, operator: by })),
  );
  assert.equal((await ledger.verify()).broken, null);
});
