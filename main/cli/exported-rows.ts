import { closeSync, openSync, readSync } from 'node:fs';
import { RecipeFault } from '../model/fault.ts';

type Row = Readonly<Record<string, unknown>>;

/** The rows of an export, read anew each time they are gone through: a file may be longer than memory. RecipeFault `audit.no-export`. */
export function exportedRows(file: string): Iterable<Row> {
  return { [Symbol.iterator]: () => rowsOf(file) };
}

function* rowsOf(file: string): Generator<Row> {
  let number = 0;
  for (const line of linesOf(file)) {
    number++;
    if (line !== '') yield rowOf(line, number, file);
  }
}

/** Without their ends. A file that does not end in one has its last line, too. */
function* linesOf(file: string): Generator<string> {
  const input = opened(file);
  try {
    const block = Buffer.alloc(1 << 20);
    let parts: Buffer[] = [];
    for (let read = readIn(input, block, file); read > 0; read = readIn(input, block, file)) {
      let from = 0;
      for (let end = block.indexOf(10); end >= 0 && end < read; end = block.indexOf(10, from)) {
        parts.push(block.subarray(from, end));
        yield Buffer.concat(parts).toString();
        parts = [];
        from = end + 1;
      }
      parts.push(Buffer.from(block.subarray(from, read)));
    }
    yield Buffer.concat(parts).toString();
  } finally {
    closeSync(input);
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function readIn(input: number, block: Buffer, file: string): number {
  try {
    return readSync(input, block);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): RecipeFault {
  return noExport(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, error);
}

function rowOf(line: string, number: number, file: string): Record<string, unknown> {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  } catch {
    // told below
  }
  throw noExport(`Line ${number} of ${file} is no row of an export.`);
}

function noExport(what: string, cause?: unknown): RecipeFault {
  return new RecipeFault({
    code: 'audit.no-export',
    what,
    next: 'Name a file that audit export wrote, whole and unchanged.',
    cause,
  });
}
