// By which a part of a serial number, and the end of a MAC, is found among millions of devices without looking at each: every three letters
// that follow each other in a serial number (SQLite's FTS5, trigram), and the last four of a MAC. Nothing is decided by them: what they find
// is held against the device's own row.
import type { Database } from 'better-sqlite3';
import { inStep } from './in-step.ts';
import { hasTable } from './shape.ts';

/** Letters of one entry: a shorter part is in no entry. */
export const partLength = 3;
/** Letters of a MAC's end that its index holds: of three digits and a colon at least, whatever the text ('b:71'). */
export const macEnd = 4;

/**
 * Kept by triggers, so that whatever writes a device writes them. `detail=none`: an entry says which devices have it, not where; a
 * part is in those that have all of its entries, if at all.
 */
const serialParts = `
CREATE VIRTUAL TABLE serial_parts USING fts5(serial, content='devices', content_rowid='n', tokenize='trigram', detail='none');
CREATE TRIGGER devices_serial_known AFTER INSERT ON devices WHEN new.serial IS NOT NULL BEGIN
  INSERT INTO serial_parts (rowid, serial) VALUES (new.n, new.serial);
END;
CREATE TRIGGER devices_serial_other AFTER UPDATE OF serial ON devices WHEN new.serial IS NOT old.serial BEGIN
  INSERT INTO serial_parts (serial_parts, rowid, serial) SELECT 'delete', old.n, old.serial WHERE old.serial IS NOT NULL;
  INSERT INTO serial_parts (rowid, serial) SELECT new.n, new.serial WHERE new.serial IS NOT NULL;
END;
CREATE INDEX devices_mac_end ON devices (substr(mac, -${macEnd}), last_at);
`;

/** Makes them for the devices that there are. */
export function addSerialParts(db: Database): void {
  db.exec(serialParts);
  db.exec(`INSERT INTO serial_parts (serial_parts) VALUES ('rebuild')`);
}

/** Removes them; triggers and index go with the table of devices. */
export function dropSerialParts(db: Database): void {
  db.exec('DROP TABLE IF EXISTS serial_parts');
}

/** Whether this book has them: an older one that nobody has written since has not. */
export function hasSerialParts(db: Database): boolean {
  return hasTable(db, 'serial_parts');
}

/** What FTS5 is asked for devices that may have the text in their serial number; null for what has no entry. */
export function entriesOf(text: string): string | null {
  const letters = [...text];
  if (letters.length < partLength || text.includes('\0')) return null;
  const entries = letters.slice(partLength - 1).map((_, at) => letters.slice(at, at + partLength).join(''));
  return [...new Set(entries)].map((entry) => `"${entry.replaceAll('"', '""')}"`).join(' AND ');
}

/** The first entry that one of two books has and the other has not, in words; null where both have the same. */
export function otherEntry(book: Database, should: Database): string | null {
  for (const db of [book, should])
    db.exec('CREATE VIRTUAL TABLE IF NOT EXISTS temp.serial_entries USING fts5vocab(main, serial_parts, instance)');
  type Entry = [term: string, device: number];
  for (const [is, ought] of inStep<Entry>(book, should, 'SELECT term, doc FROM serial_entries')) {
    if (is?.[0] === ought?.[0] && is?.[1] === ought?.[1]) continue;
    const [term, device] = (ought ?? is)!;
    return `${JSON.stringify(term)} of device ${device} is not as the chain says`;
  }
  return null;
}
