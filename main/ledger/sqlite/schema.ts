import type { Database } from 'better-sqlite3';
import { LedgerFault } from '../../model/fault.ts';
import { ledgerSchema } from '../entry.ts';
import { Bodies } from './bodies.ts';
import { damaged } from './faults.ts';
import { addSerialParts, dropSerialParts } from './serial-parts.ts';
import { hasReleases, hasRevisions, hasTable } from './shape.ts';

/** 'FUSE' as SQLite's application_id: by it `file` and we know the book among other databases. */
export const applicationId = 0x46555345;

/**
 * Oldest SQLite that may write: versions before 3.51.3 can corrupt a WAL database when the log is reset while another connection
 * checkpoints (the WAL-reset defect: www.sqlite.org/changes.html).
 */
export const oldestSqlite = '3.51.3';

/**
 * The chain. Everything else below follows from it (projections), but for the bytes in wrapped_keys, of which the chain holds only
 * the SHA-256, so that they can be destroyed, and those in escrows, so that an export of the chain holds none.
 */
const chainTable = `
CREATE TABLE entries (
  row  INTEGER PRIMARY KEY,
  at   TEXT NOT NULL,
  kind TEXT NOT NULL,
  run  TEXT,
  body TEXT NOT NULL,
  prev BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE wrapped_keys (
  row             INTEGER PRIMARY KEY,  -- of the key-made entry
  run             TEXT NOT NULL,
  role            TEXT NOT NULL,
  fingerprint     TEXT NOT NULL,
  wrapping_key_id TEXT NOT NULL,
  mechanism       TEXT NOT NULL,
  sha256          TEXT NOT NULL,
  data            BLOB NOT NULL         -- last, and long: see wrapped-keys.ts
) STRICT;
CREATE INDEX wrapped_keys_run ON wrapped_keys (run);
`;

const escrowTable = `
CREATE TABLE escrows (
  row             INTEGER PRIMARY KEY,  -- of the escrowed entry
  run             TEXT NOT NULL,
  what            TEXT NOT NULL,
  fingerprint     TEXT,
  wrapping_key_id TEXT NOT NULL,
  mechanism       TEXT NOT NULL,
  sha256          TEXT NOT NULL,
  data            BLOB NOT NULL
) STRICT;
CREATE INDEX escrows_run ON escrows (run);
CREATE INDEX entries_escrow_releases ON entries (row) WHERE kind = 'escrow-released';
`;

/**
 * The chain from schema 6 on. `at`: milliseconds since 1970 (TEXT: as it stands). `run`: row of the entry that opened the run (TEXT: its id).
 * `body`: see bodies.ts. `prev`: NULL for what it always is, the hash of the row before.
 */
const packedTables = `
ALTER TABLE entries RENAME TO older_entries;
CREATE TABLE entries (
  row  INTEGER PRIMARY KEY,
  at   ANY NOT NULL,
  kind TEXT NOT NULL,
  run  ANY,
  body ANY NOT NULL,
  prev BLOB,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX recipe_states ON entries (row) WHERE kind = 'recipe-state';
CREATE INDEX escrow_releases ON entries (row) WHERE kind = 'escrow-released';
CREATE INDEX acts ON entries (row) WHERE kind = 'act';
CREATE INDEX acts_what ON entries (body ->> '$.what', row) WHERE kind = 'act';
CREATE INDEX older_acts_what ON older_entries (body ->> '$.what', row) WHERE kind = 'act';
CREATE INDEX checkpoints ON entries (row) WHERE kind = 'checkpoint';
CREATE TABLE dictionaries (
  id     INTEGER PRIMARY KEY,
  recipe TEXT NOT NULL,        -- hash of the recipe whose events are packed against it; ' sealed' behind it: whose sealed rows
  sha256 BLOB NOT NULL,        -- of the plain text
  body   BLOB NOT NULL
) STRICT;
CREATE INDEX dictionaries_recipe ON dictionaries (recipe);
ALTER TABLE runs ADD COLUMN opened_row INTEGER;
`;

export const projectionTables = ['meta', 'batches', 'recipes', 'runs', 'events', 'devices', 'claims'] as const;

