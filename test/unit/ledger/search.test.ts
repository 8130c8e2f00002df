import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { DeviceQuery, Ledger } from '../../../main/ledger/ledger.ts';
import { openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { book, mac, record, run } from './book.ts';

/** Ten boards: even ones sealed, every third failed (of the odd ones), batches A-1 and B-1, on ten days. */
async function fill(ledger: Ledger): Promise<void> {
  for (let n = 0; n < 10; n++) {
    const id = `r${n}`;
    const day = `2026-11-${String(10 + n)}`;
    const batch = n < 5 ? 'A-1' : 'B-1';
    const recipe = { name: n % 2 === 0 ? 'Sensor' : 'gateway', revision: 1, hash: '00' };
    const startedAt = `${day}T08:00:00.000Z`;
    await ledger.openRun(run(id, { batch, startedAt, recipe, operator: n === 7 ? 'maria' : 'op-1', mac: mac(n) }));
    await ledger.bindRun(id, { serial: `SN-${n}` });
    if (n % 2 === 0) await ledger.seal(record(id, n, { batch, recipe, sealedAt: `${day}T08:01:00.000Z` }));
    else if (n % 3 === 0) await ledger.endRun(id, { at: `${day}T08:01:00.000Z`, outcome: 'failed', fault: null });
  }
}

test('devices are found by whatever begins with the text, most recent first', async (t) => {
  const { ledger } = await book(t);
  await fill(ledger);
  const find = async (query: DeviceQuery) =>
    (await ledger.devices(query)).map(({ lastRun }) => lastRun.slice(1)).join('');
  const cases: [DeviceQuery, string][] = [
    [{}, '9876543210'],
    [{ text: '  ' }, '9876543210'],
    [{ text: 'SN-3' }, '3'],
    [{ text: 'sn-' }, '9876543210'],
    [{ text: mac(4) }, '4'],
    [{ text: mac(4).toUpperCase().replaceAll(':', '-') }, '4'],
    [{ text: 'AABBCC00000' }, '9876543210'],
    [{ text: 'aa:b' }, '9876543210'],
    [{ text: 'N-3' }, '3'],
    [{ text: 'N-' }, ''],
    [{ text: 'c0ffee6' }, '6'],
    [{ text: 'a-1' }, '43210'],
    [{ text: 'SENSOR' }, '86420'],
    [{ text: 'gate' }, '97531'],
    [{ text: 'mar' }, '7'],
    [{ text: 'a%' }, ''],
    [{ text: '_' }, ''],
    [{ batch: 'B-1' }, '98765'],
    [{ outcome: 'sealed' }, '86420'],
    [{ outcome: 'open' }, '97531'],
    [{ outcome: 'failed' }, '93'],
    [{ outcome: 'passed', batch: 'B-1' }, '86'],
    [{ text: 'sn-', outcome: 'failed' }, '93'],
    [{ text: 'sensor', batch: 'B-1' }, '86'],
    [{ from: '2026-11-13', to: '2026-11-15' }, '543'],
    [{ from: '2026-11-13T12:00:00.000Z' }, '987654'],
    [{ to: '2026-11-10' }, '0'],
    [{ limit: 3 }, '987'],
    [{ limit: 3, offset: 2 }, '765'],
    [{ text: 'sn-', limit: 3, offset: 2 }, '765'],
    [{ text: 'gate', limit: 2, offset: 4 }, '1'],
    [{ limit: 0 }, ''],
  ];
  for (const [query, expected] of cases) assert.equal(await find(query), expected, JSON.stringify(query));
});

test('a sealed board that comes back keeps the facts of its seal', async (t) => {
  const { ledger } = await book(t);
  await fill(ledger);
  const other = { name: 'other', revision: 9, hash: '99' };
  await ledger.openRun(
    run('back', { mac: mac(2), batch: 'C-1', recipe: other, operator: 'eve', startedAt: '2026-12-01T00:00:00.000Z' }),
  );
  await ledger.endRun('back', { at: '2026-12-01T00:00:05.000Z', outcome: 'refused', fault: null });
  const [device] = await ledger.devices({ text: mac(2) });
  assert.deepEqual(
    [device?.batch, device?.recipe.name, device?.sealedAt, device?.outcome, device?.lastRun, device?.attempts],
    ['A-1', 'Sensor', '2026-11-12T08:01:00.000Z', 'refused', 'back', 2],
  );
});

test('what is no date in a filter is one sentence, on every way to the book', async (t) => {
  const { ledger } = await book(t);
  await fill(ledger);
  for (const [query, words] of [
    [{ from: 'yesterday' }, /"yesterday" is no date/],
    [{ from: '' }, /"" is no date/],
    [{ to: '2026-02-30' }, /"2026-02-30" is no date/],
    [{ from: '26-11-2026' }, /is no date/],
    [{ from: '2026-11-13T25:00:00Z' }, /is no time/],
    [{ from: "2026-11-13' OR 1" }, /is no date/],
    [{ from: '2026-11-15', to: '2026-11-13' }, /ends \(2026-11-13\) before it begins/],
  ] as const)
    await assert.rejects(async () => ledger.devices(query), { code: 'ledger.date', what: words });
  const find = async (query: DeviceQuery) => (await ledger.devices(query)).map(({ lastRun }) => lastRun).join(' ');
  assert.equal(await find({ from: '2026-11-19T09:00:00+01:00' }), 'r9');
  assert.equal(await find({ from: '2026-11-19T08:00', to: '2026-11-19' }), 'r9');
});

test('devices are found by their order, the end of a MAC, a part of a serial number, a fixture, a fault', async (t) => {
  const { ledger, file } = await book(t);
  const recipe = { name: 'Sensor', revision: 1, hash: '00' };
  const open = (id: string, order: string | null) =>
    ledger.openBatch({ id, order, recipe, count: null, openedAt: '2026-11-10T08:00:00.000Z', closedAt: null });
  await open('B-1', 'PO-2026_77');
  await open('B-2', null);
  const begin = async (n: number, batch: string, fixture: string) => {
    const startedAt = `2026-11-1${n}T08:00:00.000Z`;
    await ledger.openRun(run(`r${n}`, { batch, fixture, startedAt, recipe, mac: `aa:bb:cc:00:0${n}:7${n}` }));
    await ledger.bindRun(`r${n}`, { serial: `LAMP-26-00${n}` });
  };
  await begin(1, 'B-1', 'F1');
  await begin(2, 'B-1', 'nest-2');
  await begin(3, 'B-2', 'nest-2');
  const fault = {
    class: 'board' as const,
    code: 'chip.flash-differs',
    what: 'It differs.',
    next: '',
    safety: 'untouched' as const,
    details: {},
  };
  await ledger.endRun('r3', { at: '2026-11-13T08:01:00.000Z', outcome: 'failed', fault });
  const find = async (query: DeviceQuery) =>
    (await ledger.devices(query)).map(({ lastRun }) => lastRun.slice(1)).join('');
  for (const [text, expected] of [
    ['po-2026', '21'],
    ['PO-2026_77', '21'],
    ['PO-2026%77', ''],
    ['0373', '3'],
    ['3:73', '3'],
    ['00:02:72', '2'],
    ['26-002', '2'],
    ['nest-2', '32'],
    ['f1', '1'],
    ['f', ''],
    ['chip.flash', '3'],
    ['flash-differs', ''],
    ['LAMP', '321'],
  ] as const)
    assert.equal(await find({ text }), expected, text);
  assert.equal(await find({ text: 'nest-2', batch: 'B-1' }), '2');
  assert.equal(await find({ text: '26-00', limit: 1, offset: 1 }), '2');
  // whose own serial number it is, and nobody of whose it is a part
  await begin(4, 'B-2', 'F4');
  await ledger.bindRun('r4', { serial: '26-002' });
  assert.equal(await find({ text: '26-002' }), '4');
  assert.equal(await find({ text: '26-00' }), '4321');
  assert.equal(await find({ text: '26-002', batch: 'B-1' }), '');
  assert.equal(await find({ text: 'MP-26-004' }), '', 'a serial number that it has no more');
  for (const [n, serial] of [
    [5, `A"b'c*`],
    [6, 'Größe-ÄÖ(1)'],
    [7, '100%_7'],
  ] as const) {
    await begin(n, 'B-2', `F${n}`);
    await ledger.bindRun(`r${n}`, { serial });
  }
  for (const [text, expected] of [
    [`"b'`, '5'],
    [`b'c*`, '5'],
    [`'c*`, '5'],
    ['ß', ''],
    ['öße', '6'],
    ['ÄÖ(', '6'],
    ['0%_', '7'],
    ['0__7', ''],
    ['AND OR', ''],
    ['mp-26', '321'],
  ] as const)
    assert.equal(await find({ text }), expected, text);
  await ledger.close();
  // FTS5 holds its entries against the table, those of serial numbers that a device had before too
  const db = new Database(file);
  db.exec(`INSERT INTO serial_parts (serial_parts, rank) VALUES ('integrity-check', 1)`);
  db.close();
});

test('a book of an older program answers the same, read by this one', async (t) => {
  const { ledger, file } = await book(t);
  await fill(ledger);
  await ledger.close();
  const db = new Database(file);
  db.exec(`DROP TRIGGER devices_serial_known; DROP TRIGGER devices_serial_other; DROP TABLE serial_parts;
    DROP INDEX devices_mac_end; PRAGMA user_version = 6`);
  db.close();
  const find = async (from: Pick<Ledger, 'devices'>, text: string) =>
    (await from.devices({ text })).map(({ lastRun }) => lastRun).join(' ');
  const older = await openSqliteLedgerForReading(file);
  assert.equal(await find(older, 'N-4'), 'r4');
  assert.equal(await find(older, mac(4).slice(-4)), 'r4');
  assert.deepEqual([(await older.verify()).broken, (await older.verify()).edited], [null, null]);
  await older.close();
  const { ledger: again } = await book(t, { file });
  assert.equal(await find(again, 'N-4'), 'r4');
  assert.equal((await again.verify()).edited, null);
});

test('devices are found by the digest of a key or of an image, as far as somebody copied it', async (t) => {
  const { ledger } = await book(t);
  const sha = (digit: string) => digit.repeat(64);
  const refs = ['1', '2'].map((digit) => ({ name: 'lamp', revision: Number(digit), hash: sha(digit) }));
  for (const [at, recipe] of refs.entries()) {
    await ledger.putRecipe(recipe, '{}');
    assert.deepEqual(await ledger.devices({ text: sha(at === 0 ? 'a' : 'b') }), [], 'nothing of it is sealed yet');
    for (const n of [2 * at + 1, 2 * at + 2]) {
      await ledger.openRun(run(`r${n}`, { recipe, startedAt: `2026-11-1${n}T08:00:00.000Z` }));
      await ledger.bindRun(`r${n}`, { mac: mac(n) });
      const image = { name: 'app', offset: 65_536, length: 16, plainSha256: sha(at === 0 ? 'a' : 'b') };
      await ledger.seal(
        record(`r${n}`, n, {
          ...{ recipe, sealedAt: `2026-11-1${n}T08:01:00.000Z` },
          secureBoot: { scheme: 'rsa3072', keyDigests: [sha('e')] },
          images: [
            { ...image, flashSha256: sha(`${n}`), encrypted: true },
            { ...image, name: 'certificate', plainSha256: `${n}c`.repeat(32), flashSha256: sha('0'), encrypted: true },
          ],
          keys: [{ role: 'flash-encryption', blocks: [6], fingerprint: `${n}f`.repeat(32) }],
        }),
      );
    }
  }
  const find = async (text: string, query: DeviceQuery = {}) =>
    (await ledger.devices({ ...query, text })).map(({ lastRun }) => lastRun.slice(1)).join('');
  for (const [text, expected] of [
    [sha('a'), '21'],
    [sha('b').slice(0, 13), '43'],
    [sha('B').slice(0, 16), '43'],
    [sha('e'), '4321'],
    ['3f'.repeat(32), '3'],
    ['3f'.repeat(10), '3'],
    ['1c'.repeat(32), '1'],
    [sha('c'), ''],
    [sha('1'), ''],
    [`${sha('a')}a`, ''],
  ] as const)
    assert.equal(await find(text), expected, text);
  assert.equal(await find(sha('e'), { from: '2026-11-12', to: '2026-11-13' }), '32');
  assert.equal(await find(sha('e'), { limit: 2 }), '43');
  assert.equal(await find(sha('e'), { limit: 2, offset: 1 }), '32');
});
