/**
 * One record of a CSV file (RFC 4180), with its line end: cells with commas, quotes or line ends stand between quotes. A cell that a
 * spreadsheet would take as a formula is kept a text by an apostrophe, but for PEM, which is none to a spreadsheet either. So is what would be one
 * behind a semicolon or tab within: spreadsheets of half the world part cells there.
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => quoted(harmless(cell))).join(',')}\r\n`;
}

function harmless(cell: string): string {
  return (isFormula(cell) ? `'${cell}` : cell).replaceAll(/([;\t]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "$1'");
}

/** Whether a spreadsheet would take the cell as a formula: what OWASP lists, in either width. */
export function isFormula(cell: string): boolean {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell) && !/^-----BEGIN [A-Z ]+-----\r?\n/.test(cell);
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
