// Signed work orders: what the owner did not sign is not made, whoever edits files, puts back older ones or sets the clock.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, isoTime, systemClock } from '../../main/base/clock.ts';
import { sha256Hex } from '../../main/base/digest.ts';
import { Mutex } from '../../main/base/mutex.ts';
import { systemRandom } from '../../main/base/random.ts';
import { anyBoard } from '../../main/config/station-file.ts';
import { encodeCbor } from '../../main/formats/cbor.ts';
import { decodeCbor } from '../../main/formats/cbor-read.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { isFault } from '../../main/model/fault.ts';
import { keyOfFile } from '../../main/signing/file-key.ts';
import { allowanceOf } from '../../main/station/board-rules.ts';
import { sealedOrderOf } from '../../main/station/sealed-orders.ts';
import { readWorkOrder, type WorkOrderFacts } from '../../main/station/work-order.ts';
import { recipeNamed } from '../stories/stage.ts';
import { testFolder } from '../stories/terminal.ts';
import { mac, run as runOf } from '../unit/ledger/book.ts';
import { owner, signed, stranger } from './signed.ts';
import { p4, stationIn, terminal } from './terminal-rig.ts';

const loaded = recipeNamed('esp32p4-production');
/** A station's book, orders that its owner signs, and the gate. */
async function line(t: TestContext) {
  const folder = testFolder(t);
  const key = join(folder, 'owner.pem');
  writeFileSync(key, owner.publicPem);
  const file = join(folder, 'ledger.sqlite');
  const open = () => openSqliteLedger({ file, station: 'line-1', clock: systemClock });
  let ledger = await open();
  t.after(() => ledger.close());
  const parts = { name: 'line-1', random: systemRandom, opening: { refusal: async () => null } };
  const rules = { ...anyBoard, sealedOrders: { folder, keys: [key] } };
  const turn = new Mutex();
  let runs = 0;
  const { row, hash } = await ledger.head();
  const facts: WorkOrderFacts = {
    order: 'O-1',
    issued: isoTime(Date.now()),
    expires: isoTime(Date.now() + 86_400_000),
    boards: 5,
    recipe: loaded.ref,
    firmware: loaded.firmware.parts.map(({ name: part, data }) => ({ part, sha256: sha256Hex(data) })),
    chip: 'esp32p4',
    macs: null,
    serials: null,
    stations: [{ station: 'line-1', ledger: ledger.opening.ledger, row, hash, share: { first: 1, boards: 2 } }],
    leases: null,
  };
  const allowance = (order: string | null, clock: Clock, of = loaded) =>
    allowanceOf({ loaded: of, order, operator: 'op' }, rules, { ...parts, ledger, clock }, turn);
  return {
    ...{ folder, facts, allowance },
    get ledger() {
      return ledger;
    },
    put: (bytes: Uint8Array, name = 'O-1') => writeFileSync(join(folder, `${name}.order`), bytes),
    /** How the first question of a batch, and then a board, is answered. */
    async begun(
      board: number,
      { order = 'O-1' as string | null, clock = systemClock, of = loaded } = {},
    ): Promise<string> {
      try {
        const asked = await allowance(order, clock, of);
        const refused = asked.refuse(mac(board));
        if (refused !== null) return refused.code;
        const run = runOf(`r${runs++}`, { batch: `b${runs}` });
        await ledger.openBatch({
          id: `b${runs}`,
          order,
          recipe: of.ref,
          count: 1,
          openedAt: run.startedAt,
          closedAt: null,
        });
        await ledger.openRun(run);
        await asked.count(mac(board), () => ledger.bindRun(run.id, { mac: mac(board) }));
        return 'begun';
      } catch (error) {
        if (isFault(error)) return error.code;
        throw error;
      }
    },
    async reopen(change: () => void): Promise<void> {
      await ledger.close();
      change();
      ledger = await open();
    },
    file,
  };
}

