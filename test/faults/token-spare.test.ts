// A second token with the same keys: it takes over in the middle of a batch, within two seconds, and the ledger says so.

import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import pkcs11js from 'pkcs11js';
import { systemRandom } from '../../main/base/random.ts';
import { keysOf } from '../../main/recipe/making/token-keys.ts';
import { newKeyId } from '../../main/signing/key-id.ts';
import { openStationOf } from '../../main/start/real-parts.ts';
import { openSignerOf } from '../../main/start/real-signer.ts';
import type { StationEvent } from '../../main/station/events.ts';
import { createVirtualBench } from '../../main/virtual/bench/bench.ts';
import { noToken, recipeNamed } from '../stories/stage.ts';
import { inStore, openSoftToken, softHsm, WatchedLaunch } from '../unit/signing/soft-token.ts';

const loaded = recipeNamed('esp32c3-production');
const digest = new Uint8Array(32).fill(7);

/** A key as the backup of an HSM brings it into another one: the same value, the same id. */
interface Kept {
  readonly label: string;
  readonly id: Buffer;
  readonly rsa: KeyObject | null;
  readonly aes: Buffer | null;
}

const kept: readonly Kept[] = keysOf(loaded.recipe).map(({ ref, use, algorithm }) => ({
  label: ref.label,
  id: Buffer.from(newKeyId(use, systemRandom)),
  rsa: algorithm === 'rsa-3072' ? generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey : null,
  aes: algorithm === 'aes-256' ? randomBytes(32) : null,
}));

