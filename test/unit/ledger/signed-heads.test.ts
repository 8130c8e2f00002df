// What somebody with full write access can do to a book: change and hash anew, cut, roll back, edit the tables. Signed heads, kept heads
// and a key from elsewhere find each, and say where.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { chainStart, hashOfParts } from '../../../main/ledger/chain.ts';
import { originOf, parseCheckpoint } from '../../../main/ledger/checkpoint.ts';
import { verifyExport } from '../../../main/ledger/export-check.ts';
import { HeadCheck } from '../../../main/ledger/heads.ts';
import type { AuditOptions, ChainReport, StationAct } from '../../../main/ledger/ledger.ts';
import { MerkleTree } from '../../../main/ledger/merkle.ts';
import { auditLargeBook, heldInSegments } from '../../../main/ledger/sqlite/auditor.ts';
import { Bodies } from '../../../main/ledger/sqlite/bodies.ts';
import { openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { Rows } from '../../../main/ledger/sqlite/rows.ts';
import { nameRows } from '../../../main/ledger/sqlite/schema.ts';
import { openStretches, type Stretch } from '../../../main/ledger/sqlite/segment.ts';
import { readWitness, witnessFile } from '../../../main/ledger/sqlite/witness.ts';
import { isFault } from '../../../main/model/fault.ts';
import { book, headPair as key, keyMade, mac, noteOver, recipe, run, sealBoard, signHead } from './book.ts';

const pem = (of: KeyObject) => of.export({ type: 'spki', format: 'pem' }) as string;

/** A closed book: three boards, a head after the first and one after the second; a key that is open and a batch. */
async function signedBook(t: TestContext) {
  const { ledger, file } = await book(t);
  await ledger.putRecipe(recipe, '{}');
  await ledger.openBatch({
    id: 'B-1',
    order: null,
    recipe,
    count: 3,
    openedAt: '2026-11-22T09:00:00.000Z',
    closedAt: null,
  });
  await sealBoard(ledger, 'r1', 1, 'B-1');
  const first = await signHead(ledger);
  await sealBoard(ledger, 'r2', 2, 'B-1');
  const second = await signHead(ledger);
  await sealBoard(ledger, 'r3', 3, 'B-1');
  await ledger.openRun(run('r4', { mac: mac(4) }));
  await ledger.append('r4', 'prepare', keyMade('key-4', new Uint8Array(72).fill(4)));
  await ledger.append('r4', 'prepare', {
    ...{ type: 'escrowed', what: 'jtag-token', fingerprint: 'f-4' },
    wrapped: { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: 'AAAA' },
  });
  const { rows } = await ledger.verify();
  const lines: Record<string, unknown>[] = [];
  for await (const row of ledger.exportRows()) lines.push(row);
  await ledger.close();
  return { file, first, second, rows, lines };
}

/** As the auditor's thread does it: starting one for each look would take most of the time. */
async function audit(file: string, options: AuditOptions = {}) {
  const report = await auditLargeBook(file, options);
  if (options.news !== true) await compareInStretches(file, options, report);
  return report;
}

/** A large book is looked at in stretches: they hold exactly where the whole does, and say the same of it. */
async function compareInStretches(file: string, options: AuditOptions, report: ChainReport): Promise<void> {
  const db = new Database(file, { readonly: true });
  const lookers = Array.from({ length: 2 }, () => {
    const { look, close } = openStretches(file);
    return { ask: async (stretch: Stretch) => look(stretch), close: async () => close() };
  });
  try {
    nameRows(db);
    const beside = readWitness(file);
    const remembered = [...(options.remembered ?? []), ...(beside === null ? [] : [beside])];
    const held = await heldInSegments(db, file, { ...options, remembered }, { rows: 4, lookers });
    assert.deepEqual(held, report.broken === null && report.edited === null ? report : null);
  } finally {
    db.close();
  }
}

/** Twenty lines of script: change the body of a row, hash everything behind it anew, forget the head beside the file. */
function forge(file: string, change: (body: string, kind: string, row: number) => string): void {
  const db = new Database(file);
  nameRows(db);
  const rows = new Rows(db, new Bodies(db)).plain(0, 10_000);
  let prev = chainStart;
  const update = db.prepare('UPDATE entries SET body = ?, hash = ?, prev = NULL WHERE row = ?');
  for (const row of rows) {
    const body = change(row.body, row.kind, row.row);
    const hash = hashOfParts({ ...row, prev }, body);
    update.run(body, fromHex(hash), row.row);
    prev = hash;
  }
  db.close();
  rmSync(witnessFile(file), { force: true });
}

function withTool(file: string, ...statements: string[]): void {
  const db = new Database(file);
  for (const statement of statements) db.exec(statement);
  db.close();
}

test('a book that is whole says what is signed, by which key, and how many rows nobody signed', async (t) => {
  const { file, first, second, rows, lines } = await signedBook(t);
  const own = await audit(file);
  assert.deepEqual([own.broken, own.edited], [null, null]);
  assert.deepEqual(
    { ...own.signed, key: '' },
    { heads: 2, size: 16, unsigned: rows - 16, time: '2026-11-26T04:00:00.000Z', key: '', by: 'own key' },
  );
  const given = await audit(file, { key: pem(key.publicKey), witnesses: [first, second] });
  assert.deepEqual([given.broken, given.signed?.by], [null, 'given key']);
  assert.deepEqual(verifyExport(lines, { key: pem(key.publicKey), witnesses: [second] }), { ...given, edited: null });
});

test('rows that were changed and hashed anew are found behind the newest head that fits', async (t) => {
  const { file, lines } = await signedBook(t);
  forge(file, (body) => body.replaceAll('SN-2', 'SN-9'));
  const { broken } = await audit(file);
  assert.equal(broken?.row, 10, 'the first head is over rows 1 to 9');
  assert.match(broken.reason, /row 17 is a signed head and does not fit rows 1 to 16: they were written anew/);
  const reader = await openSqliteLedgerForReading(file);
  t.after(() => reader.close());
  const forged: Record<string, unknown>[] = [];
  for await (const row of reader.exportRows()) forged.push(row);
  assert.equal(forged.length, lines.length);
  assert.equal(verifyExport(forged).broken?.row, 10, 'and in an export of it');
});

test('a forger who makes heads of an own key, or takes them out, is found by the key from elsewhere', async (t) => {
  const { file } = await signedBook(t);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const copy = `${file}-forged`;
  copyFileSync(file, copy);
  forge(copy, (body, kind) => (kind === 'checkpoint' ? '{"note":"","publicKey":""}' : body));
  assert.match((await audit(copy)).broken?.reason ?? '', /has not the form of one/);
  withTool(copy, `UPDATE entries SET kind = 'session' WHERE kind = 'checkpoint'`);
  forge(copy, (body, _, row) => (row === 4 ? body.replace('op-7', 'op-8') : body));
  const without = await audit(copy);
  assert.equal(without.signed, null, 'the book alone says that no head was ever signed');
  assert.match(
    (await audit(copy, { key: pem(key.publicKey) })).broken?.reason ?? '',
    /no head of this book is signed by the given key/,
  );

  const { ledger, file: mine } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  await signHead(ledger, other);
  await ledger.close();
  assert.equal((await audit(mine)).broken, null);
  assert.match((await audit(mine, { key: pem(key.publicKey) })).broken?.reason ?? '', /not signed by the given key/);
});

test('a head that names the right key and was signed by another is not taken, the first one neither', async (t) => {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await signHead(ledger, { publicKey: key.publicKey, privateKey });
  await ledger.close();
  for (const options of [{}, { key: pem(key.publicKey) }])
    assert.match((await audit(file, options)).broken?.reason ?? '', /not signed by the key that it names/);
});

test('a head of another key behind heads of the first is not taken', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  await signHead(ledger);
  await signHead(ledger, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  assert.match((await ledger.verify()).broken?.reason ?? '', /of another key than the heads before it/);
});

const ceremony = (
  detail: StationAct['detail'] = { lost: ['device-ca', 'ledger-heads'] },
  act: Partial<StationAct> = {},
): StationAct => ({
  ...{ what: 'token-known', by: ['q1', 'e2'], about: 'own' },
  detail: { label: 'b', serial: '2', keys: [], reason: 'the old one burned', kept: [], others: [], ...detail },
  ...act,
});

test('heads go on under another key where people took a token without the one before; each key finds its own', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const first = await signHead(ledger);
  await ledger.noteAct(ceremony());
  const acceptedIn = (await ledger.verify()).rows;
  await sealBoard(ledger, 'r2', 2);
  const later = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const second = await signHead(ledger, later);
  const lines: Record<string, unknown>[] = [];
  for await (const row of ledger.exportRows()) lines.push(row);
  const spki = (of: typeof key) => of.publicKey.export({ type: 'spki', format: 'der' });
  const changes = [{ key: createHash('sha256').update(spki(later)).digest('hex'), acceptedIn, by: ['q1', 'e2'] }];
  for (const [options, heads, size] of [
    [{}, 2, lines.length - 1],
    [{ key: pem(key.publicKey) }, 1, acceptedIn - 2],
    [{ key: pem(later.publicKey) }, 1, lines.length - 1],
  ] as const) {
    const report = await ledger.verify({ ...options, witnesses: [first, second] });
    assert.equal(report.broken, null);
    const { signed } = report;
    assert.deepEqual([signed?.heads, signed?.size, signed?.changes], [heads, size, changes]);
    assert.deepEqual(verifyExport(lines, { ...options, witnesses: [first, second] }), report);
  }
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const of = await ledger.verify({ key: pem(stranger.publicKey) });
  assert.match(of.broken?.reason ?? '', /not signed by the given key/);
  await signHead(ledger, stranger);
  const { broken } = await ledger.verify();
  assert.match(broken?.reason ?? '', /of another key than the heads before it/, 'one ceremony is for one change');
});

