// A ledger that knows a token: another one, a missing one, another key of a known name are refused until custodians say that it is right.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import pkcs11js from 'pkcs11js';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { headKeyLabel } from '../../main/ledger/checkpoint.ts';
import { isFault } from '../../main/model/fault.ts';
import { makeMissingKeys } from '../../main/recipe/making/token-keys.ts';
import { openEmbeddedToken } from '../../main/signing/softhsm.ts';
import { openStationOf } from '../../main/start/real-parts.ts';
import { openSignerOf } from '../../main/start/real-signer.ts';
import { peopleOf } from '../../main/start/settings.ts';
import { Operators } from '../../main/station/desk/access/operators.ts';
import type { Station } from '../../main/station/station.ts';
import { acceptToken } from '../../main/station/token-ceremony.ts';
import { createVirtualBench } from '../../main/virtual/bench/bench.ts';
import { noToken, recipeNamed } from '../stories/stage.ts';
import { inStore, objectsIn } from '../unit/signing/soft-token.ts';

const loaded = recipeNamed('esp32c3-production');
const address = (name: string) => `virtual:esp32c3?pacing=none&name=${name}`;
const digest = new Uint8Array(32).fill(7);

/** Opens the station of a data folder, its boards on a bench of their own. */
function stationIn(t: TestContext | null, data: string) {
  const bench = createVirtualBench({});
  t?.after(() => bench.close());
  return { bench, open: () => openStationOf({ data }, bench.open) };
}

async function seal(station: Station, name: string): Promise<number> {
  await makeMissingKeys(loaded.recipe, station.parts.signer);
  const { counts } = await station.provision({
    loaded,
    fixtures: [{ name: 'left', address: address(name) }],
    count: 1,
    order: null,
    operator: null,
    serials: [],
    resetBy: 'lines',
    signal: new AbortController().signal,
  });
  return counts.passed;
}

/** A data folder in which a board was sealed; each test has a copy of it. */
const worked = mkdtempSync(join(tmpdir(), 'fuseline-token-worked-'));

before(async () => {
  if (noToken) return;
  const { bench, open } = stationIn(null, worked);
  const station = await open();
  assert.equal(await seal(station, 'first'), 1);
  await station.close();
  await bench.close();
});
after(() => rmSync(worked, { recursive: true, force: true }));

async function workedIn(t: TestContext) {
  const data = mkdtempSync(join(tmpdir(), 'fuseline-token-other-'));
  cpSync(worked, data, { recursive: true });
  // names the folder of the token, which the station does anew at each start, and `withoutKey` comes before one
  const conf = join(data, 'token', 'softhsm2.conf');
  writeFileSync(conf, readFileSync(conf, 'utf8').replaceAll(worked, data));
  const { open } = stationIn(t, data);
  t.after(() => rmSync(data, { recursive: true, force: true }));
  return { data, folder: join(data, 'token'), open, seal };
}

async function closing<T>(opened: Promise<Station>, work: (station: Station) => Promise<T>): Promise<T> {
  const station = await opened;
  try {
    return await work(station);
  } finally {
    await station.close();
  }
}

const acts = async (station: Station, what: 'token-known' | 'key-known' | 'key-making') =>
  await station.parts.ledger.acts({ what });