/** Puts the keys into a token in a folder of its own; its serial number. */
async function tokenWith(folder: string, keys: readonly Kept[]): Promise<string> {
  const token = await openSoftToken(folder);
  const { serial } = await token.status();
  await token.close();
  inStore(folder, (module, session) => {
    for (const { label, id, rsa, aes } of keys) {
      const common = [
        { type: pkcs11js.CKA_TOKEN, value: true },
        { type: pkcs11js.CKA_LABEL, value: label },
        { type: pkcs11js.CKA_ID, value: id },
      ];
      const secret = [
        ...common,
        { type: pkcs11js.CKA_PRIVATE, value: true },
        { type: pkcs11js.CKA_SENSITIVE, value: true },
        { type: pkcs11js.CKA_EXTRACTABLE, value: false },
      ];
      if (aes !== null)
        module.C_CreateObject(session, [
          { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
          { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
          { type: pkcs11js.CKA_VALUE, value: aes },
          { type: pkcs11js.CKA_WRAP, value: true },
          { type: pkcs11js.CKA_UNWRAP, value: true },
          ...secret,
        ]);
      if (rsa === null) continue;
      const jwk = rsa.export({ format: 'jwk' });
      const part = (type: number, name: keyof typeof jwk) => ({
        type,
        value: Buffer.from(String(jwk[name]), 'base64url'),
      });
      const open = [part(pkcs11js.CKA_MODULUS, 'n'), part(pkcs11js.CKA_PUBLIC_EXPONENT, 'e')];
      const rsaKey = { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_RSA };
      module.C_CreateObject(session, [
        { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
        rsaKey,
        { type: pkcs11js.CKA_VERIFY, value: true },
        ...common,
        ...open,
      ]);
      module.C_CreateObject(session, [
        { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
        rsaKey,
        { type: pkcs11js.CKA_SIGN, value: true },
        ...secret,
        ...open,
        part(pkcs11js.CKA_PRIVATE_EXPONENT, 'd'),
        part(pkcs11js.CKA_PRIME_1, 'p'),
        part(pkcs11js.CKA_PRIME_2, 'q'),
        part(pkcs11js.CKA_EXPONENT_1, 'dp'),
        part(pkcs11js.CKA_EXPONENT_2, 'dq'),
        part(pkcs11js.CKA_COEFFICIENT, 'qi'),
      ]);
    }
  });
  return serial;
}

/** A station with its own token and a spare one that holds `inSpare`. */
async function stage(t: TestContext, inSpare: readonly Kept[] = kept) {
  const data = mkdtempSync(join(tmpdir(), 'fuseline-spare-'));
  const folder = join(data, 'token');
  const spare = join(data, 'spare');
  const first = await tokenWith(folder, kept);
  const second = await tokenWith(spare, inSpare);
  // the module finds the store of a token that a station file names by its environment
  process.env.SOFTHSM2_CONF = join(spare, 'softhsm2.conf');
  writeFileSync(
    join(data, 'station.yaml'),
    `fuseline: 1\nstation: line-1\ntoken:\n  kind: softhsm\n  spare: { module: ${softHsm}, label: fuseline, serial: '${second}', pin_file: ${join(spare, 'pin')} }\n`,
  );
  const bench = createVirtualBench({});
  const watched = new WatchedLaunch();
  const events: StationEvent[] = [];
  const open = async () => {
    const station = await openStationOf({ data }, bench.open, { launch: watched.launch });
    station.listen((event) => void events.push(event));
    return station;
  };
  t.after(async () => {
    await bench.close();
    rmSync(data, { recursive: true, force: true });
  });
  const job = (names: readonly string[]) => ({
    loaded,
    fixtures: names.map((name) => ({ name, address: `virtual:esp32c3?pacing=none&name=${name}` })),
    count: null,
    order: null,
    operator: null,
    serials: [],
    resetBy: 'lines' as const,
    signal: new AbortController().signal,
  });
  return { data, folder, first, second, open, job, events, watched };
}

describe('a spare token', { skip: noToken, timeout: 900_000 }, () => {
  it('takes over within two seconds, for boards in work as well, and the other way round', async (t) => {
    const { folder, first, second, open, job, events } = await stage(t);
    const station = await open();
    t.after(() => station.close());
    const { signer, ledger, token } = station.parts;
    assert.equal((await station.provision(job(['a']))).counts.passed, 1);
    assert.deepEqual(
      { ...(await token!.spare!.look()), signMs: 0 },
      { label: 'fuseline', serial: second, signMs: 0, fault: null },
    );
    let away = false;
    const unlisten = station.listen((event) => {
      if (event.type !== 'run' || event.event.type !== 'planned' || away) return;
      away = true;
      renameSync(folder, `${folder}.away`);
    });
    assert.equal((await station.provision(job(['b', 'c']))).counts.passed, 2);
    unlisten();
    assert.ok(!events.some((event) => event.type === 'run' && event.event.type === 'parked'), 'nobody waited');
    const switched = async () =>
      (await ledger.acts({ what: 'token-switched' })).map(({ about, detail }) => [about, detail.serial, detail.why]);
    assert.deepEqual(await switched(), [['spare', second, 'token.gone']]);
    const began = performance.now();
    await signer.sign({ label: kept[0]!.label }, 'rsa-pss-sha256', digest);
    assert.ok(performance.now() - began < 2000);
    assert.equal((await signer.status()).serial, second);
    assert.equal((await token!.spare!.look()).fault?.code, 'token.gone', 'what became of the first is shown');
    await assert.rejects(signer.generateKey({ label: 'new', use: 'wrapping', algorithm: 'aes-256' }), {
      code: 'token.spare',
    });
    renameSync(`${folder}.away`, folder);
    renameSync(join(folder, '../spare'), join(folder, '../spare.away'));
    await signer.sign({ label: kept[0]!.label }, 'rsa-pss-sha256', digest);
    assert.deepEqual((await switched())[0], ['first', first, 'token.gone']);
  });

  it('a token that hangs is not waited for', async (t) => {
    const { open, watched, second, job } = await stage(t);
    const station = await open();
    t.after(() => station.close());
    const { signer } = station.parts;
    assert.equal((await station.provision(job(['a']))).counts.passed, 1);
    let hung = 0;
    watched.swallow = (message) => {
      // the first that is asked is the one that serves
      if (message.type !== 'request' || message.call !== 'sign') return false;
      return hung++ === 0;
    };
    const began = performance.now();
    const signature = await signer.sign({ label: kept[0]!.label }, 'rsa-pss-sha256', digest);
    assert.equal(signature.length, 384);
    assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`);
    assert.equal((await signer.status()).serial, second);
    const [act] = await station.parts.ledger.acts({ what: 'token-switched' });
    assert.match(String(act!.detail.why), /no answer within/);
    for (const line of watched.lines) line.kill();
  });

  it('stands in at the start as well; one with other keys never does', async (t) => {
    const { data, folder, open, job, second } = await stage(t);
    const before = await open();
    assert.equal((await before.provision(job(['a']))).counts.passed, 1);
    await before.close();
    renameSync(folder, `${folder}.away`);
    const station = await open();
    assert.equal((await station.provision(job(['b']))).counts.passed, 1);
    assert.equal((await station.parts.signer.status()).serial, second);
    await station.close();
    const { signer, lookAtSpare } = await openSignerOf({ data });
    assert.equal((await lookAtSpare())?.fault, null);
    await signer.close();
  });

  it('one whose keys are others is shown, and serves nothing', async (t) => {
    const others = kept.map((key) => (key.aes === null ? key : { ...key, aes: randomBytes(32) }));
    const { folder, open, job } = await stage(t, others);
    const station = await open();
    t.after(() => station.close());
    const { signer } = station.parts;
    assert.equal((await station.provision(job(['a']))).counts.passed, 1);
    const wrapping = { label: loaded.recipe.wrappingKey.label };
    const wrapped = await signer.wrap(wrapping, await signer.random(32));
    assert.equal((await station.parts.token!.spare!.look()).fault?.code, 'token.other-key');
    renameSync(folder, `${folder}.away`);
    // of the same id, which another value hides behind
    await assert.rejects(signer.unwrap(wrapping, wrapped), { code: 'token.gone' });
    renameSync(`${folder}.away`, folder);
    assert.equal((await signer.unwrap(wrapping, wrapped)).length, 32);
  });
});
