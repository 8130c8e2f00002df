// A fixture of a long-lived line: it waits with patience, for its port and for boards, and tells each board and each fault once.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandom } from '../../../main/base/random.ts';
import { FixtureFault } from '../../../main/model/fault.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { makeMissingKeys } from '../../../main/recipe/making/token-keys.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { openStationOf } from '../../../main/start/real-parts.ts';
import { openPorts } from '../../../main/start/real-ports.ts';
import { Line } from '../../../main/station/desk/line/line.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';

test('a port that comes late, contacts that bounce, a sealed board that stays in', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-fixture-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ports = openPorts(systemRandom);
  t.after(() => ports.close());
  const address = 'virtual:esp32p4?rev=v3.1&pacing=none&name=board';
  const fault = (code: string) => new FixtureFault({ code, what: code, next: '' });
  /** What the first looks into the fixture meet; then the board is in. */
  const looks = [
    'transport.not-found',
    'transport.not-found',
    'protocol.no-answer',
    null,
    'protocol.no-answer',
    null,
    null,
  ];
  let looked = 0;
  const station = await openStationOf({ data: folder }, async (name, how) => {
    const code = looks[looked++] ?? null;
    if (code !== null) throw fault(code);
    return ports.open(name, how);
  });
  t.after(() => station.close());
  const { loaded } = loadRecipe(join(stationConfigFolder, 'recipes', 'esp32p4-production.yaml'));
  assert.ok(loaded);
  await makeMissingKeys(loaded.recipe, station.parts.signer);
  const line = new Line(station, {
    fixtures: [{ name: 'nest', address }],
    demonstration: false,
    development: false,
    contacts: () => 2,
    foreign: () => null,
    print: () => undefined,
    printerFault: () => null,
  });
  t.after(() => line.close());
  const states: string[] = [];
  let verdicts = 0;
  let looksAfterwards = 0;
  const stayed = new Promise<void>((resolve) => {
    station.listen((event) => {
      if (event.type === 'fixture') states.push(event.state);
      if (event.type === 'verdict') {
        verdicts++;
        looksAfterwards = looked;
      }
      if (verdicts > 1) resolve();
    });
    const watch = setInterval(() => {
      if (verdicts === 0 || looked < looksAfterwards + 3) return;
      clearInterval(watch);
      resolve();
    }, 50);
    t.after(() => clearInterval(watch));
  });
  const batch = await line.start({
    loaded,
    fingerprint: '',
    order: null,
    count: null,
    operator: null,
    mode: null,
    targetPerHour: null,
  });
  await stayed;
  assert.equal(verdicts, 1, 'the sealed board that stays in is not told again');
  assert.deepEqual(states, ['waiting', 'absent', 'waiting', 'ready', 'running', 'shown', 'waiting']);
  const [tile] = line.snapshot().fixtures;
  assert.deepEqual([tile?.state, tile?.verdict?.outcome], ['shown', 'passed']);
  line.stop();
  await line.whenIdle();
  assert.equal((await station.parts.ledger.runs({ batch: batch.id })).length, 1);
  assert.equal(line.snapshot().batch?.stopping, false);
});
