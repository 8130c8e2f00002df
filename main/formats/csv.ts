/** A mistake in a CSV text. */
export interface CsvMistake {
  /** From 1. */
  readonly line: number;
  readonly what: string;
  readonly remedy: string;
}

export interface CsvRow {
  /** Line on which the row begins, from 1. */
  readonly line: number;
  /** Cells by the name of their column; a row that is shorter than the head lacks the last ones. */
  readonly fields: Readonly<Record<string, string>>;
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Rows of a CSV text (RFC 4180: commas, cells in double quotes where they hold commas, quotes or line ends; `""` is a quote), whose
 * first row names the columns. Lines that begin with `#` and empty lines are left out. Asks for `required` columns in any order;
 * a column nobody knows, a name twice, a row with more cells than columns and a quote that is never closed are mistakes.
 */
export function parseCsv(
  text: string,
  required: readonly string[],
  others: 'refused' | 'taken' = 'refused',
): { readonly columns: readonly string[]; readonly rows: readonly CsvRow[]; readonly mistakes: readonly CsvMistake[] } {
  const mistakes: CsvMistake[] = [];
  const [head, ...body] = recordsOf(text.replace(/^\uFEFF/, ''), mistakes);
  if (head === undefined) {
    const remedy = `Begin it with the line ${required.join(',')}.`;
    return { columns: [], rows: [], mistakes: [...mistakes, { line: 1, what: 'The file is empty.', remedy }] };
  }
  const columns = head.cells.map((cell) => cell.trim());
  const other = separatorOf(columns);
  if (other !== null) {
    const what = `The first line is divided by ${other}, not by commas.`;
    const remedy = 'Save it as CSV with commas (a spreadsheet asks for the field delimiter when it saves).';
    return { columns: [], rows: [], mistakes: [...mistakes, { line: head.line, what, remedy }] };
  }
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    mistakes.push({
      line: head.line,
      what: `The first line names no column ${missing.join(', ')}.`,
      remedy: `Begin the file with the line ${required.join(',')}.`,
    });
  for (const [at, name] of columns.entries()) {
    if (columns.indexOf(name) < at)
      mistakes.push({
        line: head.line,
        what: `Column ${at + 1} has the name of an earlier one.`,
        remedy: 'Leave one of them out.',
      });
    else if (name === '')
      mistakes.push({ line: head.line, what: `Column ${at + 1} has no name.`, remedy: 'Name it, or leave it out.' });
    else if (others === 'refused' && !required.includes(name))
      mistakes.push({
        line: head.line,
        what: `The column ${JSON.stringify(name)} is unknown.`,
        remedy: `Columns are ${required.join(', ')}.`,
      });
  }
  if (missing.length > 0) return { columns, rows: [], mistakes };
  const rows = body.map(({ line, cells }) => {
    if (cells.length > columns.length)
      mistakes.push({
        line,
        what: `The line has ${cells.length} cells for ${columns.length} columns.`,
        remedy: 'Put a cell that holds commas into double quotes.',
      });
    return { line, fields: Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? ''])) };
  });
  return { columns, rows, mistakes };
}

/** What divides the cells of a first line in place of commas; null where nothing does. */
function separatorOf(columns: readonly string[]): string | null {
  const [only = ''] = columns;
  if (columns.length !== 1) return null;
  if (only.includes(';')) return 'semicolons';
  if (only.includes('\t')) return 'tabs';
  return only.includes('|') ? 'bars' : null;
}

/** Records as they stand, with the line each begins on. */
function recordsOf(text: string, mistakes: CsvMistake[]): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const start = line;
    if (text[at] === '#' || text[at] === '\n' || text.startsWith('\r\n', at)) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end + 1;
      line++;
      continue;
    }
    const cells: string[] = [];
    for (let ended = false; !ended; ) {
      const cell = cellAt(text, at);
      if (cell.wrong !== null) mistakes.push({ line: start, ...quoteMistakes[cell.wrong] });
      for (let i = at; i < cell.end; i++) if (text[i] === '\n') line++;
      cells.push(cell.value);
      at = cell.end + 1;
      ended = text[cell.end] !== ',';
    }
    line++;
    records.push({ line: start, cells });
  }
  return records;
}

const wholeCell = 'Put the whole cell into quotes, and write a quote inside it as two.';
const quoteMistakes = {
  open: { what: 'A quote is opened and never closed.', remedy: 'Close it.' },
  behind: { what: 'Something stands between the quote that closes a cell and the next comma.', remedy: wholeCell },
  inside: { what: 'A quote stands in the middle of a cell.', remedy: wholeCell },
};

/** The cell from `at` to the comma or line end that ends it, and what is wrong with its quotes. */
function cellAt(text: string, at: number): { value: string; end: number; wrong: keyof typeof quoteMistakes | null } {
  if (text[at] !== '"') {
    const end = endOf(text, at);
    const value = withoutReturn(text.slice(at, end));
    return { value, end, wrong: value.includes('"') ? 'inside' : null };
  }
  let value = '';
  for (let from = at + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return { value: value + text.slice(from), end: text.length, wrong: 'open' };
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      const end = endOf(text, quote + 1);
      return { value, end, wrong: withoutReturn(text.slice(quote + 1, end)) === '' ? null : 'behind' };
    }
    value += '"';
    from = quote + 2;
  }
}

/** The end of a line may be CR LF. */
function withoutReturn(text: string): string {
  return text.replace(/\r$/, '');
}

function endOf(text: string, at: number): number {
  for (let end = at; end < text.length; end++) if (text[end] === ',' || text[end] === '\n') return end;
  return text.length;
}
