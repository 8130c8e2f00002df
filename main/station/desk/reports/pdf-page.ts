import PDFDocument from 'pdfkit';
import type { Page } from './device-page.ts';
import { printable } from './pdf-text.ts';

const margin = 48;
const width = 595 - 2 * margin;
/** Where a sheet ends, in points. */
const foot = 842 - margin - 10;
/** Where values stand beside their names. */
const indent = 120;
const grey = '#555';

/** A page of rows and tables on as many sheets of A4 as it needs, black on white, with their numbers. */
export async function pdfPage(told: Page): Promise<Uint8Array> {
  const page = new PDFDocument({ size: 'A4', margin, bufferPages: true, info: { Title: printable(told.title) } });
  const chunks: Uint8Array[] = [];
  page.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise<Uint8Array>((resolve, reject) => {
    page.on('end', () => resolve(Buffer.concat(chunks)));
    page.on('error', reject);
  });
  write(page, told);
  page.end();
  return await ended;
}

function write(page: PDFKit.PDFDocument, told: Page): void {
  page.font('Helvetica-Bold').fontSize(18).text(printable(told.title)).moveDown(0.3);
  for (const { heading, rows, table } of told.sections) {
    if (heading !== '') writeHeading(page, heading);
    for (const [name, value] of rows) writeRow(page, name, value);
    if (table !== undefined) writeTable(page, table);
  }
  const { start, count } = page.bufferedPageRange();
  for (let at = start; at < start + count; at++) {
    page.switchToPage(at);
    // Below the margin, where text would otherwise begin a new page.
    page.page.margins.bottom = 0;
    page
      .font('Helvetica')
      .fontSize(7)
      .fillColor(grey)
      .text(printable(`${told.title}   page ${at + 1} of ${count}`), margin, page.page.height - 30, {
        lineBreak: false,
      });
  }
}

/** A heading stays with what it heads. */
function writeHeading(page: PDFKit.PDFDocument, heading: string): void {
  if (page.y > foot - 60) page.addPage();
  page
    .moveDown(0.7)
    .font('Helvetica-Bold')
    .fontSize(11)
    .fillColor('#000')
    .text(printable(heading), margin, page.y, { width });
  page
    .moveTo(margin, page.y)
    .lineTo(margin + width, page.y)
    .lineWidth(0.5)
    .strokeColor('#bbb')
    .stroke();
  page.y += 4;
}

function writeRow(page: PDFKit.PDFDocument, name: string, value: string): void {
  page.font('Helvetica').fontSize(8.5);
  const beside = { width: width - indent };
  const lines = Math.max(
    page.heightOfString(printable(value), beside),
    page.heightOfString(printable(name), { width: indent - 8 }),
  );
  // a value longer than a sheet flows over; any other stays whole
  if (page.y + lines > foot && lines < foot - margin) page.addPage();
  const top = page.y;
  const sheets = page.bufferedPageRange().count;
  page.fillColor(grey).text(printable(name), margin, top, { width: indent - 8 });
  page.fillColor('#000').text(printable(value), margin + indent, top, beside);
  page.y = page.bufferedPageRange().count === sheets ? top + lines + 2 : page.y + 2;
  page.x = margin;
}

function writeTable(
  page: PDFKit.PDFDocument,
  { columns, widths, rows }: NonNullable<Page['sections'][number]['table']>,
): void {
  const size = 7;
  const high = size + 4;
  const line = (cells: readonly string[], font: string, color: string) => {
    const top = page.y;
    let left = margin;
    page.font(font).fontSize(size).fillColor(color);
    for (const [at, cell] of cells.entries()) {
      const wide = widths[at] ?? 60;
      page.text(fitting(page, printable(cell), wide - 4), left, top, { lineBreak: false });
      left += wide;
    }
    page.x = margin;
    page.y = top + high;
  };
  line(columns, 'Helvetica-Bold', grey);
  for (const row of rows) {
    if (page.y > foot - high) {
      page.addPage();
      line(columns, 'Helvetica-Bold', grey);
    }
    line(row, 'Helvetica', '#000');
  }
}

/** A cell in one line: what is longer ends in dots. */
function fitting(page: PDFKit.PDFDocument, text: string, wide: number): string {
  if (page.widthOfString(text) <= wide) return text;
  let length = text.length - 1;
  while (length > 0 && page.widthOfString(`${text.slice(0, length)}…`) > wide) length--;
  return `${text.slice(0, length)}…`;
}
