// A ledger whose supply goes in the middle of its own writing: what a disk may hold then is made from the files themselves (the log cut at
// any byte, sectors of what was not acknowledged missing, pages half copied into the database), and the next station opens it. First
// start, boards from insertion to seal, condemnation, and the change of an older ledger's tables.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { canonicalJson } from '../../main/base/json.ts';
import { type RandomSource, seededRandom } from '../../main/base/random.ts';
import { type OpenedBook, openBook } from '../../main/ledger/sqlite/opening.ts';
import type { WriteRequest } from '../../main/ledger/sqlite/requests.ts';
import { checkSchema, migrate, projectionTables } from '../../main/ledger/sqlite/schema.ts';
import { writeWitness } from '../../main/ledger/sqlite/witness.ts';
import { keyMade, mac, note, recipe, record, run } from '../unit/ledger/book.ts';
import { keptStation, layKeptLedger } from '../unit/ledger/kept.ts';
import { belowLarge as below } from './draws.ts';
import type { Tally } from './tally.ts';

const at = '2026-11-22T10:00:00.000Z';
const sectorBytes = 512;
const frameHeader = 24;
const logHeader = 32;

/** What was told to the writer's caller when the log was so long. */
interface Acknowledged {
  readonly logBytes: number;
  readonly row: number;
  readonly hash: string;
  readonly content: string;
}

/** Files of a book that nobody closed, with what had been acknowledged when. */
interface Left {
  readonly what: string;
  readonly station: string;
  readonly database: Buffer;
  /** The database once the log was copied into it. */
  readonly copied: Buffer;
  readonly log: Buffer;
  readonly pageBytes: number;
  /** Oldest first. */
  readonly acknowledged: readonly Acknowledged[];
}

function contentOf(db: Database.Database): string {
  const hash = createHash('sha256');
  for (const table of ['entries', 'wrapped_keys', 'escrows', ...projectionTables])
    for (const row of db.prepare(`SELECT * FROM ${table}`).iterate()) hash.update(JSON.stringify(row));
  return hash.digest('hex');
}

/** Two boards from insertion to seal, one that is condemned and released, some commits of several fixtures at once. */
function* commits(): Generator<WriteRequest[]> {
  yield [{ op: 'putRecipe', recipe, text: 'fuseline: 1\nname: sensor\n'.repeat(40) }];
  for (let n = 0; n < 3; n++) {
    const id = `r${n}`;
    yield [{ op: 'openRun', run: run(id) }];
    yield [{ op: 'bindRun', run: id, facts: { mac: mac(n), serial: `SN-${n}`, chip: 'esp32p4' } }];
    for (let event = 0; event < 4; event++)
      yield [{ op: 'append', run: id, step: 'prepare', event: note(`${n} ${event} ${'x'.repeat(300)}`) as never }];
    yield [
      { op: 'append', run: id, step: 'prepare', event: keyMade(`key-${n}`, new Uint8Array(72).fill(n + 1)) as never },
      { op: 'append', run: id, step: 'prepare', event: note('beside it') as never },
    ];
    if (n < 2) yield [{ op: 'seal', record: record(id, n) }];
    else {
      yield [{ op: 'condemn', mac: mac(n), run: id, reason: 'test: a block is gone', keepKeys: true, by: null }];
      yield [{ op: 'release', mac: mac(n), by: ['q1', 'e2'], reason: 'test' }];
    }
  }
}

/** What a station leaves that was killed after all of `commits`. */
function writtenBook(folder: string): Left {
  const file = join(folder, 'ledger.sqlite');
  shut(openBook({ file, station: 'line-1', at, maxBytes: null }));
  const { db, writer, lock } = openBook({ file, station: 'line-1', at, maxBytes: null });
  // the last connection would empty the log
  const holds = new Database(file);
  const database = readFileSync(file);
  const acknowledged: Acknowledged[] = [{ logBytes: 0, ...writer.head, content: contentOf(db) }];
  for (const requests of commits()) {
    const answers = writer.commit(requests.map((request) => ({ at, text: canonicalJson(request) })));
    assert.ok(answers.every(({ ok }) => ok));
    const logBytes = statSync(`${file}-wal`).size;
    acknowledged.push({ logBytes, ...writer.head, content: contentOf(db) });
  }
  const left = leftOf('a ledger in its transactions', 'line-1', file, database, db, acknowledged);
  holds.close();
  db.close();
  lock.release();
  return left;
}

/** What a station leaves that was killed in its first start, or while it brought an older ledger up to date. */
function migratedBook(folder: string, isNew: boolean): Left {
  const file = isNew ? join(folder, 'ledger.sqlite') : layKeptLedger(folder);
  const db = new Database(file);
  if (isNew) db.pragma('page_size = 4096');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('wal_autocheckpoint = 0');
  const database = readFileSync(file);
  migrate(db, checkSchema(db, file));
  const what = isNew ? 'the first start of a ledger' : "an older ledger's migration";
  const left = leftOf(what, isNew ? 'line-1' : keptStation, file, database, db, []);
  db.close();
  return left;
}

