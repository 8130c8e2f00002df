import type { MisshapenFact } from '../../model/evidence/rows.ts';
import { type Fault, type FaultRecord, faultOf, isFault, LedgerFault, ProgramFault } from '../../model/fault.ts';
import type { RecipeRef } from '../../model/refs.ts';

/** A thing that no caller should ask of the book. */
export function misuse(what: string, details: FaultRecord['details'] = {}): ProgramFault {
  return new ProgramFault({
    code: 'ledger.misuse',
    what,
    next: 'Stop this run and report the defect with the code; nothing was written.',
    details,
  });
}

export function duplicate(
  field: string,
  value: string,
  holder: { mac: string; run: string },
  what: string,
): LedgerFault {
  return new LedgerFault({
    code: 'ledger.duplicate',
    what,
    next: 'Set the board aside and find out which of the two is right; the ledger was not changed.',
    safety: 'untouched',
    details: { field, value, run: holder.run, mac: holder.mac },
  });
}

export function closedFault(cause?: unknown): LedgerFault {
  return new LedgerFault({
    code: 'ledger.closed',
    what:
      cause === undefined
        ? 'The ledger was closed.'
        : `The thread that owns the ledger ended: ${cause instanceof Error ? cause.message : String(cause)}.`,
    next: 'Start the station again; what the ledger acknowledged is kept.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What the file system says of folders and files that cannot be made or written (ENOENT: mkdir on a read-only disk, seen on Linux). */
const unwritable = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST']);

/** What SQLite says where a bit of the tables' own descriptions, or of the index of serial numbers, is another one. */
const ofAnotherFile =
  /\b(?:no such|unknown) (?:table|column|index|function|collation sequence|module|tokenizer)|has no column|invalid fts5 file|unrecognized option|vtable constructor failed/;

/** What SQLite or the file system below said, as a fault of the house; anything else as `faultOf` does. */
export function ledgerFaultOf(error: unknown, file: string): Fault {
  if (isFault(error)) return error;
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  const details = { file, code };
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT')
    return new LedgerFault({
      code: 'ledger.full',
      what: `The disk below the ledger ${file} is full; the last entries were refused, all earlier ones are kept.`,
      next: 'Free disk space; then start the boards again. No board may be burned before the ledger can write.',
      details,
      cause: error,
    });
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || unwritable.has(code))
    return readOnly(file, said, details, error);
  // a constraint that this program would never break is broken where a page is not what was written
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_NOTADB')
    return damaged(file, said, details, error);
  // what it wrote into a table as JSON is JSON
  if (error instanceof SyntaxError) return damaged(file, said, details, error);
  // nor would it ask for a table, column or function that this version's file has not
  if (code.startsWith('SQLITE_ERROR') && ofAnotherFile.test(said)) return damaged(file, said, details, error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new LedgerFault({
      code: 'ledger.locked',
      what: `The ledger ${file} is held by another program.`,
      next: 'Close the other program that has the file open, and try again.',
      details,
      cause: error,
    });
  if (code.startsWith('SQLITE_IOERR') || code === 'EIO' || code === 'EFBIG')
    return new LedgerFault({
      code: 'ledger.disk',
      what: `The disk below the ledger ${file} failed: ${said}.`,
      next: 'Check the disk and its cable or mount; all entries acknowledged earlier are kept.',
      details,
      cause: error,
    });
  return faultOf(error);
}

/** The file holds something else than was written into it. */
export function damaged(
  file: string,
  said: string,
  details: FaultRecord['details'] = { file },
  cause?: unknown,
): LedgerFault {
  return new LedgerFault({
    code: 'ledger.damaged',
    what: `The ledger ${file} is damaged: ${said}.`,
    next: 'Stop the line, keep the file and those beside it as they are, and restore the newest backup.',
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A row says what it is and does not have its form: it was written by a program that was wrong, or the chain does not hold either. */
export function unreadableRow(row: number, { kind, problems }: MisshapenFact): LedgerFault {
  return new LedgerFault({
    code: 'ledger.row',
    what: `Row ${row} of the ledger cannot be read: it says that it is '${kind}' and does not have its form (${problems}).`,
    next: `Let "station audit verify" show whether the chain holds, and report this with the row. Reading it changed neither the ledger nor a board; boards of its run are not gone on with until it can be read.`,
    details: { row, kind },
  });
}

/** The record that the tables name for a device is not its seal, or is not what was booked. */
export function changedSeal(device: string, row: number): LedgerFault {
  return new LedgerFault({
    code: 'ledger.seal-changed',
    what: `Row ${row} of the ledger should be the seal of ${device}, and is not as it was booked: somebody changed the row, or the table that names it.`,
    next: 'Keep this ledger as it is and let "station audit verify" say what was changed. Nothing is answered from that row; no board was changed.',
    details: { row },
  });
}

/** The table of recipes holds another text than the one that was bound. */
export function changedRecipe({ name, revision, hash }: RecipeRef): LedgerFault {
  return new LedgerFault({
    code: 'ledger.recipe-changed',
    what: `The text of the recipe ${name} revision ${revision} in the ledger does not give its hash ${hash.slice(0, 16)}: somebody changed it.`,
    next: 'Keep this ledger as it is and let "station audit verify" say what was changed. Which devices are concerned is not answered from it; no board was changed.',
    details: { hash },
  });
}

/** No station has written a book here yet. */
export function noBook(file: string): LedgerFault {
  return new LedgerFault({
    code: 'ledger.none',
    what: `There is no ledger ${file}.`,
    next: 'Name the data folder of the station with --data; a ledger comes to be with the first board.',
    details: { file },
  });
}

function readOnly(file: string, said: string, details: FaultRecord['details'], cause: unknown): LedgerFault {
  return new LedgerFault({
    code: 'ledger.read-only',
    what: `The ledger ${file} cannot be opened for writing: ${said}.`,
    next: 'Give the station a data folder that it may write to, or correct the rights of this one.',
    details,
    cause,
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