// devices: the indexes that end in last_at answer 'most recent first' without sorting; serial and certificate are near unique.
const projections = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE batches (
  id TEXT PRIMARY KEY, order_text TEXT, recipe TEXT NOT NULL, count INTEGER, opened_at TEXT NOT NULL, closed_at TEXT
) STRICT;
CREATE TABLE recipes (
  hash TEXT PRIMARY KEY, name TEXT NOT NULL, revision INTEGER NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE TABLE runs (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, batch TEXT, fixture TEXT NOT NULL, operator TEXT, recipe TEXT NOT NULL,
  mac TEXT, serial TEXT, chip TEXT, started_at TEXT NOT NULL, ended_at TEXT, outcome TEXT, fault TEXT,
  events INTEGER NOT NULL, sealed_row INTEGER
) STRICT;
CREATE INDEX runs_mac ON runs (mac, n);
CREATE INDEX runs_batch ON runs (batch, n);
CREATE INDEX runs_counts ON runs (batch, outcome);
CREATE TABLE events (run INTEGER NOT NULL, seq INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
  n INTEGER PRIMARY KEY, mac TEXT NOT NULL UNIQUE, serial TEXT COLLATE NOCASE, certificate TEXT COLLATE NOCASE, chip TEXT,
  recipe TEXT NOT NULL, recipe_name TEXT NOT NULL COLLATE NOCASE, batch TEXT COLLATE NOCASE, operator TEXT COLLATE NOCASE,
  outcome TEXT, state TEXT NOT NULL, sealed_at TEXT, sealed_row INTEGER, condemned TEXT, released TEXT,
  last_run TEXT NOT NULL, last_at TEXT NOT NULL, attempts INTEGER NOT NULL,
  revision INTEGER  -- of the chip, as it was sealed
) STRICT;
CREATE INDEX devices_revision ON devices (batch, revision, last_at);
CREATE INDEX devices_serial ON devices (serial, last_at);
CREATE INDEX devices_certificate ON devices (certificate, last_at);
CREATE INDEX devices_mac ON devices (mac, last_at);
CREATE INDEX devices_recent ON devices (last_at);
CREATE INDEX devices_recipe ON devices (recipe_name, last_at);
CREATE INDEX devices_batch ON devices (batch, last_at);
CREATE INDEX devices_batch_outcome ON devices (batch, outcome, last_at);
CREATE INDEX devices_operator ON devices (operator, last_at);
CREATE INDEX devices_outcome ON devices (outcome, last_at);
CREATE INDEX devices_open ON devices (last_at) WHERE state = 'open';
CREATE TABLE claims (
  field TEXT NOT NULL, value TEXT NOT NULL, mac TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (field, value)
) STRICT, WITHOUT ROWID;
`;

/** migrations[n] takes a database of schema n to n + 1; each runs in one transaction with the change of user_version. */
const migrations: readonly ((db: Database) => void)[] = [
  (db) => {
    db.exec(chainTable);
    db.exec(projections);
  },
  // What was said of recipes is read from the chain, of which it is a small part.
  (db) => db.exec(`CREATE INDEX entries_recipe_states ON entries (row) WHERE kind = 'recipe-state'`),
  // Secrets in escrow outlive the seal: no row of them is ever dropped.
  (db) => db.exec(escrowTable),
  // Acts on the station itself are a new kind of row; no older row changes.
  (db) => db.exec(`CREATE INDEX entries_acts ON entries (row) WHERE kind = 'act'`),
  // Boards that two people gave free are a new kind of row, which older books do not have.
  (db) => {
    if (!hasReleases(db)) db.exec('ALTER TABLE devices ADD COLUMN released TEXT');
  },
  // Rows take a fifth of the room. Those that there are stay as they were written, in their table.
  (db) => db.exec(packedTables),
  // No row changes: by these a part of a serial number is found.
  (db) => addSerialParts(db),
  // An advisory is answered by the revision of chips, which stands in sealed rows.
  (db) => {
    if (hasRevisions(db)) return;
    db.exec(
      `ALTER TABLE devices ADD COLUMN revision INTEGER; CREATE INDEX devices_revision ON devices (batch, revision, last_at)`,
    );
    noteRevisions(db);
  },
];

/** Of every sealed device, portion by portion: some twenty seconds for a million. */
function noteRevisions(db: Database): void {
  const bodies = new Bodies(db);
  const sealed = db.prepare(
    `SELECT d.n, coalesce(e.body, o.body) AS body FROM devices d LEFT JOIN entries e ON e.row = d.sealed_row
     LEFT JOIN older_entries o ON o.row = d.sealed_row WHERE d.n > ? AND d.sealed_row IS NOT NULL ORDER BY d.n LIMIT 1000`,
  );
  const note = db.prepare('UPDATE devices SET revision = ? WHERE n = ?');
  for (let after = 0; ; ) {
    const page = sealed.all(after) as { n: number; body: unknown }[];
    for (const { n, body } of page) note.run(revisionIn(bodies.text(body)), n);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.n;
  }
}

/** Null where the row does not say it any more: whoever reads it is told of that, and so is who verifies the book. */
function revisionIn(body: string | null): number | null {
  try {
    const { record } = JSON.parse(body ?? 'null') as { record: { chip: { revision: unknown } } };
    return Number.isSafeInteger(record.chip.revision) ? Number(record.chip.revision) : null;
  } catch {
    return null;
  }
}

/** Makes all projections anew, empty. */
export function emptyProjections(db: Database): void {
  dropSerialParts(db);
  for (const table of projectionTables) db.exec(`DROP TABLE ${table}`);
  db.exec(projections);
  db.exec('ALTER TABLE runs ADD COLUMN opened_row INTEGER');
  addSerialParts(db);
}

/**
 * Names under which every connection reads the chain, whatever the schema: `older_entries` (none in a book of one table), and `book`, all
 * rows; `what` is to be asked of acts alone. The plus signs take the affinity of columns away, which is another in each table: SQLite goes
 * through both in the order of their rows only where it is the same, and else sorts all rows before it gives one.
 */
export function nameRows(db: Database): void {
  const older = hasTable(db, 'older_entries');
  if (!older)
    db.exec(`CREATE TEMP VIEW older_entries AS SELECT NULL AS row, NULL AS at, NULL AS kind, NULL AS run, NULL AS body, NULL AS prev,
      NULL AS hash WHERE 0`);
  const seen = `row, +at AS at, kind, +run AS run, +body AS body, prev, hash, body ->> '$.what' AS what`;
  const tables = older ? ['older_entries', 'entries'] : ['entries'];
  db.exec(`CREATE TEMP VIEW book AS ${tables.map((table) => `SELECT ${seen} FROM ${table}`).join(' UNION ALL ')}`);
}

/** Whether `version` is `oldest` or newer ('3.54.1' by its numbers). */
export function isAtLeast(version: string, oldest: string): boolean {
  const a = version.split('.').map(Number);
  const b = oldest.split('.').map(Number);
  for (let i = 0; i < b.length; i++) if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > (b[i] ?? 0);
  return true;
}

/** Refuses an SQLite with the WAL-reset defect. */
export function checkSqlite(db: Database): void {
  const version = db.prepare('SELECT sqlite_version()').pluck().get() as string;
  if (isAtLeast(version, oldestSqlite)) return;
  throw new LedgerFault({
    code: 'ledger.version',
    what: `The SQLite in this installation is ${version}; before ${oldestSqlite} it can damage a ledger.`,
    next: 'Install this program anew with the versions of its lock file.',
    details: { version, oldest: oldestSqlite },
  });
}

/** Refuses files that are no ledger or a newer one. Gives the schema found; 0 for an empty file. */
export function checkSchema(db: Database, file: string): number {
  const id = db.pragma('application_id', { simple: true }) as number;
  const schema = db.pragma('user_version', { simple: true }) as number;
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  if (id === 0 && schema === 0 && tables === 0) return 0;
  if (id !== applicationId)
    throw new LedgerFault({
      code: 'ledger.damaged',
      what: `${file} is a database, but no ledger of this program.`,
      next: 'Name the right data folder, or move this file out of the way.',
      details: { file, applicationId: id },
    });
  if (schema > ledgerSchema)
    throw new LedgerFault({
      code: 'ledger.version',
      what: `The ledger ${file} was written by a newer version of this program (schema ${schema}; this one knows ${ledgerSchema}).`,
      next: 'Start the newer version; nothing was changed.',
      details: { file, schema, known: ledgerSchema },
    });
  return schema;
}

/** Tables of which every board is asked, small beside the rows: a page of them that a disk has spoiled would answer that nothing is known. */
const askedTables = [
  ...['meta', 'batches', 'recipes', 'runs', 'devices', 'claims', 'wrapped_keys'],
  ...['serial_parts_data', 'serial_parts_idx'],
];

/** LedgerFault `ledger.damaged` where SQLite finds a page of these tables, or of all, that is none. */
export function checkPages(db: Database, file: string, which: 'asked' | 'all' = 'asked'): void {
  const checks = which === 'all' ? ['quick_check(1)'] : askedTables.map((table) => `quick_check(${table})`);
  for (const check of checks) {
    const [said] = db.pragma(check) as { quick_check: string }[];
    if (said?.quick_check !== 'ok') throw damaged(file, String(said?.quick_check).replaceAll(/\s*\n\s*/g, ' '));
  }
}

/** Brings the tables from schema `from` up to ours. */
export function migrate(db: Database, from: number): void {
  for (let schema = from; schema < migrations.length; schema++)
    db.transaction(() => {
      migrations[schema]?.(db);
      db.pragma(`application_id = ${applicationId}`);
      db.pragma(`user_version = ${schema + 1}`);
    }).immediate();
}
