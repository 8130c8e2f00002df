import { dirname, resolve } from 'node:path';
import { NotPlainFile, readPlainFile } from '../base/plain-file.ts';
import { decodeText } from '../base/text.ts';
import { type CsvMistake, parseCsv } from '../formats/csv.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import { bareMac } from '../model/mac.ts';
import { readDeviceList } from '../recipe/device-list.ts';

/** An order as the factory's list has it. */
export interface Order {
  readonly name: string;
  /** Boards that were handed out for it: so many different ones may be begun, whatever becomes of them. */
  readonly boards: number;
  /** Name of the only recipe that it is for; null: any. */
  readonly recipe: string | null;
  /** MACs (digits) of the chips that were bought for it; null: nobody knows them. */
  readonly chips: ReadonlySet<string> | null;
}

/** A list of orders, and one of chips, is no longer than this. */
const largestList = 32 * 1024 * 1024;
const columns = ['order', 'boards', 'recipe', 'chips'];

/**
 * The order of a name in a list: CSV with the columns order and boards, and where wanted recipe and chips, a CSV file beside it with a
 * column mac. Read anew for each batch, so that the list may grow while the station runs. RecipeFault `order.list`, `order.chips` with
 * line and remedy, `order.unknown` for a name that is not in it, `order.none` without one.
 */
export function orderOf(file: string, name: string | null): Order {
  const { columns: found, rows, mistakes } = parseCsv(textOf(file, 'order.list'), ['order', 'boards'], 'taken');
  const problems: CsvMistake[] = [...mistakes];
  for (const column of found.filter((one) => one !== '' && !columns.includes(one)))
    problems.push({
      line: 1,
      what: `A list of orders has no column ${column}.`,
      remedy: `Its columns are ${columns.join(', ')}.`,
    });
  const lines = new Map<string, number>();
  for (const { line, fields } of rows) {
    const order = (fields.order ?? '').trim();
    const first = lines.get(order);
    if (order === '') problems.push({ line, what: 'The row names no order.', remedy: 'Give it one.' });
    else if (first !== undefined)
      problems.push({ line, what: `The order stands in line ${first} already.`, remedy: 'Leave one out.' });
    else lines.set(order, line);
    if (!/^[1-9]\d{0,8}$/.test((fields.boards ?? '').trim()))
      problems.push({ line, what: 'The column boards holds no number of boards.', remedy: 'Write it in digits: 500.' });
  }
  if (problems.length > 0) throw badList('order.list', file, problems);
  // as it stands in the ledger, by which its boards are counted: another spelling is another order
  const wanted = name ?? '';
  const known = [...lines.keys()].slice(0, 8).join(', ');
  if (wanted.trim() === '')
    throw new RecipeFault({
      code: 'order.none',
      what: 'This station works for listed orders, and no order was named.',
      next: `Name one (in the terminal: --order NAME)${known === '' ? '' : `; the list begins with ${known}`}.`,
      safety: 'untouched',
    });
  const row = rows.find(({ fields }) => fields.order?.trim() === wanted);
  if (row === undefined)
    throw new RecipeFault({
      code: 'order.unknown',
      what: `The order ${JSON.stringify(wanted)} is not in the list of orders ${file}.`,
      next: `Name one that is listed${known === '' ? '' : ` (it begins with ${known})`}, or have this one entered.`,
      safety: 'untouched',
      details: { order: wanted },
    });
  const cell = (column: string) => row.fields[column]?.trim() || null;
  const chips = cell('chips');
  return {
    name: wanted,
    boards: Number(cell('boards')),
    recipe: cell('recipe'),
    chips: chips === null ? null : chipsIn(resolve(dirname(file), chips)),
  };
}

/** The MACs of a list of chips. */
function chipsIn(file: string): ReadonlySet<string> {
  const { list, mistakes } = readDeviceList(bytesOf(file, 'order.chips'));
  if (list === null) throw badList('order.chips', file, mistakes);
  if (list.by !== 'mac')
    throw badList('order.chips', file, [
      { line: 1, what: 'The list of chips has no column mac.', remedy: 'Add one with the MAC of each chip.' },
    ]);
  return new Set(list.rows.map(({ fields }) => bareMac(fields.mac ?? '')));
}

function textOf(file: string, code: string): string {
  const read = decodeText(bytesOf(file, code));
  if ('mistake' in read) throw badList(code, file, [read.mistake]);
  return read.text;
}

function bytesOf(file: string, code: string): Uint8Array {
  try {
    return readPlainFile(file, largestList);
  } catch (cause) {
    if (isFault(cause)) throw cause;
    const why = cause instanceof NotPlainFile ? cause.message : cause instanceof Error ? cause.message : String(cause);
    throw new RecipeFault({
      code,
      what: `The list ${file} cannot be read: ${why}.`,
      next: 'Put it where the station file and the list of orders say, or mend the name there.',
      safety: 'untouched',
      cause,
    });
  }
}

function badList(code: string, file: string, mistakes: readonly CsvMistake[]): RecipeFault {
  const shown = mistakes.slice(0, 10).map(({ line, what, remedy }) => `${file}:${line}: ${what} ${remedy}`);
  return new RecipeFault({
    code,
    what: `The list has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${shown.join('\n')}`,
    next: 'Correct the lines named, then start again.',
    safety: 'untouched',
    details: { file, mistakes: mistakes.length },
  });
}
