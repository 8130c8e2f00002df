// The whole of a book, looked at in one moment on a connection of its own: the chain, the signed heads in it, the wrapped bytes, and whether
// the tables from which questions are answered say what the chain says.
import { randomInt } from 'node:crypto';
import Database from 'better-sqlite3';
import { isoTime } from '../../base/clock.ts';
import { type ChainBreak, ChainCheck, type ChainHead, chainStart, hashOfParts } from '../chain.ts';
import { type Checkpoint, originOf, parseCheckpoint, parseHeadLine } from '../checkpoint.ts';
import { HeadCheck, headIn, saysOfHeads } from '../heads.ts';
import type { AuditOptions, ChainReport } from '../ledger.ts';
import { Bodies } from './bodies.ts';
import { type PlainRow, Rows } from './rows.ts';
import { checkPages, nameRows } from './schema.ts';
import { type Division, takeSegments, worthSegments } from './segments.ts';
import { TableCheck } from './table-check.ts';
import { readMark, type VerifiedMark, writeMark } from './verified-mark.ts';
import { readWitness } from './witness.ts';

const portion = 500;
/** Rows that are read again at random where those before a mark are not. */
const drawnRows = 1000;

/** See LedgerReader.verify. `remembers`: how far it held is remembered beside the book. */
export function auditBook(file: string, options: AuditOptions, remembers = false): ChainReport {
  const { db, asked } = openBook(file, options);
  try {
    return db.transaction(() => reportOf(db, file, asked, remembers))();
  } finally {
    db.close();
  }
}

/** The same; several threads look at a large book, and where one finds anything it is looked at row by row, which says what. */
export async function auditLargeBook(file: string, options: AuditOptions): Promise<ChainReport> {
  const { db, asked } = openBook(file, options);
  try {
    db.exec('BEGIN');
    const large = asked.news !== true && worthSegments(lastRow(db));
    const held = large ? await heldInSegments(db, file, asked).catch(() => null) : null;
    return held ?? reportOf(db, file, asked, true);
  } finally {
    db.close();
  }
}