test('at the terminal: asked, signed, shown, worked on, and not beyond', async (t) => {
  const { data, run } = terminal(t);
  await (await stationIn(data, () => assert.fail())).close();
  const at = (name: string) => join(data, name);
  writeFileSync(at('key.pem'), owner.pem);
  writeFileSync(at('owner.pem'), owner.publicPem);
  mkdirSync(at('orders'));
  writeFileSync(
    at('station.yaml'),
    'fuseline: 1\nstation: fuseline\nboards:\n  sealed_orders: {folder: orders, keys: [owner.pem]}\n',
  );
  assert.deepEqual(await run('order', 'ask', '--out', at('ask.json')), [0, null]);
  const sign = (name: string, ...more: string[]) =>
    run(
      'order',
      'sign',
      name,
      '--recipe',
      p4,
      '--boards',
      '1',
      '--expires',
      '2099-12-31',
      '--out',
      at(`orders/${name}.order`),
      ...more,
    );
  const share = ['--for', `${at('ask.json')}=1`];
  const byFile = ['--key-file', at('key.pem')];
  assert.deepEqual(await sign('O-1', '--for', at('ask.json'), ...byFile), [2, 'cli.value'], 'no share, and no leases');
  assert.deepEqual(await sign('O-1', ...share, ...byFile, '--mac', '30:ed:a0'), [0, null]);
  assert.deepEqual(await run('order', 'show', at('orders/O-1.order'), '--key', at('owner.pem')), [0, null]);
  writeFileSync(at('other.pem'), stranger.publicPem);
  assert.deepEqual(await run('order', 'show', at('orders/O-1.order'), '--key', at('other.pem')), [
    2,
    'order.not-signed',
  ]);
  const tried = (last: string, ...more: string[]) =>
    run('provision', '--recipe', p4, '--port', `virtual:esp32p4?rev=v3.1&pacing=none&mac=${last}`, ...more);
  const bought = '30:ed:a0:00:00:01';
  assert.deepEqual(await tried(bought, '--order', 'O-1', '--waive', 'boot-proof=no lines'), [2, 'order.other-recipe']);
  assert.deepEqual(await tried('02:00:00:00:00:01', '--order', 'O-1'), [1, 'admission.unordered-chip']);
  assert.deepEqual(await tried(bought, '--order', 'O-1'), [0, null]);
  assert.deepEqual(await tried('30:ed:a0:00:00:02', '--order', 'O-1'), [1, 'order.full']);
});

test('so many boards as its share, each once, over batches; the order is a row', async (t) => {
  const { facts, put, begun, ledger } = await line(t);
  put(await signed(facts));
  assert.deepEqual(
    [await begun(1), await begun(1), await begun(2), await begun(3)],
    ['begun', 'begun', 'begun', 'order.full'],
  );
  const taken = await ledger.acts({ what: 'order-taken' });
  assert.deepEqual(
    taken.map(({ about, detail }) => [about, detail.boards, detail.signedBy]),
    [['O-1', 5, sha256Hex(owner.spki)]],
  );
});

test('an edited order, one of a stranger, and changed bytes all over it', async (t) => {
  const { facts, put, begun } = await line(t);
  const bytes = await signed(facts);
  put(await signed(facts, stranger));
  assert.equal(await begun(1), 'order.not-signed');
  put(await signed({ ...facts, order: 'O-2' }));
  assert.equal(await begun(1), 'order.name');
  assert.deepEqual(
    [await begun(1, { order: null }), await begun(1, { order: '../O-1' }), await begun(1, { order: 'O-3' })],
    ['order.not-named', 'order.bad-name', 'order.file'],
  );
  for (let at = 0; at < bytes.length; at += 5) {
    const edited = bytes.slice();
    edited[at]! ^= 1 << (at % 8);
    assert.throws(
      () => readWorkOrder(edited, [owner.spki], 'O-1.order'),
      (error) => isFault(error, 'order.form') || isFault(error, 'order.not-signed'),
      `byte ${at}`,
    );
  }
  for (const cut of [0, 1, bytes.length - 1]) {
    put(bytes.subarray(0, cut));
    assert.equal(await begun(1), 'order.form', `cut at ${cut}`);
  }
  put(Buffer.concat([bytes, Uint8Array.of(0)]));
  assert.equal(await begun(1), 'order.form', 'bytes behind it');
  for (const change of [{ share: { first: 1, boards: 6 } }, { share: { first: 5, boards: 2 } }])
    await assert.rejects(signed({ ...facts, stations: [{ ...facts.stations[0]!, ...change }] }), {
      code: 'order.form',
    });
});

test('for another station, another book, other firmware, and after its day', async (t) => {
  const { facts, put, begun } = await line(t);
  const [entry] = facts.stations;
  const stations = (change: object) => [{ ...entry!, ...change }];
  for (const [change, code] of [
    [{ stations: stations({ station: 'line-2' }) }, 'order.other-station'],
    [{ stations: stations({ ledger: 'ab'.repeat(16) }) }, 'order.other-ledger'],
    [{ stations: stations({ hash: 'ab'.repeat(32) }) }, 'order.other-ledger'],
    [{ stations: stations({ row: 99 }) }, 'order.other-ledger'],
    [{ recipe: { ...facts.recipe, hash: 'ab'.repeat(32) } }, 'order.other-recipe'],
    [{ firmware: facts.firmware.slice(1) }, 'order.firmware'],
    [{ serials: { before: 'SN-', first: 1, digits: 4 } }, 'order.serials'],
    [{ issued: '2026-01-01T00:00:00.000Z', expires: '2026-01-02T00:00:00.000Z' }, 'order.expired'],
  ] as const) {
    put(await signed({ ...facts, ...change }));
    assert.equal(await begun(1), code, JSON.stringify(change));
  }
});

