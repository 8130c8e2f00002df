// The supply (or the ledger, or the program) goes between the last burn and the seal: the board is shut, cannot be read any more, and is
// not sealed. It has to prove which board it is.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { LedgerFault } from '../../main/model/fault.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { noToken, recipeNamed, type Stage, setStage } from '../stories/stage.ts';
import { bringToEnd, insert, provisionAt, recipeVariant, withPart } from './boards.ts';

/** The program command of a P4 run that shuts the door. */
const doorProgram = 11;

async function open(t: TestContext): Promise<Stage> {
  const stage = await setStage();
  t.after(() => stage.close());
  return stage;
}

const p4 = (name: string, fault = '') => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}${fault}`;
const cutAfterDoor = `&fault=power-cut-after-burn:${doorProgram}`;

/** A board whose supply goes right after its door is shut; switched on again. */
async function shutAndCut(stage: Stage, loaded: LoadedRecipe, address: string): Promise<void> {
  const verdict = (await insert(stage, loaded, [address])).get(address)!;
  assert.equal(verdict.fault?.code, 'burn.lost-contact');
  stage.chip(address).powerOn();
}

describe('cut off between the door and the seal', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  it('a shut board finishes in another fixture: its signature says which one it is', async (t) => {
    const stage = await open(t);
    const loaded = recipeNamed('esp32p4-production');
    const [mine, other] = [p4('mine', cutAfterDoor), p4('other', cutAfterDoor)];
    for (const address of [mine, other]) await shutAndCut(stage, loaded, address);
    const result = await stage.provision(loaded, [mine], { fixtures: [{ name: 'another', address: mine }] });
    assert.equal(result.counts.passed, 1);
    const { ledger } = stage.station.parts;
    assert.ok(await ledger.sealedDevice(stage.chip(mine).identity.mac));
    assert.equal(await ledger.sealedDevice(stage.chip(other).identity.mac), null, 'the other one is still open');
    const ends = await bringToEnd(stage, loaded, [other]);
    assert.equal(ends[0]!.verdicts.length, 1);
  });

  it('Secure Download Mode as the door: in the door burn and right after it', async (t) => {
    const stage = await open(t);
    const loaded = recipeVariant(t, 'esp32p4-production', 'esp32p4-v3', {
      'download_mode: disabled': 'download_mode: secure',
    });
    const addresses = ['in', 'after'].flatMap((where) =>
      [doorProgram - 1, doorProgram].map((n) => p4(`${where}-${n}`, `&fault=power-cut-${where}-burn:${n}`)),
    );
    const ends = await bringToEnd(stage, loaded, addresses);
    for (const { end, verdicts, chip } of ends) {
      assert.equal(end, 'sealed');
      assert.equal(verdicts.length, 2);
      assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1);
      assert.equal(chip.efuse.field('DIS_DOWNLOAD_MODE'), 0);
    }
  });

  it('a board without a device key tells nobody who it is: its serial number has to', async (t) => {
    const stage = await open(t);
    for (const [recipe, address] of [
      ['esp32c3-production', 'virtual:esp32c3?pacing=none&name=c3'],
      ['esp32s3-production', 'virtual:esp32s3?pacing=none&name=s3'],
      ['esp32p4-v1-production', 'virtual:esp32p4?rev=v1.3&pacing=none&name=v1'],
    ] as const) {
      const loaded = recipeNamed(recipe);
      const door = await programsOf(stage, loaded, address);
      const cut = `${address}-cut&fault=power-cut-after-burn:${door}`;
      await shutAndCut(stage, loaded, cut);
      const refused = (await insert(stage, loaded, [cut])).get(cut)!;
      assert.notEqual(refused.outcome, 'passed', 'it could be any shut board');
      assert.match(refused.fault!.next, /serial number/);
      const serial = stage.chip(cut).identity.mac.replaceAll(':', '');
      const ends = await bringToEnd(stage, loaded, [cut], () => ({ serials: [serial] }));
      assert.equal(ends[0]!.verdicts.length, 1);
      assert.equal(ends[0]!.verdicts[0]!.mac, stage.chip(cut).identity.mac);
    }
  });

  /** Program commands of a run of this recipe that meets no trouble; the last one shuts the door. */
  async function programsOf(stage: Stage, loaded: LoadedRecipe, address: string): Promise<number> {
    await bringToEnd(stage, loaded, [address]);
    const { runs } = await stage.station.parts.ledger.history(stage.chip(address).identity.mac);
    return runs.flatMap(({ events }) => events).filter(({ event }) => event.type === 'burned').length;
  }

  it('a shut board that was never here is refused, and nothing is claimed for it', async (t) => {
    const stage = await open(t);
    const elsewhere = await open(t);
    const loaded = recipeNamed('esp32p4-production');
    const foreign = p4('foreign');
    await bringToEnd(elsewhere, loaded, [foreign]);
    const mine = p4('mine', cutAfterDoor);
    await shutAndCut(stage, loaded, mine);
    const here = { ...stage.station.parts, openPort: elsewhere.bench.open };
    const { verdicts } = await provisionAt(here, loaded, [foreign]);
    assert.deepEqual(
      verdicts.map(({ fault }) => fault?.code),
      ['admission.other-shut-board'],
    );
    const ends = await bringToEnd(stage, loaded, [mine]);
    assert.equal(ends[0]!.end, 'sealed');
  });

  it('a ledger that fails at the seal: the board is shut and open in the book, and the next insertion seals it', async (t) => {
    const stage = await open(t);
    const loaded = recipeNamed('esp32p4-production');
    const { parts } = stage.station;
    await bringToEnd(stage, loaded, [p4('first')]);
    const address = p4('unsealed');
    const broken = withPart(parts.ledger, 'seal', async () => Promise.reject(fullDisk()));
    const { verdicts } = await provisionAt({ ...parts, ledger: broken }, loaded, [address]);
    assert.deepEqual(
      verdicts.map(({ outcome, fault, seal }) => [outcome, fault?.code, seal]),
      [['errored', 'ledger.full', null]],
    );
    const { mac } = stage.chip(address).identity;
    assert.equal(await parts.ledger.sealedDevice(mac), null);
    const ends = await bringToEnd(stage, loaded, [address]);
    assert.equal(ends[0]!.end, 'sealed');
    assert.equal(ends[0]!.verdicts.length, 1);
  });

  function fullDisk(): LedgerFault {
    return new LedgerFault({
      code: 'ledger.full',
      what: 'The disk that holds the ledger is full.',
      next: 'Free disk space.',
    });
  }
});