function openBook(
  file: string,
  options: AuditOptions,
): { readonly db: Database.Database; readonly asked: AuditOptions } {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  try {
    if (options.tables !== false && options.news !== true) checkPages(db, file, 'all');
    nameRows(db);
    // before the moment that is looked at: what was remembered by then is in it
    const beside = readWitness(file);
    return {
      db,
      asked: { ...options, remembered: [...(options.remembered ?? []), ...(beside === null ? [] : [beside])] },
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

const lastRow = (db: Database.Database) => new Rows(db, new Bodies(db)).head().row;

/** What `auditBook` says of a book that holds; null: not all of it does. */
export async function heldInSegments(
  db: Database.Database,
  file: string,
  options: AuditOptions,
  division?: Division,
): Promise<ChainReport | null> {
  const bodies = new Bodies(db);
  const rows = new Rows(db, bodies);
  const heads = new HeadCheck(options, headsIn(db, bodies));
  const tables = options.tables === false ? null : new TableCheck(db);
  try {
    const { row } = rows.head();
    const hash = await takeSegments(file, row, { heads, tables, remembered: options.remembered ?? [] }, division);
    if (hash === null || heads.end({ row, hash }) !== null || (tables?.difference() ?? null) !== null) return null;
    if (tables !== null) remember(file, rows, heads);
    const read = { readBefore: 0, readBeforeAt: null };
    return { rows: row, head: hash, root: heads.root, broken: null, edited: null, ...read, signed: heads.signed };
  } finally {
    tables?.close();
  }
}

/** How far it held. */
function remember(file: string, rows: Rows, { newest }: HeadCheck): void {
  if (newest === null) return;
  const { size } = parseCheckpoint(newest.note)!;
  writeMark(file, { ...newest, hash: rows.hashOf(size) ?? '', at: isoTime(Date.now()) });
}

function reportOf(db: Database.Database, file: string, options: AuditOptions, remembers: boolean): ChainReport {
  const bodies = new Bodies(db);
  const rows = new Rows(db, bodies);
  const heads = new HeadCheck(options, headsIn(db, bodies));
  const mark = options.news === true ? markOf(file, rows, options) : null;
  const before = mark === null ? null : { row: parseCheckpoint(mark.note)!.size, hash: mark.hash };
  const remembered = options.remembered ?? [];
  const chain = new ChainCheck(before, remembered);
  if (mark !== null) heads.begin(originIn(rows), mark);
  const tables = options.tables === false || mark !== null ? null : new TableCheck(db);
  try {
    let broken = before === null ? null : changedBefore(rows, before.row, remembered);
    for (let page: PlainRow[] = []; broken === null; ) {
      page = rows.plain(chain.head.row, portion);
      for (const row of page) {
        broken = chain.check(row, row.body);
        if (broken !== null) break;
        const body: unknown = row.row === 1 || saysOfHeads(row.kind) ? JSON.parse(row.body) : null;
        broken = heads.take(row.row, row.kind, row.hash, body);
        if (broken !== null) break;
        tables?.take(row);
      }
      if (page.length < portion) break;
    }
    broken ??= chain.end() ?? heads.end(chain.head);
    const edited = broken === null ? (tables?.difference() ?? null) : null;
    const { row, hash } = chain.head;
    const holds = broken === null && edited === null;
    // a look that left the tables out says nothing of them, and the next one may not build on it
    if (remembers && holds && (tables !== null || mark !== null)) remember(file, rows, heads);
    const read = { readBefore: before?.row ?? 0, readBeforeAt: mark?.at ?? null };
    return { rows: row, head: hash, root: heads.root, broken, edited, ...read, signed: heads.signed };
  } finally {
    tables?.close();
  }
}

/** The place to go on from, where nothing that was asked lies before it. */
function markOf(file: string, rows: Rows, options: AuditOptions): VerifiedMark | null {
  const mark = readMark(file, rows, originIn(rows), options.key);
  if (mark === null || (options.cosigners ?? []).length > 0) return null;
  const { size } = parseCheckpoint(mark.note)!;
  const isBefore = (note: string) => (parseCheckpoint(note)?.size ?? size) < size;
  const isLineBefore = (line: string) => (parseHeadLine(line)?.size ?? size) < size;
  return (options.witnesses ?? []).some(isBefore) || (options.kept ?? []).some(isLineBefore) ? null : mark;
}

function originIn(rows: Rows): string {
  const [genesis] = rows.plain(0, 1);
  return genesis === undefined ? '' : originOf(JSON.parse(genesis.body));
}

/** Of the rows that were read before: row 1, those that somebody remembers, and some that nobody can foretell. */
function changedBefore(rows: Rows, last: number, remembered: readonly ChainHead[]): ChainBreak | null {
  for (const { row, hash } of remembered)
    if (row <= last && rows.hashOf(row) !== hash)
      return { row, reason: `row ${row} is not the one that was remembered` };
  const few = last <= drawnRows;
  const drawn = Array.from({ length: few ? last : drawnRows }, (_, n) => (few ? n + 1 : 1 + randomInt(last)));
  for (const number of new Set([1, ...drawn])) {
    const [row] = rows.plain(number - 1, 1);
    const follows = row?.prev === (number === 1 ? chainStart : rows.hashOf(number - 1));
    if (row?.row !== number || !follows || hashOfParts(row, row.body) !== row.hash)
      return { row: number, reason: `row ${number} was changed since the whole was looked at` };
  }
  return null;
}

function headsIn(db: Database.Database, bodies: Bodies): Checkpoint[] {
  const stored = db.prepare(`SELECT body FROM book WHERE kind = 'checkpoint'`).pluck().all();
  return stored.flatMap((body) => {
    try {
      return headIn(JSON.parse(bodies.text(body) ?? '')) ?? [];
    } catch {
      return []; // told where the chain comes to it
    }
  });
}
