import PDFDocument from 'pdfkit';
import type { Page } from './device-page.ts';
import { printable } from './pdf-text.ts';

/** A page of rows on as many sheets of A4 as it needs, black on white, with their numbers. */
export async function pdfPage(told: Page): Promise<Uint8Array> {
  const page = new PDFDocument({ size: 'A4', margin: 48, bufferPages: true, info: { Title: told.title } });
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
  page.font('Helvetica-Bold').fontSize(16).text(printable(told.title)).moveDown(0.5);
  for (const { heading, rows } of told.sections) {
    if (heading !== '') page.moveDown(0.5).font('Helvetica-Bold').fontSize(11).text(printable(heading)).moveDown(0.2);
    for (const [name, value] of rows)
      page
        .font('Helvetica')
        .fontSize(8)
        .fillColor('#555')
        .text(printable(name), { continued: true })
        .fillColor('#000')
        .text(printable(`   ${value}`));
  }
  const { start, count } = page.bufferedPageRange();
  for (let at = start; at < start + count; at++) {
    page.switchToPage(at);
    // Below the margin, where text would otherwise begin a new page.
    page.page.margins.bottom = 0;
    page
      .font('Helvetica')
      .fontSize(7)
      .text(printable(`${told.title}   page ${at + 1} of ${count}`), 48, page.page.height - 30, { lineBreak: false });
  }
}
