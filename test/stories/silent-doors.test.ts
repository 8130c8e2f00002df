// The last burn of every shipped production recipe, on ROMs that fall silent as real ones do (FACTS 19): before the answer to the reading,
// or at the next command; over ports that can reset their board, and ports where a person has to.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isFault } from '../../main/model/fault.ts';
import { createStation } from '../../main/start/compose.ts';
import type { StationEvent } from '../../main/station/events.ts';
import type { OpenPort, Port } from '../../main/transport/port.ts';
import { faultsOf, noToken, recipeNamed, recipes, setStage } from './stage.ts';

const production = readdirSync(recipes)
  .filter((name) => name.endsWith('-production.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''));

const chipOf = (recipe: string) => {
  const { chip, silicon } = recipeNamed(recipe).recipe;
  return chip === 'esp32p4' && silicon.max < 300 ? 'esp32p4?rev=v1.3&' : `${chip}?`;
};

describe('silent doors', { skip: noToken, concurrency: false, timeout: 600_000 }, () => {
  for (const name of production)
    it(`${name}: sealed through both kinds of silence`, async (t) => {
      const stage = await setStage();
      t.after(() => stage.close());
      const addresses = ['at-next-command', 'before-answer'].map(
        (door) => `virtual:${chipOf(name)}pacing=none&door=${door}&name=${door}`,
      );
      const { counts } = await stage.provision(recipeNamed(name), addresses);
      assert.equal(counts.passed, 2, faultsOf(stage));
      for (const address of addresses) {
        const { efuse, identity } = stage.chip(address);
        const record = (await stage.station.parts.ledger.sealedDevice(identity.mac))!;
        const { burnedAfterwards } = record.efusesAfter as { burnedAfterwards: Record<string, number> };
        for (const [field, value] of Object.entries(burnedAfterwards)) assert.equal(efuse.field(field), value, field);
        assert.ok((record.bootProof as { afterDoor?: unknown }).afterDoor, 'the proof behind the door');
        assert.equal(record.finishedLater, undefined);
      }
    });

  for (const name of ['esp32c3-production', 'esp32-production', 'esp32p4-production'])
    it(`${name}: sealed over a port without reset lines, where a person resets the board`, async (t) => {
      const stage = await setStage();
      t.after(() => stage.close());
      const loaded = recipeNamed(name);
      // The keys that the station's own way of starting makes.
      await stage
        .provision(loaded, [], { count: 0 })
        .catch((error: unknown) => assert.ok(isFault(error), String(error)));
      const address = `virtual:${chipOf(name)}pacing=none&door=before-answer&name=hand`;
      const openPort: OpenPort = async (where, options) => withoutLines(await stage.bench.open(where, options));
      const hand = createStation({ ...stage.station.parts, openPort });
      const strap = (low: boolean) => {
        stage.chip(address).setLines({ dtr: low, rts: false });
        stage.chip(address).reset();
      };
      await (await stage.bench.open(address, { baudRate: 115200 })).close();
      strap(true);
      const verdicts: Extract<StationEvent, { type: 'verdict' }>[] = [];
      hand.listen((event) => {
        if (event.type === 'verdict') verdicts.push(event);
        if (event.type !== 'run' || event.event.type !== 'observed' || event.event.what !== 'awaits-reset') return;
        // The first boot comes before the door: the board goes back into its loader by hand afterwards.
        setTimeout(() => strap(false), 50);
      });
      const { counts } = await hand.provision({
        loaded: {
          ...loaded,
          recipe: { ...loaded.recipe, bootProof: { ...loaded.recipe.bootProof, when: 'after-door' } },
        },
        fixtures: [{ name: 'F1', address }],
        ...{ count: null, order: null, operator: 'hand', serials: [], resetBy: 'operator' },
        signal: new AbortController().signal,
      });
      assert.equal(counts.passed, 1, verdicts.map(({ fault }) => `${fault?.code}: ${fault?.what}`).join('\n'));
    });
});

/** The same wires without DTR and RTS. */
function withoutLines(port: Port): Port {
  return new Proxy(port, {
    get(target, name) {
      if (name === 'hasControlLines') return false;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}
