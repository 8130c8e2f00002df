// Boards with a USB bridge of their own: the port goes with the sealed board and comes with the next one.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeMissingKeys } from '../../main/recipe/making/token-keys.ts';
import { createStation } from '../../main/start/compose.ts';
import { portGone, portNotFound } from '../../main/transport/faults.ts';
import type { OpenPort } from '../../main/transport/port.ts';
import { faultsOf, noToken, recipeNamed, setStage } from '../stories/stage.ts';

it('a port that is pulled out between two boards is waited for, and costs no board', { skip: noToken }, async (t) => {
  const stage = await setStage();
  t.after(() => stage.close());
  const address = 'usb:1-1.4';
  const boards = [1, 2].map((seed) => `virtual:esp32c3?pacing=none&seed=${seed}&name=board-${seed}`);
  let looks = 0;
  const isSealed = () => stage.events.some((event) => event.type === 'verdict');
  // What the operating system shows at this place: a board, nothing, a device that is just going, the next board.
  const openPort: OpenPort = async (_, options) => {
    if (!isSealed()) return stage.bench.open(boards[0]!, options);
    looks++;
    if (looks < 3) throw portNotFound(address);
    if (looks === 3) throw portGone(address);
    return stage.bench.open(boards[1]!, options);
  };
  const { parts } = stage.station;
  const loaded = recipeNamed('esp32c3-production');
  await makeMissingKeys(loaded.recipe, parts.signer);
  const station = createStation({ ...parts, openPort, development: true });
  station.listen((event) => stage.events.push(event));
  const { counts } = await station.provision({
    loaded,
    fixtures: [{ name: 'F1', address }],
    count: 2,
    order: null,
    operator: null,
    serials: [],
    resetBy: 'lines',
    signal: new AbortController().signal,
  });
  assert.deepEqual([counts.passed, counts.errored], [2, 0], faultsOf(stage));
  const states = stage.events.flatMap((event) => (event.type === 'fixture' ? [event.state] : []));
  assert.ok(states.includes('absent'), 'the display says that nothing is plugged in');
});
