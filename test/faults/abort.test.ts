// Ctrl-C in the middle of a run: the board ends after its current irreversible step, the program says so, and the board can be finished.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { allSteps } from '../../main/recipe/steps/index.ts';
import { noToken, recipeNamed, recipes, setStage } from '../stories/stage.ts';
import { chipProcess, developmentData, objects, run, start, testFolder } from '../stories/terminal.ts';
import { bringToEnd, insert } from './boards.ts';

const p4 = (name: string) => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}`;

describe('a run that a person stops', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  it('in every step: no irreversible one is cut, and the board is finished later', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeNamed('esp32p4-production');
    // This recipe leaves no encryption to the device; after the last step nothing is left to stop.
    const left = ['device-encryption', 'destroy-keys'];
    for (const { id: step, irreversible } of allSteps.filter(({ id }) => !left.includes(id))) {
      const address = p4(step);
      const stop = new AbortController();
      stage.station.listen((event) => {
        if (event.type === 'run' && event.event.type === 'step-started' && event.event.step === step)
          stop.abort(new Error('stopped by a person'));
      });
      const verdict = (await insert(stage, loaded, [address], () => ({ signal: stop.signal }))).get(address)!;
      assert.equal(verdict.outcome, 'aborted', step);
      assert.equal(verdict.fault, null);
      const { runs } = await stage.station.parts.ledger.history(stage.chip(address).identity.mac);
      const ended = runs[0]!.events.some((stored) => stored.step === step && stored.event.type === 'step-passed');
      if (step !== 'prepare') assert.equal(ended, irreversible, `${step}: an irreversible step ends, others stop`);
      const [end] = await bringToEnd(stage, loaded, [address]);
      assert.equal(end!.end, 'sealed');
      assert.equal(end!.verdicts.length, 1);
    }
  });

  it('SIGINT at the terminal: said, exit status 1, and the next command finishes the board', async (t) => {
    const folder = testFolder(t);
    const chip = await chipProcess(t, 'esp32p4?rev=v3.1', 'rfc2217:0');
    const recipe = join(recipes, 'esp32p4-production.yaml');
    const data = developmentData(folder);
    const order = ['provision', '--json', '--recipe', recipe, '--port', chip.address, '--data', data];
    const first = start(order);
    await first.line((line) => line.includes('"step":"burn-keys"') && line.includes('"type":"intend"'));
    first.child.kill('SIGINT');
    const said = await first.ended;
    assert.equal(said.status, 1, said.err);
    assert.match(said.err, /Stopping: each board ends after its current irreversible step\./);
    assert.match(said.err, /ABORTED/);
    assert.equal(objects(said).findLast((line) => line.type === 'verdict')?.outcome, 'aborted');
    const second = await run(order);
    assert.equal(second.status, 0, second.err);
  });

  it('SIGINT twice: the program ends and names each board as it is; the next command finishes it', async (t) => {
    const folder = testFolder(t);
    const chip = await chipProcess(t, 'esp32p4?rev=v3.1', 'rfc2217:0');
    const recipe = join(recipes, 'esp32p4-production.yaml');
    const order = [
      'provision',
      '--json',
      '--recipe',
      recipe,
      '--port',
      chip.address,
      '--data',
      developmentData(folder),
    ];
    const first = start(order);
    await first.line((line) => line.includes('"step":"burn-keys"') && line.includes('"type":"intend"'));
    first.child.kill('SIGINT');
    await first.line((line) => line.startsWith('Stopping:'));
    first.child.kill('SIGINT');
    const said = await first.ended;
    assert.equal(said.status, 1, said.err);
    assert.match(said.err, /Ended without waiting for the boards:\n/);
    assert.match(
      said.err,
      /F1 {2}([0-9a-f]{2}:){5}[0-9a-f]{2}: left in the step Burn keys(, while a burn was under way|; what was burned)/,
    );
    assert.match(said.err, /Insert it again/);
    const second = await run(order);
    assert.equal(second.status, 0, second.err);
  });

  it('SIGINT three times at once: it ends at once', async (t) => {
    const folder = testFolder(t);
    const chip = await chipProcess(t, 'esp32c3?rev=v0.4&fault=mute-from:40', 'rfc2217:0');
    const recipe = join(recipes, 'esp32c3-production.yaml');
    const first = start(['provision', '--recipe', recipe, '--port', chip.address, '--data', developmentData(folder)]);
    await first.line((line) => line.includes('F1'));
    const from = performance.now();
    for (let n = 0; n < 3; n++) {
      first.child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const said = await first.ended;
    assert.ok(said.status === 1 && performance.now() - from < 8000, `${said.status}: ${said.err}`);
  });
});
