// The recovery bay, from a terminal: any board is read, explained in words, and goes on where it can; nothing is burned to find out.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RecoveryReport } from '../../main/model/recovery.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { readForRecovery } from '../../main/station/recovery/read-board.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { noToken, recipeNamed, recipes, type Stage, setStage } from '../stories/stage.ts';
import { objects, run, runHere, testFolder } from '../stories/terminal.ts';
import { insert } from './boards.ts';

const p4 = (name: string, fault = '') => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}${fault}`;
const burned = (chip: VirtualChip) => Buffer.concat(chip.efuse.burned()).toString('hex');

describe('the recovery bay', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  const production = recipeNamed('esp32p4-production');

  /** One look, which burns nothing. `here`: the recipes that stand there, or the one that a person gives. */
  async function look(
    { station, bench }: Stage,
    address: string,
    here: readonly LoadedRecipe[] | LoadedRecipe = [production],
    named: string | null = null,
  ): Promise<RecoveryReport> {
    const { ledger, clock } = station.parts;
    const before = bench.chip(address);
    const content = before && burned(before);
    const report = await readForRecovery(() => bench.open(address, { baudRate: 115200 }), {
      ...{ clock, ledger, fixture: 'bay', named },
      find: ({ name }) => ('ref' in here ? here : (here.find(({ ref }) => ref.name === name) ?? null)),
    });
    if (content !== undefined) assert.equal(burned(bench.chip(address)!), content, 'nothing was burned');
    assert.match(report.what, /^[A-Z].*[.!]$/s);
    return report;
  }

  it('a blank board, a half-done one, and the same when it is sealed and shut', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const blank = await look(stage, p4('blank'));
    assert.deepEqual([blank.state, blank.burned, blank.acts], ['blank', [], []]);
    const address = p4('half', '&fault=power-cut-after-burn:6');
    await insert(stage, production, [address]);
    const chip = stage.chip(address);
    chip.powerOn();
    const half = await look(stage, address);
    assert.deepEqual([half.state, half.mac, half.door], ['half-done', chip.identity.mac, 'open']);
    assert.match(half.what, /was begun as esp32p4-production revision/);
    assert.deepEqual([half.finish.possible, half.finish.recipe], [true, production.ref]);
    const [key] = half.burned;
    assert.equal(key?.where, 'BLOCK_KEY0');
    assert.match(key!.what, /flash-encryption key, low half, read back/);
    assert.equal(key!.by?.fixture, address);
    assert.ok(half.finish.left.some((step) => step.startsWith('Shut the door')));
    assert.ok(half.finish.why.some((why) => why.includes('wrapping key has the id')));
    assert.ok(half.lost.some((what) => what.includes('flash-encryption')));
    assert.deepEqual(half.acts, ['finish', 'release', 'condemn']);
    const { recipe, ref } = production;
    const unfit = {
      'admission.wrong-chip': recipeNamed('esp32c6-production'),
      'admission.wrong-revision': recipeNamed('esp32p4-v1-production'),
      'admission.other-recipe': { ...production, ref: { ...ref, name: 'another-product' } },
      'admission.flash-too-small': {
        ...production,
        recipe: { ...recipe, flash: { ...recipe.flash, size: 256 << 20 } },
      },
    };
    for (const [code, given] of Object.entries(unfit)) {
      const { finish } = await look(stage, address, given);
      assert.deepEqual([finish.possible, finish.left], [false, []], code);
      assert.ok(finish.why.at(-1)!.endsWith(`[${code}]`), `${code}: ${finish.why.join('\n')}`);
    }
    const elsewhere = await look(stage, address, []);
    assert.deepEqual([elsewhere.finish.possible, elsewhere.finish.left], [null, []]);
    await insert(stage, production, [address]);
    const shut = await look(stage, address);
    assert.deepEqual([shut.state, shut.door, shut.mac, shut.acts], ['shut', 'disabled', null, []]);
    const named = await look(stage, address, [production], chip.identity.mac);
    assert.deepEqual([named.state, named.acts], ['sealed', ['verify']]);
  });

  it('a board that waits for its seal behind its door: which ones it may be, and the one that is named', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const address = p4('waits', '&fault=power-cut-after-burn:10');
    await insert(stage, production, [address]);
    const chip = stage.chip(address);
    chip.powerOn();
    const { mac } = chip.identity;
    const report = await look(stage, address);
    assert.deepEqual(
      [report.state, report.waiting.map((one) => one.mac), report.acts],
      ['shut', [mac], ['finish', 'name']],
    );
    const named = await look(stage, address, [production], mac);
    assert.deepEqual([named.mac, named.finish.possible, named.acts], [mac, true, ['finish', 'condemn']]);
    assert.match(named.what, /waits for its seal/);
  });

  it('one begun at another station, one that was condemned, one released, and another chip with its MAC', async (t) => {
    const [stage, elsewhere] = [await setStage(), await setStage(undefined, undefined, { token: 'new' })];
    t.after(() => Promise.all([stage.close(), elsewhere.close()]));
    const { ledger } = stage.station.parts;
    const address = p4('begun', '&mac=30:ed:a0:00:00:51&seed=4&fault=power-cut-after-burn:6');
    await insert(stage, production, [address]);
    stage.chip(address).powerOn();
    const foreign = await look({ ...elsewhere, bench: stage.bench }, address);
    assert.equal(foreign.state, 'foreign');
    assert.ok(foreign.burned.length > 0 && foreign.burned.every(({ by }) => by === null));
    const other = await look(stage, p4('copy', '&mac=30:ed:a0:00:00:51&seed=4'));
    assert.deepEqual([other.state, other.acts], ['other-chip', []]);
    assert.match(other.what, /Two chips say that they are 30:ed:a0:00:00:51/);
    const { mac } = stage.chip(address).identity;
    await ledger.condemn(mac, null, 'the antenna is torn off', { keepKeys: true, by: ['al', 'bo'] });
    const condemned = await look(stage, address);
    assert.deepEqual([condemned.state, condemned.acts], ['condemned', ['release', 'condemn']]);
    assert.match(condemned.what, /by al and bo: the antenna is torn off/);
    await ledger.release(mac, ['al', 'bo'], 'becomes another product');
    const released = await look(stage, address);
    assert.deepEqual([released.state, released.lost], ['foreign', []]);
    assert.match(released.what, /it was released, or begun somewhere else/);
  });

  it('a block that took no key: where its key goes is told', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const address = p4('moved', '&fault=dead-bit:2');
    await insert(stage, production, [address]);
    const report = await look(stage, address);
    assert.equal(report.finish.possible, true);
    assert.ok(
      report.finish.why.some((why) => /key goes into BLOCK_KEY\d; BLOCK_KEY\d, .*left behind hidden/.test(why)),
      report.finish.why.join('\n'),
    );
    assert.ok(report.burned.some(({ what }) => what.includes('given up for its errors')));
  });
});

describe('recover, typed', { skip: noToken, timeout: 240_000 }, () => {
  it('explains a half-done board and finishes it by the recipe that stands here', async (t) => {
    const folder = testFolder(t);
    const data = join(folder, 'data');
    const state = encodeURIComponent(join(folder, 'chip'));
    const port = (fault: string) => `virtual:esp32c3?pacing=none&state=${state}&mac=34:85:18:00:00:61${fault}`;
    const recipe = join(recipes, 'esp32c3-production.yaml');
    await run(['provision', '--recipe', recipe, '--port', port('&fault=power-cut-after-burn:5'), '--data', data]);
    const told = await runHere(['recover', '--port', port(''), '--data', data]);
    assert.equal(told.status, 0, told.err);
    for (const words of [
      'was begun as esp32c3-production',
      'Can it be finished? yes',
      'What is left',
      'Runs at this station',
    ])
      assert.ok(told.out.includes(words), `${words}\n${told.out}`);
    const [report] = objects(await runHere(['recover', '--json', '--port', port(''), '--data', data]));
    assert.equal(report!.state, 'half-done');
    const done = await run(['recover', '--finish', '--port', port(''), '--data', data]);
    assert.equal(done.status, 0, done.err);
    const shut = await runHere(['recover', '--finish', '--port', port(''), '--data', data]);
    assert.ok(shut.err.includes('[recover.cannot-finish]'), 'no board waits, and it tells nothing');
    const named = ['--device', '34:85:18:00:00:61'];
    const sealed = await runHere(['recover', '--finish', '--port', port(''), ...named, '--data', data]);
    assert.ok(sealed.err.includes('[recover.cannot-finish]'), sealed.err);
  });

  it('a board that waits behind its door is finished when it is named', async (t) => {
    const folder = testFolder(t);
    const data = join(folder, 'data');
    const state = encodeURIComponent(join(folder, 'chip'));
    const mac = '34:85:18:00:00:62';
    const port = (fault: string) => `virtual:esp32c3?pacing=none&state=${state}&mac=${mac}${fault}`;
    const recipe = join(recipes, 'esp32c3-production.yaml');
    await runHere(['provision', '--recipe', recipe, '--port', port('&fault=power-cut-after-burn:8'), '--data', data]);
    const unnamed = await runHere(['recover', '--finish', '--port', port(''), '--data', data]);
    assert.ok(unnamed.out.includes(mac), 'it may be this one');
    assert.ok(unnamed.err.includes('[recover.no-recipe]'), unnamed.err);
    const done = await runHere(['recover', '--finish', '--port', port(''), '--device', mac, '--data', data]);
    assert.equal(done.status, 0, done.err);
  });
});