function leftOf(
  what: string,
  station: string,
  file: string,
  database: Buffer,
  db: Database.Database,
  acknowledged: readonly Acknowledged[],
): Left {
  const log = readFileSync(`${file}-wal`);
  const pageBytes = db.pragma('page_size', { simple: true }) as number;
  db.pragma('wal_checkpoint(PASSIVE)');
  return { what, station, database, copied: readFileSync(file), log, pageBytes, acknowledged };
}

/** Files as a disk may hold them after the supply went, and how many bytes of the log were safe. */
function torn(left: Left, random: RandomSource): { database: Buffer; log: Buffer; safe: number; how: string } {
  const { database, copied, log, pageBytes, acknowledged } = left;
  const frame = pageBytes + frameHeader;
  const frames = Math.floor((log.length - logHeader) / frame);
  switch (below(random, 4)) {
    case 0: {
      const bytes = logHeader + below(random, frames + 1) * frame;
      return { database, log: log.subarray(0, bytes), safe: bytes, how: `log cut after ${bytes} bytes` };
    }
    case 1: {
      const bytes = below(random, log.length + 1);
      return { database, log: log.subarray(0, bytes), safe: bytes, how: `log torn after ${bytes} bytes` };
    }
    case 2: {
      // sectors of a transaction under way reach the disk in any order, its last one too
      const from = acknowledged.length === 0 ? 0 : acknowledged[below(random, acknowledged.length)]!.logBytes;
      const next = acknowledged.find(({ logBytes }) => logBytes > from)?.logBytes ?? log.length;
      const partly = Buffer.from(log.subarray(0, next));
      for (let sector = from; sector < next; sector += sectorBytes)
        if (below(random, 3) === 0) partly.fill(0, sector, Math.min(next, sector + sectorBytes));
      return { database, log: partly, safe: from, how: `sectors missing between ${from} and ${next}` };
    }
    default: {
      // the log is safe, and pages of it are copied: any of them, some in half
      const mixed = Buffer.alloc(copied.length);
      database.copy(mixed);
      for (let at = 0; at < copied.length; at += sectorBytes)
        if (below(random, 2) === 0) copied.copy(mixed, at, at, at + sectorBytes);
      return { database: mixed, log, safe: log.length, how: 'copied in part' };
    }
  }
}

/** `count` instants, each opened by the next station, which writes on. */
export function soakTornLedger(seed: number, count: number, tally: Tally): void {
  const random = seededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  try {
    const kinds = ['written', 'new', 'kept'].map((name) => {
      const own = mkdtempSync(join(folder, `${name}-`));
      return name === 'written' ? writtenBook(own) : migratedBook(own, name === 'new');
    });
    for (let n = 0; n < count; n++) {
      const left = kinds[below(random, kinds.length)]!;
      const { database, log, safe, how } = torn(left, random);
      const own = mkdtempSync(join(folder, 'torn-'));
      const file = join(own, 'ledger.sqlite');
      writeFileSync(file, database);
      writeFileSync(`${file}-wal`, log);
      // as the killed writer left them, or torn as well
      if (below(random, 3) > 0)
        writeFileSync(`${file}.holder`, below(random, 2) === 0 ? '{"pid": 1' : `{"pid":1,"since":"${at}","host":"x"}`);
      tally.strike(left.what);
      try {
        judge(left, file, safe, below(random, 8) === 0);
      } catch (error) {
        tally.lost.push(`torn ledger, seed ${seed}, instant ${n}: ${left.what}, ${how}: ${(error as Error).message}`);
      }
      rmSync(own, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was acknowledged is there, nothing is half there, and the next station writes on. */
function judge(left: Left, file: string, safe: number, writesOn: boolean): void {
  const must = left.acknowledged.findLast(({ logBytes }) => logBytes <= safe) ?? null;
  if (must !== null) writeWitness(file, { row: must.row, hash: must.hash });
  const opened = openBook({ file, station: left.station, at, maxBytes: null });
  const { db, writer } = opened;
  try {
    if (must !== null) {
      const { row } = writer.head;
      const found = left.acknowledged.find((state) => state.row === row);
      assert.ok(found !== undefined, `row ${row} is no end of a commit`);
      assert.ok(row >= must.row, `row ${row}, and ${must.row} was acknowledged`);
      assert.equal(contentOf(db), found.content, `the tables are not those of row ${row}`);
    }
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    if (writesOn) {
      const request: WriteRequest = {
        op: 'noteAct',
        act: { what: 'clock-corrected', by: 'q1', detail: 'test' } as never,
      };
      const [answer] = writer.commit([{ at, text: canonicalJson(request) }]);
      assert.ok(answer?.ok, 'it takes no more rows');
    }
  } finally {
    shut(opened);
  }
  if (writesOn) shut(openBook({ file, station: left.station, at, maxBytes: null }));
}

function shut({ db, lock }: OpenedBook): void {
  db.close();
  lock.release();
}