describe('a ledger that knows its token', { skip: noToken, timeout: 900_000 }, () => {
  it('away: no other is made at any face, and the work goes on when it is back', async (t) => {
    const { data, folder, open, seal } = await workedIn(t);
    renameSync(folder, `${folder}.away`);
    await closing(open(), async (station) => {
      await assert.rejects(seal(station, 'second'), (fault) => {
        assert.ok(isFault(fault, 'token.away'));
        assert.match(fault.what, /no other token is made/);
        assert.match(fault.next, /Bring the folder back/);
        return true;
      });
      assert.equal((await station.parts.token?.known.refusal())?.code, 'token.away');
      assert.ok(!existsSync(folder), 'nothing was made in its place');
      assert.equal((await acts(station, 'token-known')).length, 1);
      renameSync(`${folder}.away`, folder);
      assert.equal(await seal(station, 'second'), 1, 'without a new start');
    });
    // an empty folder of that name is no first start either
    renameSync(folder, `${folder}.away`);
    mkdirSync(folder);
    const { signer } = await openSignerOf({ data });
    await assert.rejects(signer.keys(), { code: 'token.away' });
    await signer.close();
  });

  it('another one of the same label: refused for every use, shown, and accepted by two', async (t) => {
    const { data, folder, open, seal } = await workedIn(t);
    renameSync(folder, `${folder}.away`);
    const other = await openEmbeddedToken({ folder, clock: systemClock, random: systemRandom });
    const { serial } = await other.status();
    for (const label of ['secure-boot-1', 'device-ca'])
      await other.generateKey({ label, use: 'device-ca', algorithm: 'ecdsa-p256' });
    await other.close();
    await closing(open(), async (station) => {
      const { signer, token, ledger } = station.parts;
      const refused = { code: 'token.other' };
      await assert.rejects(seal(station, 'second'), refused);
      await assert.rejects(signer.sign({ label: 'device-ca' }, 'ecdsa', digest), refused);
      await assert.rejects(signer.random(8), refused);
      await assert.rejects(signer.generateKey({ label: 'x', use: 'wrapping', algorithm: 'aes-256' }), refused);
      assert.equal((await token!.known.refusal())?.code, 'token.other');
      assert.equal((await ledger.runs({})).length, 1, 'no board was begun');
      const operators = new Operators({
        file: join(data, 'operators.json'),
        clock: systemClock,
        random: systemRandom,
      });
      for (const id of ['al', 'bo'])
        await operators.save({ id, name: id, roles: ['custodian'], pin: `${id}-271828`, badge: null });
      const accept = (by: string, second: string | null, reason = 'the old one was stolen') =>
        acceptToken(
          { operators, ledger, token: token! },
          { by, second: second === null ? null : { id: second, pin: `${second}-271828` }, reason },
        );
      await assert.rejects(accept('al', 'bo', ' '), { code: 'token.reason' });
      await assert.rejects(accept('al', null), { code: 'people.two' });
      await assert.rejects(accept('al', 'al'), { code: 'people.two' });
      await assert.rejects(seal(station, 'second'), refused, 'which changed nothing');
      await accept('al', 'bo');
      const [act] = await acts(station, 'token-known');
      assert.deepEqual(act!.by, ['al', 'bo']);
      assert.equal(act!.detail.reason, 'the old one was stolen');
      assert.equal(act!.detail.serial, serial);
      assert.notEqual(act!.detail.serialBefore, serial);
      assert.deepEqual(act!.detail.kept, []);
      assert.deepEqual(act!.detail.others, ['secure-boot-1']);
      assert.deepEqual(act!.detail.lost, [loaded.recipe.wrappingKey.label, headKeyLabel]);
      await signer.sign({ label: 'device-ca' }, 'ecdsa', digest);
    });
    // and the one that it was is the other one now
    rmSync(folder, { recursive: true });
    renameSync(`${folder}.away`, folder);
    await closing(open(), (station) => assert.rejects(seal(station, 'third'), { code: 'token.other' }));
    assert.equal(peopleOf({ data }).custodians, 2);
  });

  it('lost for good: a ceremony makes a new one, whose keys are made anew', async (t) => {
    const { folder, open, seal } = await workedIn(t);
    rmSync(folder, { recursive: true });
    await closing(open(), async (station) => {
      const { ledger, token } = station.parts;
      const operators = { custodians: 0 } as Operators;
      await acceptToken({ operators, ledger, token: token! }, { by: null, second: null, reason: 'the disk is gone' });
      const [act] = await acts(station, 'token-known');
      assert.ok((act!.detail.lost as string[]).length >= 2, 'what is lost is said');
      assert.equal(await seal(station, 'second'), 1);
    });
    await closing(open(), async (station) => {
      assert.equal(await seal(station, 'third'), 1);
      const { broken, signed } = await station.parts.ledger.verify();
      assert.deepEqual([broken, signed?.changes?.length], [null, 1], 'heads go on under the key of the new one');
    });
  });

  it('the same token without one of its keys, or with another under a known name', async (t) => {
    const { folder, open, seal } = await workedIn(t);
    const name = loaded.recipe.wrappingKey.label;
    withoutKey(folder, name);
    await closing(open(), async (station) => {
      const { signer, token } = station.parts;
      await assert.rejects(seal(station, 'second'), (fault) => {
        assert.ok(isFault(fault, 'token.key-lost'));
        assert.match(fault.what, new RegExp(`does not hold the key '${name}'`));
        return true;
      });
      const wish = { label: name, use: 'wrapping', algorithm: 'aes-256' } as const;
      await assert.rejects(signer.generateKey(wish), { code: 'token.key-lost' });
      assert.equal((await token!.known.refusal())?.code, 'token.key-lost');
    });
    const bare = await openEmbeddedToken({ folder, clock: systemClock, random: systemRandom });
    await bare.generateKey({ label: name, use: 'wrapping', algorithm: 'aes-256' });
    await bare.close();
    await closing(open(), async (station) => {
      await assert.rejects(seal(station, 'second'), { code: 'token.other-key' });
      assert.equal((await station.parts.token!.known.refusal())?.code, 'token.other-key');
      assert.equal((await station.parts.ledger.runs({})).length, 1);
    });
  });

  it('a fresh folder makes its own, and says which', async (t) => {
    const { open } = await workedIn(t);
    await closing(open(), async (station) => {
      const [act, ...more] = await acts(station, 'token-known');
      assert.equal(more.length, 0);
      assert.deepEqual([act!.by, act!.about, act!.detail.serialBefore], [[], 'own', null]);
      const known = (await acts(station, 'key-known')).map(({ detail }) => detail.id);
      assert.deepEqual(
        known,
        (await acts(station, 'key-making')).map(({ detail }) => detail.id),
      );
      assert.ok(known.length >= 2);
      assert.equal((await station.parts.ledger.verify()).broken, null);
    });
  });
});

/** Takes a key out of a closed store, below the station. */
function withoutKey(folder: string, label: string): void {
  inStore(folder, (module, session) => {
    for (const key of objectsIn(module, session, [{ type: pkcs11js.CKA_LABEL, value: label }]))
      module.C_DestroyObject(session, key);
  });
}
