// The token is taken away while a batch runs, and put back: boards wait at a safe step, and go on.

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type FaultRecord, isFault } from '../../main/model/fault.ts';
import { block0Bits } from '../stories/judge.ts';
import { faultsOf, noToken, recipeNamed, type Stage, setStage } from '../stories/stage.ts';
import { WatchedLaunch } from '../unit/signing/soft-token.ts';
import { bringToEnd, factoryBits, insert, upTo } from './boards.ts';

const p4 = (name: string) => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}`;
const loaded = recipeNamed('esp32p4-production');

function hands(stage: Stage) {
  const folder = join(stage.folder, 'token');
  return { away: () => renameSync(folder, `${folder}.away`), back: () => renameSync(`${folder}.away`, folder) };
}

describe('a token that goes away', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  it('parks boards at a safe step, and they pass when it is back', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const token = hands(stage);
    await insert(stage, loaded, [p4('first')]);
    const addresses = upTo(4).map((n) => p4(`parked-${n}`));
    const parked = new Map<string, { bits: Set<string>; factory: Set<string>; fault: FaultRecord }>();
    let taken = false;
    stage.station.listen((event) => {
      if (event.type !== 'run' || event.fixture === p4('first')) return;
      if (event.event.type === 'planned' && !taken) {
        taken = true;
        token.away();
      }
      if (event.event.type === 'parked') {
        const chip = stage.chip(event.fixture);
        parked.set(event.fixture, { bits: block0Bits(chip), factory: factoryBits(chip), fault: event.event.fault });
        if (parked.size === addresses.length) token.back();
      }
    });
    const verdicts = await insert(stage, loaded, addresses);
    assert.deepEqual(
      addresses.map((address) => verdicts.get(address)!.outcome),
      addresses.map(() => 'passed'),
      faultsOf(stage),
    );
    assert.equal(parked.size, addresses.length);
    for (const { bits, factory, fault } of parked.values()) {
      assert.deepEqual(bits, factory, 'nothing was burned yet');
      assert.equal(fault.code, 'token.gone');
      assert.match(fault.next, /bring [^.;]*back/i);
    }
    const ends = await bringToEnd(stage, loaded, [p4('after')]);
    assert.equal(ends[0]!.end, 'sealed');
    for (const address of addresses) {
      const { runs } = await stage.station.parts.ledger.history(stage.chip(address).identity.mac);
      const types = runs.flatMap(({ events }) => events.map(({ event }) => event.type));
      assert.ok(types.indexOf('parked') < types.indexOf('resumed'), 'the book tells of the wait');
    }
  });

  it('its process ends: boards wait as for one that is gone, and pass with keys made once', async (t) => {
    const watched = new WatchedLaunch();
    const stage = await setStage(undefined, { launch: watched.launch });
    t.after(() => stage.close());
    await insert(stage, loaded, [p4('first')]);
    const addresses = upTo(3).map((n) => p4(`crashed-${n}`));
    let killed = 0;
    let parked = 0;
    stage.station.listen((event) => {
      if (event.type !== 'run') return;
      // one while it works for them, one while they wait
      if (event.event.type === 'step-started' && event.event.step === 'prepare' && killed++ === 0) watched.last.kill();
      if (event.event.type === 'parked' && parked++ === 0) watched.last.kill();
    });
    const verdicts = await insert(stage, loaded, addresses);
    for (const address of addresses) assert.equal(verdicts.get(address)!.outcome, 'passed', faultsOf(stage));
    assert.ok(parked > 0);
    const ends = await bringToEnd(stage, loaded, [p4('after-crash')]);
    assert.equal(ends[0]!.end, 'sealed');
  });

  it('gone when nothing more is asked of it: burning goes on without it', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const token = hands(stage);
    const address = p4('burning');
    stage.station.listen((event) => {
      if (event.type === 'run' && event.event.type === 'step-started' && event.event.step === 'burn-keys') token.away();
    });
    const verdict = (await insert(stage, loaded, [address])).get(address)!;
    token.back();
    assert.equal(verdict.outcome, 'passed', verdict.fault?.what);
  });

  it('away at the start of a batch: one clear fault, and no board is touched', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const token = hands(stage);
    await insert(stage, loaded, [p4('first')]);
    token.away();
    await assert.rejects(stage.station.prepareRelease(loaded), (error) => isFault(error, 'token.gone'));
    token.back();
    const verdict = (await insert(stage, loaded, [p4('second')])).get(p4('second'))!;
    assert.equal(verdict.outcome, 'passed');
  });

  it('a person ends the wait: the board is untouched, and the batch is over', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const token = hands(stage);
    const address = p4('given-up');
    const stop = new AbortController();
    stage.station.listen((event) => {
      if (event.type !== 'run') return;
      if (event.event.type === 'planned') token.away();
      if (event.event.type === 'parked') stop.abort(new Error('stopped by a person'));
    });
    const verdict = (await insert(stage, loaded, [address], () => ({ signal: stop.signal }))).get(address)!;
    assert.equal(verdict.outcome, 'aborted');
    token.back();
  });
});
