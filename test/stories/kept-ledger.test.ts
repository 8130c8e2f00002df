// A board that the program before rows had versions left half done is finished by today's, with the keys that it burned.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { keptBoard, layKeptStation } from '../unit/ledger/kept.ts';
import { flashHoldsFirmware } from './judge.ts';
import { faultsOf, noToken, recipeNamed, setStage } from './stage.ts';

it('a half-done board of a kept ledger is finished with the keys of its first run', { skip: noToken }, async (t) => {
  const stage = await setStage(layKeptStation);
  t.after(() => stage.close());
  const { ledger } = stage.station.parts;
  const mac = keptBoard('08');
  const [first] = (await ledger.history(mac)).runs;
  const address = `virtual:esp32p4?pacing=none&name=b8&state=${join(stage.folder, 'half-done.chip')}`;
  const loaded = recipeNamed('esp32p4-production');
  const { counts } = await stage.provision(loaded, [address]);
  assert.equal(counts.passed, 1, faultsOf(stage));
  const { sealed, runs, openKeys } = await ledger.history(mac);
  assert.ok(sealed);
  assert.equal(openKeys.length, 0, 'no wrapped key outlives the seal');
  const made = new Map(
    first!.events.flatMap(({ event }) => (event.type === 'key-made' ? [[event.role, event.fingerprint]] : [])),
  );
  for (const role of ['flash-encryption', 'ecdsa-identity'] as const)
    assert.equal(sealed.keys.find((key) => key.role === role)?.fingerprint, made.get(role), role);
  const planned = runs.at(-1)!.events.flatMap(({ event }) => (event.type === 'planned' ? [event.resumes] : []));
  assert.deepEqual(planned, [first!.run.id]);
  flashHoldsFirmware(stage.chip(address), sealed, loaded);
  assert.equal((await ledger.verify()).broken, null);
});
