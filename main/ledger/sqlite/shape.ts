// What a book has: programs that are older made fewer tables and columns.
import type { Database } from 'better-sqlite3';

export function hasTable(db: Database, name: string): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined;
}

/** Whether the devices of this book can be asked for by the revision of their chip. */
export function hasRevisions(db: Database): boolean {
  return hasColumn(db, 'revision');
}

/** Whether the devices of this book can be told to be released. */
export function hasReleases(db: Database): boolean {
  return hasColumn(db, 'released');
}

/** Whether the devices of this book have that column: those of an older one that nobody has written since may not. */
function hasColumn(db: Database, name: 'released' | 'revision'): boolean {
  return db.prepare(`SELECT 1 FROM pragma_table_info('devices') WHERE name = ?`).get(name) !== undefined;
}