/** Why heads of a book do not hold that has one by the first key, this act, and one by another key, over its rows or over those before the act. */
function brokenBy(act: StationAct, isOverAct = true): string {
  const tree = new MerkleTree();
  const genesis = { station: 'line-1', ledger: 'ab' };
  const head = () => ({ origin: originOf(genesis), size: tree.size, root: tree.root() });
  const hashes = [1, 2, 3, 4].map((row) => toHex(new Uint8Array(32).fill(row)));
  tree.append(hashes[0]!);
  const first = noteOver(head(), key);
  tree.append(hashes[1]!);
  const early = head();
  tree.append(hashes[2]!);
  const second = noteOver(isOverAct ? head() : early, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const check = new HeadCheck(
    {},
    [first, second].map(({ note }) => parseCheckpoint(note)!),
  );
  const rows = [['genesis', genesis] as const, ['checkpoint', first], ['act', act], ['checkpoint', second]] as const;
  for (const [at, [kind, body]] of rows.entries()) {
    const broken = check.take(at + 1, kind, hashes[at]!, body);
    if (broken !== null) return broken.reason;
  }
  return 'nothing';
}

test('a ceremony that kept the key of the heads, of another token, without a reason, or not under the new head, changes no key', () => {
  assert.equal(brokenBy(ceremony()), 'nothing');
  for (const act of [
    ceremony({ lost: ['device-ca'], kept: ['ledger-heads'] }),
    ceremony({ reason: '' }),
    ceremony(undefined, { about: 'listed hsm' }),
    ceremony(undefined, { what: 'keys-made' }),
  ])
    assert.match(brokenBy(act), /of another key than the heads before it/);
  assert.match(brokenBy(ceremony(), false), /of another key and not over row 3/);
});

test('a cut and an older copy are found by a head that somebody kept, whatever else was taken away', async (t) => {
  const { file, first, second } = await signedBook(t);
  withTool(file, 'DELETE FROM entries WHERE row > 12');
  assert.match((await audit(file)).broken?.reason ?? '', /cut off its end/, 'by the head beside the file');
  rmSync(witnessFile(file));
  const { broken } = await audit(file, { witnesses: [second] });
  assert.equal(broken?.row, 13);
  assert.match(broken.reason, /the book ends at row 12: its end was cut off, or it is an older copy/);
  assert.equal(
    (await audit(file, { witnesses: [first], tables: false })).broken,
    null,
    'of an older head it holds all',
  );
});

test('a witness of another book, of another key, or that is none is told as that', async (t) => {
  const { file, second } = await signedBook(t);
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const foreign = await signHead(ledger);
  const reason = async (options: AuditOptions) => (await audit(file, options)).broken?.reason ?? '';
  assert.match(await reason({ witnesses: [foreign] }), /is of another book/);
  assert.match(await reason({ witnesses: [second.replace('\n16\n', '\n15\n')] }), /is not signed by/);
  assert.match(await reason({ witnesses: ['hello'] }), /has not the form/);
  const reader = await openSqliteLedgerForReading(file);
  t.after(() => reader.close());
  await assert.rejects(reader.verify({ key: 'hello' }), (error) => isFault(error, 'audit.key'));
  assert.match((await reader.verify({ witnesses: [foreign] })).broken?.reason ?? '', /is of another book/);
});

test('an edit of any table is found and named, with the record', async (t) => {
  const { file } = await signedBook(t);
  const edits: [string, string, RegExp][] = [
    [
      `UPDATE devices SET serial = 'SN-7' WHERE mac = '${mac(2)}'`,
      'devices',
      /serial of aa:bb:cc:00:00:02 is "SN-7", and the chain says "SN-2"/,
    ],
    [
      `UPDATE devices SET state = 'open', sealed_row = NULL WHERE mac = '${mac(1)}'`,
      'devices',
      /state of aa:bb:cc:00:00:01/,
    ],
    [`DELETE FROM devices WHERE mac = '${mac(3)}'`, 'devices', /aa:bb:cc:00:00:0[34]/],
    [
      `INSERT INTO claims VALUES ('serial', 'SN-8', '${mac(8)}', 'r8')`,
      'claims',
      /serial SN-8 is in no row|stands where/,
    ],
    [`DELETE FROM claims WHERE value = 'SN-2'`, 'claims', /SN-2/],
    [`UPDATE batches SET count = 300`, 'batches', /count of B-1 is 300, and the chain says 3/],
    [`UPDATE recipes SET text = '{"doors":"open"}'`, 'recipes', /text of abab/],
    [`UPDATE runs SET outcome = 'failed' WHERE id = 'r2'`, 'runs', /outcome of r2 is "failed"/],
    [`UPDATE events SET row = 5 WHERE run = 2 AND seq = 1`, 'events', /row of 2 1/],
    [`DELETE FROM events WHERE run = 2 AND seq = 1`, 'events', /2 1 is missing/],
    [`INSERT INTO events VALUES (2, 99, 5)`, 'events', /2 99 is in no row of the chain/],
    [`INSERT INTO events VALUES (99, 0, 5)`, 'events', /99 0 is in no row of the chain/],
    [`UPDATE runs SET events = 77 WHERE id = 'r2'`, 'runs', /events of r2 is 77/],
    [`UPDATE meta SET value = 'line-2' WHERE name = 'station'`, 'meta', /value of station line-2|stands where|line-2/],
    [`DELETE FROM wrapped_keys`, 'wrapped_keys', /are missing/],
    [`UPDATE escrows SET data = x'010203'`, 'escrows', /not those of which the chain has the SHA-256/],
    [`DELETE FROM escrows`, 'escrows', /are missing/],
    [
      `INSERT INTO serial_parts (serial_parts, rowid, serial) VALUES ('delete', 2, 'SN-2')`,
      'serial_parts',
      /"n-2" of device 2 is not as the chain says/,
    ],
    [`INSERT INTO serial_parts (rowid, serial) VALUES (1, 'SN-2')`, 'serial_parts', /"n-2" of device [12]/],
    [`DROP TRIGGER devices_serial_known`, 'sqlite_schema', /devices_serial_known/],
    [`CREATE TRIGGER later AFTER INSERT ON devices BEGIN DELETE FROM claims; END`, 'sqlite_schema', /later/],
  ];
  for (const [statement, table, says] of edits) {
    const copy = `${file}-edited`;
    copyFileSync(file, copy);
    withTool(copy, statement);
    const { broken, edited } = await audit(copy);
    assert.equal(broken, null, statement);
    assert.equal(edited?.table, table, statement);
    assert.match(edited.what, says);
    rmSync(copy);
  }
});

test('an index that leads past a device, whose table is whole, is found and named', async (t) => {
  const { file } = await signedBook(t);
  const copy = `${file}-edited`;
  copyFileSync(file, copy);
  const change = (work: (db: Database.Database) => void) => {
    const db = new Database(copy);
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    work(db);
    db.close();
  };
  const named = `WHERE mac = '${mac(2)}'`;
  change((db) => db.exec(`UPDATE devices SET serial = 'SN-7' ${named}`));
  let index: unknown[] = [];
  change((db) => {
    index = db.prepare(`SELECT * FROM sqlite_schema WHERE name = 'devices_serial'`).raw().get() as unknown[];
    db.exec(`DELETE FROM sqlite_schema WHERE name = 'devices_serial'`);
  });
  change((db) => db.exec(`UPDATE devices SET serial = 'SN-2' ${named}`));
  change((db) => db.prepare('INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)').run(...index));
  const { broken, edited } = await audit(copy);
  assert.equal(broken, null);
  assert.equal(edited?.table, 'devices');
  assert.match(edited.what, /^its indexes: row 2 missing from index devices_serial/);
});

test('a record is answered from its row only where that is as it was booked, and the seal of that device', async (t) => {
  const { ledger, file } = await book(t);
  for (const n of [1, 2]) await sealBoard(ledger, `r${n}`, n);
  const refused = (device: string) =>
    assert.rejects(ledger.sealedDevice(device), (error) => isFault(error, 'ledger.seal-changed'));
  const [one, two] = (await ledger.proveSeals([mac(1), mac(2)])).map((proof) => proof!.row);
  const change = (statement: string) => withTool(file, statement);
  change(`UPDATE devices SET sealed_row = ${two!.row} WHERE mac = '${mac(1)}'`);
  await refused(mac(1));
  await refused('SN-1');
  change(`UPDATE devices SET sealed_row = ${one!.row} WHERE mac = '${mac(1)}'`);
  assert.equal((await ledger.sealedDevice('SN-1'))?.chip.mac, mac(1));
  change(`UPDATE entries SET body = '${one!.body.replace('"line-1"', '"line-9"')}' WHERE row = ${one!.row}`);
  await refused(mac(1));
  await assert.rejects(ledger.history(mac(1)), (error) => isFault(error, 'ledger.seal-changed'));
  assert.equal((await ledger.sealedDevice(mac(2)))?.serial, 'SN-2');
});

test('a look at what is new goes on from a head that held, says so, and believes no mark that it does not fit', async (t) => {
  const { file, first, second, rows } = await signedBook(t);
  const news = (options: AuditOptions = {}) => audit(file, { news: true, ...options });
  rmSync(`${file}.verified`);
  assert.equal((await news({ tables: false })).readBefore, 0, 'nothing was looked at before');
  assert.equal((await news()).readBefore, 0, 'nor were tables');
  const whole = await audit(file);
  const after = await news({ witnesses: [second] });
  assert.equal(after.readBefore, 16, 'the second head');
  assert.deepEqual({ ...after, readBefore: 0, readBeforeAt: null }, whole);
  assert.equal((await news({ key: pem(key.publicKey) })).readBefore, 16);
  assert.equal((await news({ witnesses: [first] })).readBefore, 0, 'a kept head before the mark wants all rows');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const byOther = await news({ key: pem(other.publicKey) });
  assert.deepEqual([byOther.readBefore, byOther.broken === null], [0, false]);

  const copy = `${file}-news`;
  const changed = async (change: () => void) => {
    for (const ending of ['', '.verified']) copyFileSync(`${file}${ending}`, `${copy}${ending}`);
    change();
    const { broken, readBefore } = await audit(copy, { news: true });
    return [broken?.row, readBefore];
  };
  const mark = JSON.parse(readFileSync(`${file}.verified`, 'utf8'));
  const marked = (facts: object) => writeFileSync(`${copy}.verified`, JSON.stringify({ ...mark, ...facts }));
  assert.deepEqual(await changed(() => withTool(copy, 'UPDATE entries SET at = at + 1 WHERE row = 20')), [20, 16]);
  assert.deepEqual(
    await changed(() => withTool(copy, 'UPDATE entries SET at = at + 1 WHERE row = 4')),
    [4, 16],
    'drawn',
  );
  assert.deepEqual(await changed(() => forge(copy, (body) => body.replaceAll('SN-2', 'SN-9'))), [10, 0]);
  for (const lie of [{ hash: '00'.repeat(32) }, { parts: ['00'.repeat(32)] }, { note: first }])
    assert.deepEqual(await changed(() => marked(lie)), [undefined, 0], JSON.stringify(lie));
  assert.equal(rows, whole.rows);
});

test('a wrapped key that the chain says was destroyed is found when somebody puts it back', async (t) => {
  const { ledger, file } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', keyMade('key-1', new Uint8Array(72).fill(1)));
  const db = new Database(file);
  const kept = db.prepare('SELECT * FROM wrapped_keys').raw().get() as unknown[];
  await ledger.dropKeys(mac(1), 're-keyed');
  db.prepare('INSERT INTO wrapped_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(...kept);
  db.close();
  assert.match((await ledger.verify()).edited?.what ?? '', /the chain says that it was destroyed/);
});