test('a clock that is set back does not make a day longer', async (t) => {
  const { facts, put, allowance } = await line(t);
  put(await signed({ ...facts, expires: isoTime(Date.now() + 60_000) }));
  let [now, monotonic] = [Date.now(), 0];
  const asked = await allowance('O-1', { ...systemClock, now: () => now, monotonic: () => monotonic });
  assert.equal(asked.refuse(mac(1)), null);
  now += 61_000;
  assert.equal(asked.refuse(mac(1))?.code, 'order.expired');
  now -= 3_600_000;
  monotonic += 61_000;
  assert.equal(asked.refuse(mac(1))?.code, 'order.expired', 'set back while the batch goes on');
});

test('an older copy of the book, one that was put back, and a second file of the same order count nothing anew', async (t) => {
  const one = await line(t);
  const { facts, put, begun } = one;
  const older = join(one.folder, 'older');
  const beside = (name: string) =>
    ['', '-wal', '-shm', '.head'].map((end) => [`${one.file}${end}`, `${name}${end}`] as const);
  const copy = (pairs: readonly (readonly [string, string])[], back: boolean) => {
    for (const [from, to] of pairs) {
      const [source, target] = back ? [to, from] : [from, to];
      rmSync(target, { force: true });
      if (existsSync(source)) copyFileSync(source, target);
    }
  };
  // a copy from before the station was asked
  await one.reopen(() => copy(beside(older), false));
  await one.ledger.noteSession({ what: 'login', face: 'window', operator: 'op', detail: null });
  const { row, hash } = await one.ledger.head();
  const anchored = { ...facts, stations: [{ ...facts.stations[0]!, row, hash }] };
  put(await signed(anchored));
  assert.equal(await begun(1), 'begun');
  put(
    await signed({ ...anchored, boards: 9, stations: [{ ...anchored.stations[0]!, share: { first: 1, boards: 9 } }] }),
  );
  assert.equal(await begun(1), 'order.changed');
  put(await signed(anchored));
  await one.ledger.noteAct({ what: 'ledger-restored', by: ['al', 'bo'], about: null, detail: { lostRows: 3 } });
  assert.equal(await begun(1), 'order.restored', 'boards in the rows that are gone would not be counted');
  await one.reopen(() => copy(beside(older), true));
  assert.equal(await begun(1), 'order.other-ledger', 'its older copy has no such row');
});

test('serial numbers are those of the station alone', async (t) => {
  const { facts, put, folder, ledger } = await line(t);
  const [entry] = facts.stations;
  const serials = { before: 'SN-', first: 8, digits: 3 };
  put(await signed({ ...facts, serials, stations: [{ ...entry!, share: { first: 3, boards: 2 } }] }));
  const scanned = {
    ...loaded,
    recipe: { ...loaded.recipe, serial: { ...loaded.recipe.serial, from: 'scan' as const } },
  };
  const sealed = { folder, keys: [join(folder, 'owner.pem')] };
  const order = await sealedOrderOf({ loaded: scanned, order: 'O-1', operator: null }, sealed, {
    ...{ name: 'line-1', ledger, clock: systemClock, random: systemRandom },
    opening: { refusal: async () => null },
  });
  const codeOf = (serial: string | null) => order.refuseSerial(serial)?.code ?? null;
  assert.deepEqual(['SN-010', 'SN-011'].map(codeOf), [null, null]);
  for (const serial of [
    null,
    '',
    'SN-009',
    'SN-012',
    'SN-10',
    'SN-0010',
    'sn-010',
    'SN-01O',
    'SN--10',
    ' SN-010',
    'SN-010 ',
    'SN-1e1',
  ])
    assert.equal(codeOf(serial), 'order.serial', `${serial}`);
});

test('a key that is opened by its passphrase, and files that hold none', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'open' }));
  const bytes = Buffer.from(pem);
  assert.equal(keyOfFile(bytes, 'k', Buffer.from('open')).spki.length, 91);
  assert.ok(
    bytes.every((byte) => byte === 0),
    'the bytes are gone',
  );
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  for (const [text, passphrase] of [
    [pem, 'shut'],
    [String(p384), null],
    ['', null],
  ] as const)
    assert.throws(() => keyOfFile(Buffer.from(text), 'k', passphrase === null ? null : Buffer.from(passphrase)), {
      code: 'signing.key-file',
    });
});

test('one value has one encoding; what is longer, unordered, doubled or cut is none', () => {
  const value = {
    a: [1, -1, 24, 255, 256, 65_536, 2 ** 40, null, true, false, 'é', Uint8Array.of(1, 2)],
    b: new Map([[1, 'x']]),
  };
  const bytes = encodeCbor(value);
  assert.deepEqual(encodeCbor(decodeCbor(bytes)!), bytes);
  for (const hex of [
    '1800',
    '190001',
    '6180',
    'a2616201616102',
    'a2616101616102',
    '82',
    '8201',
    '9fff',
    'f97c00',
    'c001',
    'ff',
    '',
    '0000',
    '9bffffffffffffffff',
    '81'.repeat(20),
  ])
    assert.equal(decodeCbor(Buffer.from(hex, 'hex')), undefined, hex);
});
