// The supply goes while a board with an identity is burned, or when its door is shut: it is finished under the number that it drew, with the
// key that its blocks hold. An RSA key is made anew, for it was kept nowhere.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { StoredEvent } from '../../main/model/event.ts';
import { noToken, type Stage, setStage } from '../stories/stage.ts';
import { bringToEnd, recipeVariant } from './boards.ts';

async function open(t: TestContext): Promise<Stage> {
  const stage = await setStage();
  t.after(() => stage.close());
  return stage;
}

const drawn = "from: random\n  format: 'FL-{random}'";

/** Kinds of keys, with what makes a recipe of the repository ask for them, for a request to a CA elsewhere, and for drawn numbers. */
const kinds = [
  {
    key: 'rsa-2048',
    recipe: 'esp32s3-production',
    firmware: 'esp32s3',
    base: 'virtual:esp32s3?pacing=none&name=',
    changes: { 'wrapping_key:': `identity: {key: rsa-2048, csr: true}\nserial:\n  ${drawn}\nwrapping_key:` },
  },
  {
    key: 'ecdsa-p384',
    recipe: 'esp32p4-production',
    firmware: 'esp32p4-v3',
    base: 'virtual:esp32p4?rev=v3.1&pacing=none&name=',
    changes: { 'key: ecdsa-p256': 'key: ecdsa-p384\n  csr: true', 'from: mac': drawn },
  },
] as const;

async function eventsOf(stage: Stage, address: string): Promise<StoredEvent[]> {
  const { runs } = await stage.station.parts.ledger.history(stage.chip(address).identity.mac);
  return runs.flatMap(({ events }) => events);
}

describe('cut off with an identity', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  for (const { key, recipe, firmware, base, changes } of kinds)
    it(`${key}: in each key block, and right after the door`, async (t) => {
      const stage = await open(t);
      const loaded = recipeVariant(t, recipe, firmware, changes);
      await bringToEnd(stage, loaded, [`${base}whole`]);
      const door = (await eventsOf(stage, `${base}whole`)).filter(({ event }) => event.type === 'burned').length;
      const cuts = [2, 3, 4].map((n) => `${base}in-${n}&fault=power-cut-in-burn:${n}`);
      const shut = `${base}shut&fault=power-cut-after-burn:${door}`;
      for (const { address, end, verdicts, chip } of await bringToEnd(stage, loaded, [...cuts, shut])) {
        assert.equal(end, 'sealed', address);
        assert.equal(verdicts.length, 2);
        const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
        assert.match(record?.serial ?? '', /^FL-[0-9A-Z]{10}$/);
        assert.deepEqual(
          [...new Set(verdicts.map(({ serial }) => serial))],
          [record!.serial],
          'one number for both runs',
        );
        assert.equal(record!.identity?.key, key);
        const events = await eventsOf(stage, address);
        const keys = events.flatMap(({ event }) =>
          event.type === 'observed' && event.what === 'certificate-request' ? [event.value.publicKey] : [],
        );
        assert.equal(keys.at(-1), record!.identity?.publicKey);
        assert.match(JSON.stringify(record!.bootProof), /"signature":"[0-9a-f]+"/);
        if (key !== 'ecdsa-p384' && address !== shut) assert.notEqual(keys[0], keys.at(-1), 'an RSA key is made anew');
      }
    });
});
