/** One record of a CSV file (RFC 4180), with its line end: cells with commas, quotes or line ends stand between quotes. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}
