// The plant with a real PostgreSQL server: what it refuses by itself, what a station does when the two do not agree, and that nothing is
// lost or doubled where network and server go away in the middle.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { sha256Hex } from '../../main/base/digest.ts';
import { silentLog } from '../../main/base/log.ts';
import { systemRandom } from '../../main/base/random.ts';
import type { CliContext } from '../../main/cli/context.ts';
import { runCommand } from '../../main/cli/program.ts';
import type { PlantConfig } from '../../main/config/station-file.ts';
import { anyBoard } from '../../main/config/station-file.ts';
import { chainStart, hashOfParts, type PlainRow } from '../../main/ledger/chain.ts';
import { headKey } from '../../main/ledger/checkpoint.ts';
import { witnessText } from '../../main/ledger/cosignature.ts';
import type { Ledger, StationAct } from '../../main/ledger/ledger.ts';
import { claimsOf } from '../../main/ledger/sqlite/claims.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { faultOf, isFault } from '../../main/model/fault.ts';
import type { PlantOfStation, PlantStanding } from '../../main/model/plant.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import { addressUrl, plantAddress } from '../../main/plant/address.ts';
import { enroll, enrollViewer, initPlant, openConflicts, plantStatus, settle } from '../../main/plant/administer.ts';
import { type OwnSql, openSql, type PlantDoor, passwordIn, plantFault, silentPlant } from '../../main/plant/connect.ts';
import { Forwarder, type ForwarderLimits, type ForwarderParts, usualLimits } from '../../main/plant/forwarder.ts';
import { startForwarding } from '../../main/plant/forwarding.ts';
import { giveLease, type KeptLease, type OrderOfPlant, placesOf } from '../../main/plant/leasing.ts';
import { leasesThere } from '../../main/plant/outbox.ts';
import { startPrivateServer } from '../../main/plant/private-server.ts';
import { roleOf } from '../../main/plant/roles.ts';
import { viewerDoor, witnessKeyIn } from '../../main/plant/station-door.ts';
import { verifyInside, verifyPlant } from '../../main/plant/verify.ts';
import { startViewing } from '../../main/plant/viewing.ts';
import { openDesk } from '../../main/start/open-desk.ts';
import { plantAnswers } from '../../main/station/desk/plant-answers.ts';
import type { DeskRoom } from '../../main/station/desk/room.ts';
import { PlantWitnesses } from '../../main/station/plant-witnesses.ts';
import { ownWitness } from '../../main/station/witnessing.ts';
import { followState } from '../../renderer/state/alarms.ts';
import { leaseOf, office, orderOf, owner as orderOwner, stranger } from '../attacks/signed.ts';
import { selfSigned } from '../self-signed.ts';
import { faultsOf, noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { noServer, owner, type PostgresServer, startServer } from '../tools/postgres-server.ts';
import { headPair, mac, record, sealBoard, signHead } from '../unit/ledger/book.ts';
import { MemoryBook } from '../unit/ledger/memory-book.ts';
import { ScriptedSigner } from '../unit/station/scripted-signer.ts';

let server: PostgresServer;
let sql: OwnSql;
let folder: string;
const passwords = new Map<string, string>();

const asOwner = () => openSql({ address: plantAddress(server.ownerUrl), user: owner, ca: null, password: null });

before(async () => {
  if (noServer !== false) return;
  folder = mkdtempSync(join(tmpdir(), 'fuseline-plant-'));
  server = await startServer();
  sql = asOwner();
  assert.deepEqual(await initPlant(sql), { before: 0, now: 5 });
  assert.deepEqual(await initPlant(sql), { before: 5, now: 5 }, 'a second time does nothing');
});
after(async () => {
  if (noServer !== false) return;
  sql.end();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const skip = { skip: noServer };
/** Waits are short, and deadlines long: a machine that is busy with other tests is no plant that is silent. */
const quick: ForwarderLimits = {
  ...usualLimits,
  ...{ restMs: 5, reportMs: 0, retryMs: [5, 20] },
  batch: { rows: 7, characters: 40_000 },
};
/** So long a test waits for what has to come. */
const patienceMs = 60_000;

/** Waits until it is so; fails with what is there instead where that never comes. */
async function until(what: string, is: () => boolean | Promise<boolean>, there: () => unknown): Promise<void> {
  const began = systemClock.monotonic();
  while (!(await is())) {
    assert.ok(systemClock.monotonic() - began < patienceMs, `${what} does not come: ${JSON.stringify(there())}`);
    await systemClock.sleep(5);
  }
}

const letIn = (name: string, asWitness = false) =>
  enroll(sql, name, systemRandom, (password) => passwords.set(name, password), asWitness);

/** A station that the plant lets in, with a book in memory. */
async function memory(name: string): Promise<MemoryBook> {
  await letIn(name);
  return new MemoryBook(name);
}

/** The same with a ledger. */
async function station(t: TestContext, name: string): Promise<Ledger> {
  await letIn(name);
  const ledger = await openSqliteLedger({ file: join(folder, `${name}.db`), station: name, clock: systemClock });
  t.after(() => ledger.close());
  return ledger;
}

const doorOf = (name: string, url = server.url): PlantDoor => ({
  ...{ address: plantAddress(url), user: roleOf(name), ca: null },
  password: passwords.get(name) ?? null,
});

function forwarder(
  name: string,
  ledger: Book,
  options: { url?: string; limits?: ForwarderLimits; tell?: (said: PlantStanding) => void } = {},
) {
  const { url, limits = quick, tell = () => undefined } = options;
  const door = () => doorOf(name, url);
  return new Forwarder({ ledger, station: name, door, clock: systemClock, random: systemRandom, limits, tell });
}

/** Sends until the plant has every row, or nothing may be sent. */
async function sent(name: string, ledger: Book): Promise<PlantStanding> {
  const one = forwarder(name, ledger);
  await one.run(AbortSignal.timeout(patienceMs), { untilLevel: true });
  return one.standing;
}

type Book = ForwarderParts['ledger'];

async function rowsOf(ledger: Book): Promise<PlainRow[]> {
  return [...(await ledger.plainRows(0, 10_000))];
}

const thereOf = async (name: string) =>
  (
    await sql<{
      row: string;
      hash: string;
    }>`SELECT "row", encode(hash, 'hex') AS hash FROM plant.rows WHERE station = ${name} ORDER BY "row"`
  ).map(({ row, hash }) => [Number(row), hash]);

const hashesOf = async (ledger: Book) => (await rowsOf(ledger)).map(({ row, hash }) => [row, hash]);

/** Writes a row as the station's own role, past the forwarder. */
async function write(name: string, row: PlainRow, as = name): Promise<string> {
  const own = openSql(doorOf(as));
  try {
    await own`INSERT INTO plant.rows (station, "row", at, kind, run, body, prev, hash)
      VALUES (${name}, ${row.row}, ${row.at}, ${row.kind}, ${row.run}, ${row.body}, decode(${row.prev}, 'hex'), decode(${row.hash}, 'hex'))`;
    return 'taken';
  } catch (error) {
    return String((error as { constraint?: string; code?: string }).constraint ?? (error as { code?: string }).code);
  } finally {
    own.end();
  }
}

const hashed = (row: Omit<PlainRow, 'hash'>): PlainRow => ({ ...row, hash: hashOfParts(row, row.body) });

test('a book comes over whole, is verified there, and its signed state is shown', skip, async (t) => {
  const ledger = await station(t, 'line-whole');
  for (const n of [1, 2, 3]) await sealBoard(ledger, `r${n}`, n);
  const standing = await sent('line-whole', ledger);
  assert.deepEqual([standing.state, standing.faults], ['level', []]);
  assert.deepEqual(await thereOf('line-whole'), await hashesOf(ledger));
  const report = (await verifyPlant(sql)).find(({ station: name }) => name === 'line-whole');
  const own = await ledger.verify();
  assert.deepEqual([report?.rows, report?.head, report?.root, report?.broken], [own.rows, own.head, own.root, null]);
});

test('the hash that PostgreSQL computes is that of the ledger, whatever the texts hold', skip, async () => {
  const ledger = await memory('line-texts');
  const [genesis] = await rowsOf(ledger);
  assert.equal(await write('line-texts', genesis!), 'taken');
  let before = genesis!;
  const odd = ['"', '\\', '\n\r\t\b\f', '\u0001\u001f\u007f', 'é\u2028\u2029\ufeff', '\u{1f600}', '</script>', ''];
  for (const text of odd) {
    const next: PlainRow = hashed({
      ...{ row: before.row + 1, at: `2026${text}`, kind: `k${text}`, run: text, prev: before.hash },
      body: JSON.stringify({ a: `${text}\u0000\ud800` }),
    });
    assert.equal(await write('line-texts', next), 'taken', JSON.stringify(text));
    before = next;
  }
});

test('the database itself refuses rows that are forged, missing, doubled or forked', skip, async () => {
  const ledger = await memory('line-keys');
  ledger.seal(11);
  const rows = await rowsOf(ledger);
  const [one, two, three] = rows as [PlainRow, PlainRow, PlainRow];
  const write1 = (row: PlainRow) => write('line-keys', row);
  assert.equal(
    await write1({ ...one, body: one.body.replace('line-keys', 'line-kexs') }),
    'rows_begin',
    'of another station',
  );
  assert.equal(await write1(hashed({ ...two, row: 1, prev: chainStart })), 'rows_begin', 'begins with no genesis row');
  assert.equal(await write1(hashed({ ...one, row: 0 })), 'rows_begin');
  assert.equal(await write1(two), 'rows_follow', 'nothing before it');
  assert.equal(await write1(one), 'taken');
  assert.equal(await write1(one), 'rows_pkey', 'twice');
  assert.equal(await write1({ ...two, body: two.body.replace('nest-1', 'nest-2') }), 'rows_hash', 'changed');
  for (const change of [{ at: '2020-01-01T00:00:00.000Z' }, { kind: 'event' }, { run: null }, { prev: three.prev }])
    assert.equal(await write1({ ...two, ...change }), 'rows_hash', JSON.stringify(change));
  assert.equal(await write1(hashed({ ...two, prev: three.hash })), 'rows_follow', 'follows from another row');
  assert.equal(await write1(three), 'rows_follow', 'a gap');
  assert.equal(await write1(two), 'taken');
  assert.equal(await write1(hashed({ ...two, body: '{}' })), 'rows_pkey', 'a fork');
  assert.deepEqual((await sent('line-keys', ledger)).state, 'level', 'what is right goes on');
});

test("a station's role reads and writes its own rows alone, and changes none", skip, async (t) => {
  const [ledger, other] = [await memory('line-own'), await memory('line-other')];
  await sent('line-own', ledger);
  await sent('line-other', other);
  other.seal(21);
  const [, next] = await rowsOf(other);
  assert.equal(await write('line-other', next!, 'line-own'), '42501', "another's row");
  const own = openSql(doorOf('line-own'));
  t.after(() => own.end());
  const tried = async (text: string) => {
    try {
      return (await own(Object.assign([text], { raw: [text] }))).length;
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  };
  assert.equal(await tried('SELECT 1 FROM plant.rows'), 1);
  for (const text of [
    `UPDATE plant.rows SET body = '{}'`,
    'DELETE FROM plant.rows',
    'TRUNCATE plant.rows',
    'SELECT 1 FROM plant.claims',
    'SELECT 1 FROM plant.stations',
    'SELECT 1 FROM plant.held',
    'SELECT 1 FROM plant.orders',
    `UPDATE plant.leases SET returned = NULL`,
    `INSERT INTO plant.leases VALUES ('', 1, 'line-own', 1, 1, '')`,
    `SELECT plant.free_places('line-other', 1, 'O-1', '{}')`,
    `INSERT INTO plant.claims VALUES ('serial', 'SN-1', 'm', 'line-own', 1)`,
    `INSERT INTO plant.heads VALUES ('line-own', 1, 1, '', '')`,
    `UPDATE plant.conflicts SET settled_at = now()`,
    `SELECT plant.tell_conflict('fork', 'line-other', 1, '', '', NULL, NULL)`,
    'SELECT plant.take_claims()',
    'CREATE TABLE plant.mine (a int)',
    'CREATE TABLE public.mine (a int)',
    'CREATE TEMPORARY TABLE mine (a int)',
    'ALTER TABLE plant.rows DISABLE TRIGGER ALL',
    `SET ROLE ${owner}`,
    `SET session_replication_role = replica`,
    'CREATE ROLE mine',
  ])
    assert.equal(await tried(text), '42501', text);
  const changed = ['UPDATE plant.rows SET body = body', 'DELETE FROM plant.rows', 'TRUNCATE plant.rows CASCADE'];
  for (const text of changed)
    await assert.rejects(sql.script(text), /never changed/, `${text} by the owner, by mistake`);
});

test('a second station under the same name, a copy and an older copy send nothing and are told', skip, async () => {
  const ledger = await memory('line-name');
  ledger.seal(31);
  const older = ledger.copy();
  ledger.seal(32);
  assert.equal((await sent('line-name', ledger)).state, 'level');
  const there = await thereOf('line-name');
  const stopped = async (book: Book, code: string) => {
    const { state, faults } = await sent('line-name', book);
    assert.deepEqual([state, faults.map((fault) => fault.code)], ['stopped', [code]]);
  };
  const second = new MemoryBook('line-name', 'cd'.repeat(16));
  await stopped(second, 'plant.forked');
  for (let n = 0; n < 4; n++) second.seal(300 + n);
  await stopped(second, 'plant.forked');
  await stopped(older, 'plant.older-copy');
  older.seal(33);
  await stopped(older, 'plant.forked');
  assert.deepEqual(await thereOf('line-name'), there, 'the plant has what it had');
  const told = (await openConflicts(sql)).filter(({ station: name }) => name === 'line-name');
  assert.ok(told.length >= 3 && told.every(({ kind }) => kind === 'fork'), JSON.stringify(told));
  ledger.seal(34);
  const { state, faults } = await sent('line-name', ledger);
  assert.deepEqual(
    [state, faults.map(({ code }) => code)],
    ['level', ['plant.conflict']],
    'the right one goes on, and hears of it',
  );
});

test(
  'what two boards of the plant have is a conflict of both stations, told at once, and stops nothing',
  skip,
  async (t) => {
    const [a, b] = [await memory('line-a'), await memory('line-b')];
    const listener = asOwner();
    t.after(() => listener.end());
    const notices: string[] = [];
    await listener.listen('fuseline_conflict', (id) => notices.push(id));
    a.seal(41);
    a.seal(42);
    await sent('line-a', a);
    b.seal(41, { serial: 'SN-b1', identity: null, keys: [] });
    b.seal(43, { serial: 'SN-42' });
    b.seal(44, { identity: record('', 42).identity });
    b.seal(45);
    const standing = await sent('line-b', b);
    assert.deepEqual(await thereOf('line-b'), await hashesOf(b), 'every row is there');
    const told = (await openConflicts(sql)).filter(({ station: name }) => name === 'line-b');
    assert.deepEqual(
      told.map(({ kind, field, value, holder }) => [kind, field, value, holder]),
      [
        ['claim', 'mac', mac(41), 'line-a'],
        ['claim', 'serial', 'SN-42', 'line-a'],
        ['claim', 'certificate', 'C0FFEE42', 'line-a'],
        ['claim', 'public-key', '0442', 'line-a'],
      ],
    );
    assert.deepEqual([standing.conflicts, standing.faults.map(({ code }) => code)], [4, ['plant.conflict']]);
    assert.equal((await sent('line-a', a)).conflicts, 4, 'the other one hears of it too');
    assert.equal((await sent('line-own', new MemoryBook('line-own'))).conflicts, 0, 'a third one does not');
    // the server says what it has to say before it answers
    await listener`SELECT 1`;
    assert.deepEqual(
      notices,
      told.map(({ id }) => `${id}`),
    );
    for (const { id } of told) await settle(sql, id, 'q1', 'a training line');
    await assert.rejects(settle(sql, told[0]!.id, 'q1', 'again'), (error) => isFault(error, 'plant.no-conflict'));
    assert.equal((await sent('line-b', b)).conflicts, 0);
  },
);

test(
  "places of an order are one station's each; what is given back is free, and a database that forgot learns again",
  skip,
  async () => {
    const [a, b] = [await memory('lease-a'), await memory('lease-b')];
    const file = Buffer.from('an order');
    const order: OrderOfPlant = {
      ...{ name: 'O-77', digest: sha256Hex(file), boards: 20, file },
      stations: [
        { station: 'lease-a', share: { first: 1, boards: 4 } },
        { station: 'lease-b', share: null },
      ],
    };
    let given = 0;
    const kept: KeptLease[] = [];
    const give = async (station: string, boards: number) => {
      const lease = await giveLease(sql, order, { station, boards, kept: [] }, async () =>
        Buffer.from(`lease ${given++}`),
      );
      kept.push({ station, ...lease });
      return [lease.first, lease.boards];
    };
    const codeOf = (work: Promise<unknown>) => work.then(String, (error: unknown) => faultOf(error).code);
    assert.deepEqual(await give('lease-a', 5), [5, 5], 'behind the share');
    // two who give at once: the second one waits for the first
    const connection = asOwner();
    const at = await Promise.all(
      [sql, connection].map((by, n) =>
        giveLease(by, order, { station: 'lease-b', boards: 3, kept: [] }, async () => Buffer.from(`at once ${n}`)),
      ),
    );
    connection.end();
    assert.deepEqual(at.map(({ first, boards }) => [first, boards]).sort(), [
      [10, 3],
      [13, 3],
    ]);
    kept.push(...at.map((lease) => ({ station: 'lease-b', ...lease })));
    assert.deepEqual(await give('lease-a', 99), [16, 5], 'as many as there are');
    assert.equal(await codeOf(give('lease-b', 1)), 'plant.order-full');
    assert.equal(await codeOf(give('lease-c', 1)), 'plant.station-unknown');
    const other = { ...order, digest: sha256Hex('x'), file: Buffer.from('x') };
    assert.equal(
      await codeOf(giveLease(sql, other, { station: 'lease-a', boards: 1, kept: [] }, async () => file)),
      'plant.order-changed',
    );

    /** Says a row of a lease as the station's engine does. */
    const say = (book: MemoryBook, what: string, of: KeptLease, more: object) =>
      book.add('act', null, {
        ...{ what, by: [], about: 'O-77' },
        detail: { lease: sha256Hex(of.file), order: order.digest, first: of.first, boards: of.boards, ...more },
      });
    const took = (book: MemoryBook, of: KeptLease) =>
      say(book, 'lease-taken', of, { file: Buffer.from(of.file).toString('base64') });
    const places = async () =>
      (await placesOf(sql, 'O-77')).map(({ station, first, last }) => `${station.at(-1)} ${first}-${last}`);
    const [first, second] = [kept.find((one) => one.first === 5)!, kept.find((one) => one.first === 10)!];
    took(a, first);
    say(a, 'lease-returned', first, { unused: ['6-6', '8-9'] });
    assert.equal((await sent('lease-a', a)).conflicts, 0);
    assert.deepEqual(await places(), ['a 1-4', 'a 5-5', 'a 7-7', 'b 10-12', 'b 13-15', 'a 16-20']);
    const own1 = openSql(doorOf('lease-a'));
    assert.deepEqual(
      (await leasesThere(own1, 'lease-a')).map(({ file: of }) => Buffer.from(of).toString()),
      [Buffer.from(kept.find((one) => one.first === 16)!.file).toString()],
    );
    own1.end();
    assert.deepEqual(await give('lease-b', 5), [6, 1], 'the first stretch that is free');
    // another's lease, places that are not its own, and the same ones again
    took(b, first);
    took(b, second);
    say(b, 'lease-returned', kept.find((one) => one.first === 16)!, { unused: ['16-20'] });
    say(b, 'lease-returned', second, { unused: ['5-12'] });
    const before = await places();
    assert.equal((await sent('lease-b', b)).conflicts, 3);
    assert.deepEqual(await places(), before, 'nothing of that counts');

    // the database is put back to before the leases, and the stations send their rows again
    await sql.transaction(async (tx) => {
      await tx.script('SET LOCAL session_replication_role = replica');
      await tx`DELETE FROM plant.held WHERE lease IS NOT NULL`;
      await tx`DELETE FROM plant.leases`;
      await tx`DELETE FROM plant.rows WHERE station IN ('lease-a', 'lease-b')`;
    });
    const clash = { ...order, name: 'O-77' };
    assert.equal(
      await codeOf(
        giveLease(
          sql,
          clash,
          { station: 'lease-b', boards: 1, kept: kept.filter((one) => one.first === 5 || one.first === 6) },
          async () => file,
        ),
      ),
      'plant.lease-clash',
      'what its giver remembers stands against it until the station has said that it gave places back',
    );
    await sent('lease-a', a);
    await sent('lease-b', b);
    const again = await giveLease(sql, order, { station: 'lease-b', boards: 9, kept }, async () =>
      Buffer.from('after'),
    );
    assert.deepEqual([again.first, again.boards], [8, 2], 'none that was given to somebody');
    assert.deepEqual(await places(), ['a 1-4', 'a 5-5', 'b 6-6', 'a 7-7', 'b 8-9', 'b 10-12', 'b 13-15', 'a 16-20']);
  },
);

test('what the plant reads of a sealed record is what the ledger reads of it', skip, async () => {
  const whole = record('r1', 1);
  const { identity } = whole;
  const records = [
    whole,
    { ...whole, serial: null, identity: null, keys: [] },
    { ...whole, identity: { ...identity!, certificatePem: null, certificateSerial: null } },
    {
      ...whole,
      serial: 'it\'s "7"\\',
      keys: [...whole.keys, { role: 'secure-boot-digest-2', blocks: [9], fingerprint: 'ff' }],
    },
  ] as SealedRecord[];
  for (const sealed of records) {
    const there = await sql<{
      field: string;
      value: string;
    }>`SELECT * FROM plant.claims_of(${JSON.stringify(sealed)}::jsonb)`;
    assert.deepEqual(
      there.map(({ field, value }) => [field, value]).sort(),
      claimsOf(sealed)
        .map((claim) => [...claim])
        .sort(),
    );
  }
});

test('signed heads are kept; one over fewer rows, of another key or of no form is an alarm', skip, async (t) => {
  const ledger = await station(t, 'line-heads');
  await sealBoard(ledger, 'r1', 51);
  await signHead(ledger);
  await sealBoard(ledger, 'r2', 52);
  const note = await signHead(ledger);
  await sent('line-heads', ledger);
  const kinds = async () =>
    (await openConflicts(sql))
      .filter(({ station: name }) => name === 'line-heads')
      .map(({ kind, field }) => `${kind} ${field}`);
  assert.deepEqual(await kinds(), []);
  const [report] = (await verifyPlant(sql)).filter(({ station: name }) => name === 'line-heads');
  assert.deepEqual([report?.broken, report?.signed?.heads, report?.signed?.by], [null, 2, 'own key']);
  await ledger.noteCheckpoint({ note: note.replace(/\n\d+\n/, '\n3\n'), publicKey: report!.signed!.key });
  await signHead(ledger, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  await ledger.noteCheckpoint({ note: 'no head\n', publicKey: '00' });
  await sent('line-heads', ledger);
  assert.deepEqual(await kinds(), ['head size', 'head key', 'unreadable ']);
  const [broken] = (await verifyPlant(sql)).filter(({ station: name }) => name === 'line-heads');
  assert.match(broken?.broken?.reason ?? '', /signed head/);
});

test('what the owner of the database changed behind its checks, the verification finds', skip, async () => {
  const ledger = await memory('line-owner');
  ledger.seal(61);
  ledger.seal(62);
  await sent('line-owner', ledger);
  const found = async (...statements: string[]) => {
    const own = asOwner();
    try {
      await own.transaction(async (tx) => {
        await tx.script('SET LOCAL session_replication_role = replica');
        await tx.script('ALTER TABLE plant.rows DROP CONSTRAINT rows_hash');
        for (const text of statements) await tx.script(`${text} AND station = 'line-owner'`);
        const [report] = (await verifyInside(tx)).filter(({ station: name }) => name === 'line-owner');
        throw Object.assign(new Error('taken back'), { report });
      });
    } catch (error) {
      return (error as { report?: { broken: { row: number; reason: string } | null } }).report?.broken;
    } finally {
      own.end();
    }
  };
  assert.match(
    (await found(`UPDATE plant.rows SET body = replace(body, 'nest-1', 'nest-2') WHERE "row" = 2`))?.reason ?? '',
    /row 2 was changed/,
  );
  assert.match((await found('DELETE FROM plant.rows WHERE "row" = 3'))?.reason ?? '', /row 3 is missing/);
  assert.match((await found(`UPDATE plant.rows SET at = '2020' WHERE "row" = 4`))?.reason ?? '', /row 4 was changed/);
});

/** A line between station and server that is cut after so many bytes to the server, or goes silent. */
async function cuttable(t: TestContext) {
  let left = Number.POSITIVE_INFINITY;
  let silent = false;
  let cuts = 0;
  const open = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(server.port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes: Buffer) => {
      if (silent) return;
      left -= bytes.length;
      if (left > 0) return void far.write(bytes);
      cuts++;
      left = Number.POSITIVE_INFINITY;
      // what was sent before the cut arrives, and its answer does not
      near.destroy();
      far.end(bytes);
    });
    far.on('data', (bytes: Buffer) => silent || near.destroyed || near.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    proxy.close();
  });
  return {
    url: `postgres://127.0.0.1:${(proxy.address() as { port: number }).port}/plant`,
    cutAfter: (bytes: number) => {
      left = bytes;
    },
    hush: (is: boolean) => {
      silent = is;
    },
    get cuts() {
      return cuts;
    },
  };
}

test('cut lines, a silent line and a killed server lose no row and double none', skip, async (t) => {
  const ledger = await station(t, 'line-cut');
  for (let n = 0; n < 30; n++) await sealBoard(ledger, `r${n}`, 700 + n);
  const small = { ...quick, deadlineMs: 400, batch: { rows: 3, characters: 40_000 } };
  const line = await cuttable(t);
  const seen: PlantStanding[] = [];
  let random = 1;
  const one = forwarder('line-cut', ledger, {
    url: line.url,
    limits: small,
    tell: (standing) => {
      seen.push(standing);
      random = (random * 48_271) % 0x7fffffff;
      if (standing.state === 'sending' && line.cuts < 12) line.cutAfter(1 + (random % 8000));
    },
  });
  const ended = new AbortController();
  const running = one.run(ended.signal);
  const comes = (what: string, is: () => boolean) => until(what, is, () => one.standing);
  await comes('the end of the cuts', () => line.cuts >= 12);
  await server.kill();
  const away = seen.length;
  await comes('that the plant is away', () => seen.slice(away).some(({ state }) => state === 'away'));
  assert.deepEqual(one.standing.faults, [], 'no alarm before its time');
  for (let n = 30; n < 40; n++) await sealBoard(ledger, `r${n}`, 700 + n);
  await server.start();
  await comes('the last row', () => one.standing.state === 'level' && one.standing.sent === one.standing.newest);
  line.hush(true);
  await comes(
    'that the line is silent',
    () => one.standing.state === 'away' && /does not answer/.test(one.standing.reason ?? ''),
  );
  line.hush(false);
  await comes('that it speaks again', () => one.standing.state === 'level');
  ended.abort();
  await running;
  const waiting = forwarder('line-cut', ledger, { url: line.url });
  const broken = new AbortController();
  const asking = waiting.run(broken.signal);
  await comes('that it is level', () => waiting.standing.state === 'level');
  line.hush(true);
  await sealBoard(ledger, 'r40', 740);
  // it asks every few milliseconds, and is not answered any more
  await systemClock.sleep(50);
  const aborted = systemClock.monotonic();
  broken.abort();
  await asking;
  assert.ok(systemClock.monotonic() - aborted < quick.deadlineMs / 2, 'it ends at once, in the middle of a question');
  line.hush(false);
  sql = asOwner();
  assert.equal((await sent('line-cut', ledger)).state, 'level');
  assert.deepEqual(await thereOf('line-cut'), await hashesOf(ledger));
  const { stations } = await plantStatus(sql);
  const shown = stations.find(({ name }) => name === 'line-cut');
  assert.deepEqual([shown?.rows, shown?.newest, shown?.sealed], [(await ledger.head()).row, shown?.rows, 41]);
  assert.deepEqual(
    (await openConflicts(sql)).filter(({ station: name }) => name === 'line-cut'),
    [],
  );
});

test(
  'after a backup was put back, rows of several stations come in any order: a lease waits for what gives its places back',
  skip,
  async () => {
    const [a, b, c] = [await memory('again-a'), await memory('again-b'), await memory('again-c')];
    const file = Buffer.from('order O-79');
    const order: OrderOfPlant = {
      ...{ name: 'O-79', digest: sha256Hex(file), boards: 20, file },
      stations: ['again-a', 'again-b', 'again-c'].map((station) => ({ station, share: null })),
    };
    const leaseOf = (name: string, station: string, first: number, boards: number): KeptLease => ({
      ...{ station, first, boards, file: Buffer.from(`lease ${name} of O-79`) },
    });
    const say = (book: MemoryBook, what: 'lease-taken' | 'lease-returned', of: KeptLease, more: object = {}) =>
      book.add('act', null, {
        ...{ what, by: [], about: order.name },
        detail: {
          ...{ lease: sha256Hex(of.file), order: order.digest, first: of.first, boards: of.boards },
          ...{ file: Buffer.from(of.file).toString('base64'), ...more },
        },
      });
    const places = async () =>
      (await placesOf(sql, order.name)).map(({ station, first, last }) => `${station.at(-1)} ${first}-${last}`);
    const give = async (kept: readonly KeptLease[]) =>
      await giveLease(sql, order, { station: 'again-c', boards: 3, kept }, async () => Buffer.from('new')).then(
        ({ first }) => first,
        (error: unknown) => faultOf(error).code,
      );
    const forget = () =>
      sql.transaction(async (tx) => {
        await tx.script('SET LOCAL session_replication_role = replica');
        await tx`DELETE FROM plant.held WHERE station LIKE 'again-%'`;
        await tx`DELETE FROM plant.leases WHERE station LIKE 'again-%'`;
        await tx`DELETE FROM plant.rows WHERE station LIKE 'again-%' AND "row" > 1`;
      });
    // a had 1 to 10 and gave 6 to 10 back; b got these, and gave 9 to 10 back; c got these
    const [first, second, third] = [
      leaseOf('1', 'again-a', 1, 10),
      leaseOf('2', 'again-b', 6, 5),
      leaseOf('3', 'again-c', 9, 2),
    ];
    say(a, 'lease-taken', first);
    const untilTaken = a.copy();
    say(a, 'lease-returned', first, { unused: ['6-10'] });
    say(b, 'lease-taken', second);
    say(b, 'lease-returned', second, { unused: ['9-10'] });
    say(c, 'lease-taken', third);
    // no lease of that order was ever given by this database
    for (const [name, ledger] of [
      ['again-a', untilTaken],
      ['again-c', c],
      ['again-b', b],
    ] as const)
      assert.equal((await sent(name, ledger)).conflicts, 0, name);
    assert.deepEqual(await places(), []);
    assert.equal(await give([]), 'plant.lease-clash', 'whose the places are is not known while one of them waits');
    assert.equal((await sent('again-a', a)).conflicts, 0);
    assert.equal(await give([]), 11);
    assert.deepEqual(await places(), ['a 1-5', 'b 6-8', 'c 9-10', 'c 11-13']);
    // the database knows the order, and nothing else; the last ones come first
    await forget();
    for (const [name, ledger] of [
      ['again-c', c],
      ['again-b', b],
    ] as const)
      assert.equal((await sent(name, ledger)).conflicts, 0, name);
    assert.deepEqual(await places(), ['b 6-8', 'c 9-10']);
    const onItsWay: Book = { head: a.head, plainRows: untilTaken.plainRows };
    assert.equal((await sent('again-a', onItsWay)).conflicts, 0, 'it has not sent all that it has');
    assert.equal((await sent('again-a', a)).conflicts, 0);
    assert.deepEqual(await places(), ['a 1-5', 'b 6-8', 'c 9-10']);
    assert.equal(await give([first, second, third]), 11);
    // what stays so when both have sent everything is a conflict, and no place of the order is given out
    const other = leaseOf('4', 'again-b', 4, 4);
    say(b, 'lease-taken', other);
    await sent('again-a', a);
    assert.equal((await sent('again-b', b)).conflicts, 0);
    await sent('again-a', a);
    assert.equal((await sent('again-b', b)).conflicts, 1);
    assert.equal(await give([]), 'plant.lease-clash');
  },
);

/** A station that looks at the heads of the others, from the terminal. */
async function witness(t: TestContext, name: string) {
  const ledger = await station(t, name);
  await letIn(name, true);
  const password = join(folder, `${name}-password`);
  writeFileSync(password, passwords.get(name)!, { mode: 0o600 });
  const parts = { ledger, signer: new ScriptedSigner().signer, clock: systemClock };
  const plant = { url: server.url, ca: null, passwordFile: password, viewer: null, witnesses: [] };
  const lines = { answered: [] as string[], said: [] as string[] };
  const context = {
    version: '0',
    streams: { answer: (line: string) => lines.answered.push(line), say: (line: string) => lines.said.push(line) },
    ...{ clock: systemClock, random: systemRandom, onInterrupt: () => () => undefined },
    openStation: async () => ({ parts, close: async () => undefined }),
    settings: () => ({ name, plant, boards: anyBoard, development: true }),
  } as unknown as CliContext;
  const keys = join(folder, `${name}-heads.pem`);
  writeFileSync(keys, headPair.publicKey.export({ type: 'spki', format: 'pem' }));
  /** What it says of one station, and to the person. */
  const looks = async (of: string, ...words: string[]) => {
    Object.assign(lines, { answered: [], said: [] });
    const status = await runCommand(['plant', 'witness', '--json', ...words], context);
    const said = lines.answered.map((line) => JSON.parse(line) as { station: string; state: string; size: number });
    return { status, state: said.find((one) => one.station === of)?.state, said: lines.said.join('\n') };
  };
  return { ledger, looks, keys, key: witnessText(await ownWitness(parts)) };
}

/** A function of the plant that its owner changed, for as long as `work` takes. */
async function lying(name: string, change: (definition: string) => string, work: () => Promise<void>): Promise<void> {
  const [row] = await sql<{ text: string }>`SELECT pg_get_functiondef(${name}::regprocedure) AS text`;
  const changed = change(row!.text);
  assert.notEqual(changed, row!.text);
  await sql.script(changed);
  await work();
  await sql.script(row!.text);
}

test(
  'a station cosigns by the plant the heads of the others, and says of a plant that lies nothing of them',
  skip,
  async (t) => {
    const ledger = await station(t, 'line-seen');
    await sealBoard(ledger, 'r1', 71);
    const { looks, keys, key, ledger: own } = await witness(t, 'seer');
    const acts = async (what: StationAct['what']) =>
      (await own.acts({ what })).filter(({ about }) => about?.includes('line-seen'));
    const before = await looks('line-seen');
    assert.equal(before.state, 'none', before.said);
    await signHead(ledger);
    await sent('line-seen', ledger);
    const first = await looks('line-seen');
    assert.deepEqual(
      [first.state, first.status],
      ['witness.unknown', 3],
      'a key of heads is had from elsewhere than the plant',
    );
    assert.equal((await looks('line-seen', '--key', `line-seen=${keys}`)).state, 'cosigned');
    assert.equal((await looks('line-seen')).state, 'seen');
    await sealBoard(ledger, 'r2', 72);
    await signHead(ledger);
    await sent('line-seen', ledger);
    const size = (await acts('head-witnessed'))[0]?.detail.size;
    assert.equal((await looks('line-seen')).state, 'cosigned', 'it grew out of what was seen');
    const [newest] = await acts('head-witnessed');
    assert.ok(Number(newest?.detail.size) > Number(size));

    // what the station hears, and books where it knows the witness
    const heard: (readonly string[])[] = [];
    const one = new Forwarder({
      ...{ ledger, station: 'line-seen', door: () => doorOf('line-seen'), clock: systemClock, random: systemRandom },
      ...{ limits: quick, tell: () => undefined, tellCosignatures: (notes) => void heard.push(notes) },
    });
    await one.run(AbortSignal.timeout(patienceMs), { untilLevel: true });
    assert.equal(heard.length, 1);
    assert.equal(heard[0]!.length, 1, 'the newest word of each witness');
    const told = { cosignatures: heard[0]!, listen: () => () => undefined } as unknown as PlantOfStation;
    const parts = { ledger, signer: new ScriptedSigner().signer, clock: systemClock, log: silentLog };
    const other = witnessText({ name: 'fuseline/seer/witness', key: new Uint8Array(32).fill(9) });
    for (const known of [[other], [key], [key]]) await new PlantWitnesses(parts, told, known).close();
    const booked = await ledger.acts({ what: 'head-cosigned' });
    assert.deepEqual(
      booked.map(({ about, detail }) => [about, detail.size]),
      [['fuseline/seer/witness', newest?.detail.size]],
      'once, and of the witness whose key is known alone',
    );
    assert.equal((await ledger.verify({ cosigners: [key] })).broken, null);

    // a plant that lies, or was put back, is no evidence against a station
    await sealBoard(ledger, 'r3', 73);
    await signHead(ledger);
    await sent('line-seen', ledger);
    const state = async () => {
      const { state: is, status } = await looks('line-seen');
      return [is, status];
    };
    await lying(
      'plant.hashes(text, bigint, int)',
      (text) => text.replace('string_agg(hash', 'string_agg(sha256(hash)'),
      async () => assert.deepEqual(await state(), ['differs', 3]),
    );
    await lying(
      'plant.newest_head(text)',
      (text) => text.replace('DESC', 'ASC'),
      async () => assert.deepEqual(await state(), ['behind', 3]),
    );
    assert.deepEqual(await acts('head-refused'), []);
    assert.deepEqual(await state(), ['cosigned', 0]);
    const noKey = join(folder, 'no.witness');
    writeFileSync(noKey, 'hello');
    for (const file of [noKey, join(folder, 'missing.witness')])
      assert.throws(() => witnessKeyIn(file), { code: 'plant.witness-key' });
    await letIn('seer');
    writeFileSync(join(folder, 'seer-password'), passwords.get('seer')!);
    const denied = await looks('line-seen');
    assert.ok(denied.said.includes('plant.no-witness'), denied.said);
  },
);

test('a plant that was put back to an older backup gets what it lost again', skip, async () => {
  const ledger = await memory('line-backup');
  for (const n of [1, 2, 3]) ledger.seal(800 + n);
  const one = forwarder('line-backup', ledger);
  const ended = new AbortController();
  const running = one.run(ended.signal);
  const comes = (what: string, is: () => boolean | Promise<boolean>) => until(what, is, () => one.standing);
  await comes('that it is level', () => one.standing.state === 'level');
  await sql.transaction(async (tx) => {
    await tx.script('SET LOCAL session_replication_role = replica');
    await tx`DELETE FROM plant.claims WHERE station = 'line-backup' AND "row" > 4`;
    await tx`DELETE FROM plant.rows WHERE station = 'line-backup' AND "row" > 4`;
  });
  ledger.seal(804);
  await comes('the last row', async () => one.standing.sent === (await ledger.head()).row);
  ended.abort();
  await running;
  assert.deepEqual(await thereOf('line-backup'), await hashesOf(ledger));
});

test('a row of the book that was changed is not taken, and the station is told which', skip, async () => {
  const ledger = await memory('line-changed');
  ledger.seal(91);
  ledger.seal(92);
  const changed: Book = {
    head: () => ledger.head(),
    plainRows: async (after: number, count: number) =>
      (await ledger.plainRows(after, count)).map((row) => (row.row === 4 ? { ...row, body: '{"forged":true}' } : row)),
  };
  const one = forwarder('line-changed', changed);
  await one.run(AbortSignal.timeout(patienceMs), { untilLevel: true });
  assert.deepEqual([one.standing.state, one.standing.faults.map(({ code }) => code)], ['stopped', ['plant.refused']]);
});

test(
  'who is not let in, or meets a server that does not prove itself, is told at once and tries on',
  skip,
  async (t) => {
    const ledger = await memory('line-door');
    const door = doorOf('line-door');
    const said = async (change: Partial<PlantDoor>, name = 'line-door') => {
      const asked = { ...door, ...change };
      const one = new Forwarder({
        ...{ ledger, station: name, clock: systemClock, random: systemRandom, limits: quick },
        ...{ door: () => asked, tell: () => undefined },
      });
      const ended = new AbortController();
      const running = one.run(ended.signal, { untilLevel: true }).then(() => ended.abort());
      await until(
        'an answer',
        () => ended.signal.aborted || one.standing.state === 'away',
        () => one.standing,
      );
      ended.abort();
      await running;
      return one.standing.faults.map(({ code }) => code).join() || one.standing.state;
    };
    const tls = plantAddress(`postgres://localhost:${server.port}/plant`);
    assert.equal(await said({ password: 'wrong' }), 'plant.not-let-in');
    assert.equal(await said({ user: roleOf('nobody-knows') }), 'plant.not-let-in');
    assert.equal(await said({}, 'line-elsewhere'), 'plant.other-station');
    assert.equal(await said({ address: tls, ca: selfSigned('localhost') }), 'plant.not-proven');
    assert.equal(await said({ address: tls }), 'plant.not-proven', 'none that this computer trusts');
    const plain = createServer((socket) => socket.on('data', () => socket.write('N')).on('error', () => undefined));
    plain.listen(0, 'localhost');
    await once(plain, 'listening');
    t.after(() => plain.close());
    const { port } = plain.address() as { port: number };
    assert.equal(await said({ address: { ...tls, port } }), 'plant.not-proven', 'nothing is said in the clear');
    const foreign = {
      PGOPTIONS: '-c default_transaction_read_only=on',
      PGREPLICATION: 'database',
      PGSSLNEGOTIATION: 'direct',
    };
    Object.assign(process.env, foreign, { PGPASSWORD: 'x', PGSSLMODE: 'no-verify', PGHOST: 'nowhere' });
    t.after(() => {
      for (const name of [...Object.keys(foreign), 'PGPASSWORD', 'PGSSLMODE', 'PGHOST']) delete process.env[name];
    });
    assert.equal(await said({ address: tls, ca: server.certificate }), 'level', 'whatever the environment says');
    assert.equal(await said({ address: tls }), 'plant.not-proven');
    const first = passwords.get('line-door');
    await letIn('line-door');
    assert.equal(await said({ password: first ?? '' }), 'plant.not-let-in', 'an older password');
    assert.equal(await said(doorOf('line-door')), 'level');
  },
);

test('addresses, names and files that cannot be used say so', async (t) => {
  assert.deepEqual(plantAddress('postgres://db.factory/fuse%20line'), {
    ...{ host: 'db.factory', port: 5432, database: 'fuse line', user: null },
  });
  assert.deepEqual(plantAddress('postgresql://me@[::1]:6000/p'), {
    host: '::1',
    port: 6000,
    database: 'p',
    user: 'me',
  });
  for (const text of [
    ...[
      '',
      'http://a/b',
      'postgres://a',
      'postgres://me:secret@a/b',
      'postgres://a/b?sslmode=disable',
      'postgres://a:0/b',
    ],
    ...[
      'postgres:///b',
      'postgres://a/b?host=/tmp',
      'postgres:///b?host=evil',

      'postgres://a/%zz',
      'postgres://a/b#c',
    ],
  ])
    assert.throws(
      () => plantAddress(text),
      (error) => isFault(error, 'plant.url') && !error.what.includes('secret'),
      text,
    );
  for (const url of ['postgres://[::1]:6000/p', 'postgres://db:5432/a%20b', 'postgres:///p?host=/run/pg&port=5433'])
    assert.equal(addressUrl(plantAddress(url)), url, 'as a station file names it');
  const own = mkdtempSync(join(tmpdir(), 'fuseline-plant-file-'));
  t.after(() => rmSync(own, { recursive: true, force: true }));
  const file = join(own, 'password');
  const refused = (why: RegExp) =>
    assert.throws(
      () => passwordIn(file),
      (error) => isFault(error, 'plant.password-file') && why.test(error.what),
    );
  refused(/cannot be read/);
  writeFileSync(file, 'abc\n', { mode: 0o600 });
  assert.equal(passwordIn(file), 'abc');
  chmodSync(file, 0o640);
  refused(/open to others/);
  writeFileSync(file, 'two words');
  chmodSync(file, 0o600);
  refused(/holds no such line/);
  const { address } = { address: plantAddress('postgres://a/b') };
  const codeOf = (code: string) =>
    (
      plantFault(Object.assign(new Error('x'), { code }), { ...{ address, user: 'u' }, ca: null, password: null }) as {
        code?: string;
      }
    ).code;
  const gone: PlantStanding[] = [];
  const patience = new AbortController();
  const left = new Forwarder({
    ...{ ledger: new MemoryBook('a'), station: 'a', random: systemRandom },
    // the first try ends at once, the second one long after
    clock: { ...systemClock, monotonic: () => (gone.length === 0 ? 0 : 60_000) },
    door: () => ({ address: plantAddress('postgres://127.0.0.1:1/b'), user: 'u', ca: null, password: null }),
    limits: { ...quick, awayMs: 20 },
    tell: (standing) => {
      gone.push(standing);
      if (standing.faults.length > 0) patience.abort();
    },
  });
  await left.run(patience.signal);
  assert.deepEqual([gone[0]?.state, gone[0]?.faults], ['away', []]);
  assert.deepEqual(
    gone.at(-1)?.faults.map(({ code }) => code),
    ['plant.away'],
    'an alarm after its time',
  );
  assert.equal(silentPlant({ address, user: 'u', ca: null, password: null }).code, 'plant.silent');
  assert.deepEqual(['42P01', '42501', 'ECONNREFUSED'].map(codeOf), ['plant.none', 'plant.no-right', 'plant.away']);
});

test('a station with a plant in its file sends by itself, and its desk shows how far and what is wrong', {
  skip: noServer === false ? noToken : noServer,
}, async (t) => {
  await letIn('line-desk');
  await sql`SELECT plant.tell_conflict('fork', 'line-desk', 7, 'hash', '', NULL, NULL)`;
  const data = join(folder, 'desk');
  mkdirSync(data);
  writeFileSync(join(data, 'password'), passwords.get('line-desk')!, { mode: 0o600 });
  await enrollViewer(sql, 'line-desk', systemRandom, (word) =>
    writeFileSync(join(data, 'viewer'), word, { mode: 0o600 }),
  );
  const viewer = '{name: line-desk, password_file: viewer}';
  const { looks, key } = await witness(t, 'seer-desk');
  writeFileSync(join(data, 'seer.witness'), `${key}\n`);
  const more = `viewer: ${viewer}, witnesses: [seer.witness]`;
  const text = `fuseline: 1\nstation: line-desk\nplant: {url: '${server.url}', password_file: password, ${more}}\n`;
  writeFileSync(join(data, 'station.yaml'), text);
  const { desk, station: opened, close } = await openDesk({ data });
  t.after(close);
  const heard: string[] = [];
  desk.onLineChange(({ plantFaults }) => heard.push(...plantFaults.map(({ code }) => code)));
  const view = async () => (await desk.answers['station.view']({}, 'anonymous')).plant!;
  await until(
    'that it is level',
    async () => (await view()).state === 'level' && heard.length > 0,
    () => opened.parts.plant!.standing,
  );
  const shown = await view();
  assert.deepEqual([shown.sent, shown.conflicts], [shown.newest, 1]);
  assert.deepEqual(await thereOf('line-desk'), await hashesOf(opened.parts.ledger));
  const sight = await desk.answers['plant.view']({}, 'anonymous');
  assert.equal(sight.fault, null);
  assert.equal(sight.overview?.stations.find(({ name }) => name === 'line-desk')?.rows, shown.sent);
  const conflict = sight.overview?.conflicts.at(-1);
  assert.deepEqual([conflict?.kind, conflict?.station, conflict?.row], ['fork', 'line-desk', 7]);
  assert.deepEqual(await desk.answers['plant.search']({ text: 'no such board' }, 'anonymous'), {
    found: [],
    isCut: false,
  });
  // a witness that it names sees its head by the plant, and is booked
  const { ledger } = opened.parts;
  await opened.askWitness({});
  const publicKey = (await ledger.treeHead()).signedBefore!.publicKey;
  writeFileSync(join(data, 'heads.pem'), headKey(publicKey)!.export({ type: 'spki', format: 'pem' }));
  await until(
    'the head',
    async () => (await looks('line-desk', '--key', `line-desk=${join(data, 'heads.pem')}`)).state === 'cosigned',
    () => opened.parts.plant!.standing,
  );
  await until(
    'what it saw',
    async () =>
      (await ledger.acts({ what: 'head-cosigned' })).some(({ about }) => about === 'fuseline/seer-desk/witness'),
    () => opened.parts.plant!.standing,
  );
  const line = await desk.answers['line.snapshot']({}, 'anonymous');
  const alarms = followState({ line, token: null, alarms: [] }, 0);
  assert.deepEqual(
    alarms.map(({ kind, code }) => [kind, code]),
    [['plant', 'plant.conflict']],
  );
});

test('a thread that cannot even read the ledger is told, and stops', async () => {
  const plant = { url: 'postgres://127.0.0.1:1/b', ca: null, passwordFile: null };
  const sending = startForwarding({ file: join(tmpdir(), 'fuseline-no-such-ledger.db'), station: 'a', plant });
  const codes = await new Promise<string[]>((resolve) =>
    sending.listen(({ faults }) => resolve(faults.map(({ code }) => code))),
  );
  assert.deepEqual(codes, ['plant.thread-ended']);
  await sending.close();
});

test('from the terminal: made, let in, sent, looked at, verified, settled', skip, async (t) => {
  const ledger = await station(t, 'line-terminal');
  await sealBoard(ledger, 'r1', 41);
  const lines = { answered: [] as string[], said: [] as string[] };
  let plant: PlantConfig | null = null;
  const context = {
    version: '0',
    streams: { answer: (line: string) => lines.answered.push(line), say: (line: string) => lines.said.push(line) },
    ...{ clock: systemClock, random: systemRandom, onInterrupt: () => () => undefined },
    openLedger: () => openSqliteLedgerForReading(join(folder, 'line-terminal.db')),
    settings: () => ({ name: 'line-terminal', plant, boards: anyBoard }),
  } as unknown as CliContext;
  const said = async (...words: string[]) => {
    lines.answered = [];
    lines.said = [];
    const status = await runCommand(words, context);
    return { status, answered: lines.answered.join('\n'), said: lines.said.join('\n') };
  };
  const asOwnerOf = ['--url', server.ownerUrl];
  assert.match((await said('plant', 'init', ...asOwnerOf)).answered, /up to date: tables 5/);
  assert.ok((await said('plant', 'forward')).said.includes('plant.not-configured'));
  const file = join(folder, 'terminal-password');
  const letIn = await said('plant', 'enroll', 'line-terminal', ...asOwnerOf, '--out', file);
  assert.match(letIn.answered, /'line-terminal' has a new password/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!`${letIn.answered}${letIn.said}`.includes(passwordIn(file)), 'nobody is shown it');
  const again = await said('plant', 'enroll', 'line-terminal', ...asOwnerOf, '--out', file);
  assert.ok(again.said.includes('plant.cannot-write'));
  plant = { url: server.url, ca: join(folder, 'no-ca'), passwordFile: file, viewer: null, witnesses: [] };
  assert.ok((await said('plant', 'verify', '--url', 'postgres://a:b@c/d')).said.includes('plant.url'));
  assert.ok((await said('plant', 'verify', ...asOwnerOf, '--ca', plant.ca!)).said.includes('plant.ca'));
  plant = { ...plant, ca: null };
  const { rows } = await ledger.verify();
  assert.deepEqual(await said('plant', 'forward'), {
    ...{ status: 0, answered: `The plant has all ${rows} rows.` },
    said: lines.said.join('\n'),
  });
  const status = await said('plant', 'status', ...asOwnerOf);
  assert.match(
    status.answered,
    new RegExp(`line-terminal +${rows} +0 +0 +20\\d\\d-`),
    "its MAC is line-a's: it sealed none",
  );
  const [, id] =
    /^ +(\d+) .*MAC aa:bb:cc:00:00:29: row \d+ of line-terminal claims it, and row \d+ of line-a has it/m.exec(
      status.answered,
    ) ?? [];
  assert.match(
    (await said('plant', 'settle', id!, ...asOwnerOf, '--by', 'q1', '--reason', 'a training line')).answered,
    /is settled/,
  );
  assert.ok(
    (await said('plant', 'settle', id!, ...asOwnerOf, '--by', 'q1', '--reason', 'again')).said.includes(
      'plant.no-conflict',
    ),
  );
  const at = (name: string) => join(folder, name);
  const { bytes } = await orderOf(ledger, {
    ...{ order: 'O-78', share: null, boards: 5 },
    stations: [{ station: 'line-terminal', ledger: ledger.opening.ledger, ...(await ledger.head()), share: null }],
  });
  const files = {
    'O-78.order': bytes,
    'owner.pem': orderOwner.publicPem,
    'office.pem': office.pem,
    'other.pem': stranger.pem,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  const lease = (key: string) =>
    said(
      ...['plant', 'lease', at('O-78.order'), ...asOwnerOf, '--owner', at('owner.pem'), '--for', 'line-terminal'],
      ...['--boards', '4', '--kept', at('kept'), '--key-file', at(key)],
    );
  assert.ok((await lease('other.pem')).said.includes('plant.lease-key'));
  assert.match((await lease('office.pem')).answered, /line-terminal has places 1 to 4 of the order O-78/);
  const less = await lease('office.pem');
  assert.match(less.answered + less.said, /places 5 to 5 .*it got 1/s);
  assert.equal(readdirSync(at('kept')).length, 2);
  assert.match((await said('plant', 'status', ...asOwnerOf)).answered, /Order O-78: 5 of 5 places/);
  assert.ok((await said('order', 'give-back', 'O-78')).said.includes('order.not-configured'));
  const verified = await said('plant', 'verify', ...asOwnerOf);
  assert.match(verified.answered, new RegExp(`^line-terminal: ${rows} rows are whole`, 'm'));
  assert.match(verified.answered, /^line-heads: BROKEN at row/m);
  assert.ok(verified.said.includes('plant.broken'));
  assert.equal(verified.status, 3);
});

test('a database that no plant can be in, or that a newer program made, is left as it is', skip, async () => {
  await assert.rejects(
    enroll(sql, 'no name', systemRandom, () => undefined),
    (error) => isFault(error, 'plant.station-name'),
  );
  await sql`CREATE ROLE "fuseline-taken"`;
  await assert.rejects(
    enroll(sql, 'taken', systemRandom, () => undefined),
    (error) => isFault(error, 'plant.role-taken'),
  );
  await sql`CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`;
  const latin = openSql({
    address: { ...plantAddress(server.ownerUrl), database: 'latin' },
    user: owner,
    ca: null,
    password: null,
  });
  await assert.rejects(initPlant(latin), (error) => isFault(error, 'plant.server'));
  latin.end();
  await sql`INSERT INTO plant.version (version) VALUES (99)`;
  await assert.rejects(initPlant(sql), (error) => isFault(error, 'plant.version'));
  await assert.rejects(plantStatus(sql), (error) => isFault(error, 'plant.version'));
  await sql`DELETE FROM plant.version WHERE version = 99`;
});

test('a station makes the boards that it was leased by a real plant, and the next one is refused untouched', {
  skip: noServer === false ? noToken : noServer,
}, async (t) => {
  const loaded = recipeNamed('esp32c3-production');
  const data = join(folder, 'leased');
  mkdirSync(data);
  await letIn('line-leased');
  const ledger = await openSqliteLedger({
    ...{ file: join(data, 'ledger.sqlite'), station: 'line-leased', clock: systemClock },
  });
  const { order, bytes } = await orderOf(ledger, {
    ...{ order: 'O-90', recipe: loaded.ref, chip: 'esp32c3', boards: 9, share: null },
    firmware: loaded.firmware.parts.map((one) => ({ part: one.name, sha256: sha256Hex(one.data) })),
    stations: [{ station: 'line-leased', ledger: ledger.opening.ledger, ...(await ledger.head()), share: null }],
  });
  const given = await giveLease(
    sql,
    { ...order, name: 'O-90', file: bytes },
    { station: 'line-leased', boards: 1, kept: [] },
    (places) => leaseOf({ order: order.digest, ledger: ledger.opening.ledger, station: 'line-leased', ...places }),
  );
  assert.equal(given.boards, 1);
  await ledger.close();
  writeFileSync(join(data, 'password'), passwords.get('line-leased')!, { mode: 0o600 });
  writeFileSync(join(data, 'owner.pem'), orderOwner.publicPem);
  writeFileSync(join(data, 'O-90.order'), bytes);
  const lines = [
    'fuseline: 1',
    'station: line-leased',
    `plant: {url: '${server.url}', password_file: password}`,
    'boards: {sealed_orders: {folder: ., keys: [owner.pem]}}',
  ];
  writeFileSync(join(data, 'station.yaml'), `${lines.join('\n')}\n`);
  const stage = await setStage((into) => cpSync(data, into, { recursive: true }));
  t.after(() => stage.close());
  const address = (n: number) => `virtual:esp32c3?pacing=none&mac=60:55:f9:00:90:0${n}`;
  const made = await stage.provision(loaded, [address(1)], { order: 'O-90' });
  assert.deepEqual([made.counts.passed, faultsOf(stage)], [1, '']);
  const next = await stage.provision(loaded, [address(2)], { order: 'O-90' });
  assert.equal(next.counts.passed, 0);
  assert.match(faultsOf(stage), /^order\.full: The order O-90 gives this station 1 boards/);
  const { ledger: own, plant } = stage.station.parts;
  const [last] = await own.runs({ limit: 1 });
  assert.ok(!(await own.events(last!.id)).some(({ event }) => event.type === 'intend'));
  const head = await own.head();
  await until(
    'its rows',
    () => plant?.standing.sent === head.row,
    () => plant?.standing,
  );
  const [there] = (await verifyPlant(sql)).filter(({ station: name }) => name === 'line-leased');
  assert.deepEqual([there?.rows, there?.head, there?.broken], [head.row, head.hash, null]);
  const claims = await sql`SELECT value FROM plant.claims WHERE station = 'line-leased' AND field = 'mac'`;
  assert.deepEqual(claims, [{ value: '60:55:f9:00:90:01' }]);
  assert.deepEqual(
    (await placesOf(sql, 'O-90')).map(({ first, last: to, byLease }) => [first, to, byLease]),
    [[1, 1, true]],
  );
});

test(
  'the whole plant is looked at by who can change nothing of it, and is away with the time of its last word',
  skip,
  async () => {
    assert.throws(
      () => plantAnswers({} as DeskRoom)['plant.search']({ text: 'a' }, 'x'),
      (error) => isFault(error, 'plant.no-viewer'),
    );
    const before = new Set((await plantStatus(sql)).conflicts.map(({ id }) => id));
    const book = await memory('line-viewed');
    const run = (n: number, ...rows: [kind: string, body: object][]) => {
      book.add('run-opened', `v${n}`, { run: { id: `v${n}` } });
      for (const [kind, body] of rows) book.add(kind, `v${n}`, body);
    };
    const ended = (outcome: string, code: string | null) =>
      ['run-ended', { at: 'x', outcome, fault: code && { code } }] as [string, object];
    run(1, ['run-bound', { mac: mac(901), chip: 'esp32p4', serial: 'V%1' }], ended('failed', 'protocol.timeout'));
    run(2, ended('errored', 'protocol.timeout'));
    run(3, ['run-bound', { mac: mac(902) }], ended('refused', 'admission.wrong-chip'));
    run(4, ['run-bound', { mac: mac(903) }]);
    book.seal(904, { serial: 'V_904' });
    book.seal(905);
    // by the clock of a station that is right: a day ago counts for nothing any more
    const recent = new Date(Date.now() - 60_000).toISOString();
    const again = await memory('line-viewed');
    for (const { kind, run: of, body } of book.rows.slice(1)) again.add(kind, of, JSON.parse(body), recent);
    await sent('line-viewed', again);
    const plant = { url: server.url, ca: null, passwordFile: null };
    let word = '';
    await assert.rejects(
      enrollViewer(sql, 'a b', systemRandom, () => undefined),
      (error) => isFault(error, 'plant.station-name'),
    );
    await enrollViewer(sql, 'hq', systemRandom, (password) => {
      word = password;
    });
    const door = () => ({ ...viewerDoor(plant, { name: 'hq', passwordFile: null }), password: word });
    const viewer = startViewing({ door, clock: systemClock, freshMs: 0 });
    const { overview, fault, readAt } = await viewer.look();
    assert.equal(fault, null);
    const { rows, ...seen } = overview!.stations.find(({ name }) => name === 'line-viewed')!;
    assert.deepEqual(
      [rows, { ...seen, seenAt: typeof seen.seenAt }],
      [
        again.rows.length,
        {
          ...{ name: 'line-viewed', lag: 0, seenAt: 'string', sealed: 2, lastHour: 2, taktSeconds: 0 },
          lastDay: { passed: 2, failed: 2, refused: 1, aborted: 0 },
        },
      ],
    );
    assert.deepEqual(
      overview!.faults.filter(({ station: name }) => name === 'line-viewed'),
      [
        { station: 'line-viewed', code: 'protocol.timeout', count: 2 },
        { station: 'line-viewed', code: 'admission.wrong-chip', count: 1 },
      ],
    );
    assert.deepEqual(
      overview!.orders.find(({ name }) => name === 'O-78'),
      { name: 'O-78', boards: 5, held: [{ station: 'line-terminal', places: 5, byLease: true }] },
    );
    assert.deepEqual(new Set(overview!.conflicts.map(({ id }) => id)), before, 'no row of these was unreadable');
    const found = async (text: string) =>
      (await viewer.find(text)).found.map(({ mac: of, field, outcome }) => [of, field, outcome]);
    assert.deepEqual(await found(mac(901)), [[mac(901), 'mac', 'failed']]);
    assert.deepEqual(await found(mac(904).replaceAll(':', '').toUpperCase()), [[mac(904), 'mac', 'passed']]);
    assert.deepEqual(await found('V%'), [[mac(901), 'serial', 'failed']], 'a percent sign is one');
    assert.deepEqual(await found('V_9'), [[mac(904), 'serial', 'passed']]);
    assert.deepEqual(await found(mac(903)), [[mac(903), 'mac', null]], 'it has not ended');
    assert.deepEqual(await found(`' OR true --`), []);
    const own = openSql(door());
    await assert.rejects(own.script('DELETE FROM plant.conflicts'), { code: '25006' });
    await own.script('SET default_transaction_read_only = off');
    for (const text of [
      'SELECT body FROM plant.rows',
      'SELECT file FROM plant.leases',
      'SELECT role FROM plant.stations',
      'DELETE FROM plant.conflicts',
      "UPDATE plant.runs SET outcome = 'passed'",
      'SELECT plant.seen(1)',
    ])
      await assert.rejects(own.script(text), { code: '42501' }, text);
    own.end();
    const asStation = openSql(doorOf('line-viewed'));
    await assert.rejects(asStation.script('SELECT * FROM plant.runs'), { code: '42501' });
    asStation.end();
    await server.kill();
    const away = await viewer.look();
    assert.deepEqual([away.overview, away.readAt, away.fault?.code], [overview, readAt, 'plant.away']);
    await assert.rejects(viewer.find('V'), (error) => isFault(error, 'plant.away'));
    await server.start();
    assert.equal((await viewer.look()).fault, null, 'it is asked anew');
    viewer.close();
  },
);

test('a plant for trying is of one start of the program, and nothing of it is left when that is killed', {
  skip: noServer,
}, async (t) => {
  const data = join(folder, 'trial');
  const program = spawn(process.execPath, [join(import.meta.dirname, '../tools/trial-plant.ts'), data], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => program.kill('SIGKILL'));
  const [told] = (await once(program.stdout.setEncoding('utf8'), 'data')) as [string];
  const { elsewhere, here, refused, none } = JSON.parse(told);
  assert.deepEqual([elsewhere, refused, none], [null, 'plant.configured', 'no apt'], 'plant.no-programs');
  const address = plantAddress(here.url);
  const viewer = startViewing({ door: () => viewerDoor(here, here.viewer), clock: systemClock });
  assert.deepEqual(
    (await viewer.look()).overview?.stations.map(({ name }) => name),
    ['fuseline'],
  );
  viewer.close();
  assert.equal(statSync(address.host).mode & 0o777, 0o700);
  const [pid] = readFileSync(join(address.host, 'data', 'postmaster.pid'), 'utf8').split('\n');
  program.kill('SIGKILL');
  await until(
    'its end',
    () => !existsSync(address.host),
    () => address.host,
  );
  assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
  await assert.rejects(startPrivateServer({ programs: join(folder, 'none') }), (error) =>
    isFault(error, 'plant.private-server'),
  );
});
