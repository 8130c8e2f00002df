// The supply (or the ledger, or the program) goes between the last burn and the seal: the board is shut, cannot be read any more, and is
// not sealed. It has to prove which board it is.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { LedgerFault } from '../../main/model/fault.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { noToken, recipeNamed, type Stage, setStage } from '../stories/stage.ts';
import { bringToEnd, insert, provisionAt, recipeVariant, upTo, withPart } from './boards.ts';

/** The program command of a P4 run that shuts the door. */
const doorProgram = 10;

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

  it('a board without a device key, whose application prints no MAC, tells nobody who it is: a person has to', async (t) => {
    const stage = await open(t);
    const { ledger } = stage.station.parts;
    for (const [recipe, chip] of [
      ['esp32c3-production', 'esp32c3?'],
      ['esp32s3-production', 'esp32s3?'],
      ['esp32p4-v1-production', 'esp32p4?rev=v1.3&'],
    ] as const) {
      const loaded = recipeNamed(recipe);
      const cut = `virtual:${chip}pacing=none&name=cut-${recipe}`;
      const door = await programsOf(stage, loaded, `virtual:${chip}pacing=none&name=whole-${recipe}`);
      const address = `${cut}&fault=power-cut-after-burn:${door}`;
      await shutAndCut(stage, loaded, address);
      const { mac } = stage.chip(address).identity;
      const refused = (await insert(stage, loaded, [address])).get(address)!;
      assert.equal(refused.fault?.code, 'admission.which-shut-board', 'it could be any shut board');
      assert.match(refused.fault!.next, /--device/);
      assert.ok(refused.fault!.what.includes(mac), 'the advice names what can be named');
      const [end] = await bringToEnd(stage, loaded, [address], () => ({
        device: mac.replaceAll(':', '-').toUpperCase(),
      }));
      assert.equal(end!.verdicts.length, 1);
      assert.equal(end!.verdicts[0]!.mac, mac);
      const { finishedLater } = (await ledger.sealedDevice(mac))!;
      assert.deepEqual([finishedLater?.identifiedBy, finishedLater?.operator], ['operator', 'tester']);
    }
  });

  it('two boards without a device key wait: what the application prints tells, a person chooses, and a wrong word is found out', async (t) => {
    const stage = await open(t);
    const { ledger } = stage.station.parts;
    const loaded = recipeNamed('esp32c3-production');
    const c3 = (name: string, more = '') => `virtual:esp32c3?pacing=none&name=${name}${more}`;
    const door = await programsOf(stage, loaded, c3('whole'));
    const cut = `&fault=power-cut-after-burn:${door}`;
    const [silent, speaking, third] = [c3('silent', cut), c3('speaking', `&prints-mac=yes${cut}`), c3('third', cut)];
    for (const address of [silent, speaking, third]) await shutAndCut(stage, loaded, address);
    const macOf = (address: string) => stage.chip(address).identity.mac;
    const which = (await insert(stage, loaded, [silent])).get(silent)!;
    assert.equal(which.fault?.code, 'admission.which-shut-board');
    for (const address of [silent, speaking, third]) assert.ok(which.fault!.what.includes(macOf(address)));
    const wrong = (await insert(stage, loaded, [speaking], () => ({ device: macOf(silent) }))).get(speaking)!;
    assert.equal(wrong.fault?.code, 'admission.other-shut-board');
    const foreign = (await insert(stage, loaded, [silent], () => ({ device: '02:00:00:00:00:01' }))).get(silent)!;
    assert.equal(foreign.fault?.code, 'admission.which-shut-board');
    await bringToEnd(stage, loaded, [speaking]);
    await bringToEnd(stage, loaded, [silent], () => ({ device: macOf(silent) }));
    await bringToEnd(stage, loaded, [third], () => ({ device: macOf(third) }));
    const by = async (address: string) => (await ledger.sealedDevice(macOf(address)))!.finishedLater?.identifiedBy;
    assert.deepEqual([await by(speaking), await by(silent), await by(third)], ['console-mac', 'operator', 'operator']);
  });

  it('a board that was named, and another one with its door open in the fixture: it is not touched', async (t) => {
    const stage = await open(t);
    const loaded = recipeNamed('esp32c3-production');
    const address = 'virtual:esp32c3?pacing=none&name=fresh';
    const verdict = (await insert(stage, loaded, [address], () => ({ device: '02:00:00:00:00:01' }))).get(address)!;
    assert.equal(verdict.fault?.code, 'admission.other-board');
    assert.equal(stage.chip(address).efuse.field('WR_DIS') & 1, 0);
  });

  it('is finished under the recipe that made it, whatever the line makes now, and after 600 other runs', async (t) => {
    const stage = await open(t);
    const { ledger } = stage.station.parts;
    const loaded = recipeNamed('esp32p4-production');
    const address = p4('old', cutAfterDoor);
    await shutAndCut(stage, loaded, address);
    const now = {
      ...loaded,
      ref: { ...loaded.ref, hash: 'ee'.repeat(32) },
      recipe: {
        ...loaded.recipe,
        bootProof: { ...loaded.recipe.bootProof, expect: ['never said'], timeoutSeconds: 3 },
      },
    };
    for (const n of upTo(600)) {
      const id = `R-other-${n}`;
      const mac = `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
      await ledger.openRun({ ...blankRun, id, mac, recipe: loaded.ref });
      await ledger.endRun(id, { at: '2026-01-01T00:00:00.000Z', outcome: 'refused', fault: null });
    }
    const [end] = await bringToEnd(stage, now, [address]);
    assert.equal(end!.verdicts.length, 1);
    const { mac } = stage.chip(address).identity;
    assert.equal((await ledger.sealedDevice(mac))!.finishedLater?.identifiedBy, 'signature');
  });

  const blankRun = {
    ...{ batch: null, fixture: 'F1', operator: null, serial: null },
    ...{ startedAt: '2026-12-31T00:00:00.000Z', endedAt: null, outcome: null, fault: null },
  };

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
