import * as bwip from 'bwip-js/node';
import PDFDocument from 'pdfkit';
import type { CertificateSheet } from './certificate-page.ts';
import { printable } from './pdf-text.ts';

const margin = 48;
const width = 595 - 2 * margin;
const codeSide = 96;
/** Where the footer begins, and tables end. */
const foot = 770;

/** The sheet on one page of A4. What does not fit is said to be missing. */
export async function certificatePdf(sheet: CertificateSheet): Promise<Uint8Array> {
  const code = await bwip.toBuffer({ bcid: 'qrcode', text: sheet.code, scale: 4 });
  const page = new PDFDocument({ size: 'A4', margin, info: { Title: printable(`${sheet.title} ${sheet.name}`) } });
  page.file(Buffer.from(sheet.attached.bytes), { name: sheet.attached.name });
  const chunks: Uint8Array[] = [];
  page.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise<Uint8Array>((resolve, reject) => {
    page.on('end', () => resolve(Buffer.concat(chunks)));
    page.on('error', reject);
  });
  // the footer stands in the margin, where text would else begin a new page
  page.page.margins.bottom = 0;
  page.image(code, margin + width - codeSide, margin, { width: codeSide });
  const narrow = { width: width - codeSide - 16 };
  page.font('Helvetica').fontSize(10).fillColor('#555').text(printable(sheet.title), narrow);
  page.font('Helvetica-Bold').fontSize(17).fillColor('#000').text(printable(sheet.name), narrow);
  page
    .moveDown(0.3)
    .fontSize(11)
    .fillColor(sheet.isGood ? '#176b36' : '#9a5b00')
    .text(printable(sheet.verdict), narrow);
  page.y = Math.max(page.y, margin + codeSide) + 14;
  for (const [name, value] of sheet.facts) row(page, name, value, 9, 96);
  for (const { heading, rows } of sheet.tables) {
    if (rows.length === 0 || page.y > foot - 40) continue;
    page
      .font('Helvetica-Bold')
      .fontSize(10)
      .fillColor('#000')
      .text(printable(heading), margin, page.y + 8);
    page.y += 3;
    for (const [mark, text] of rows) {
      if (page.y > foot - 24) {
        row(page, '', 'and more: the certificate has them all', 7.5, 96);
        break;
      }
      row(page, mark, text, 7.5, 96);
    }
  }
  page.y = foot;
  for (const line of sheet.footer)
    page.font('Helvetica').fontSize(7).fillColor('#555').text(printable(line), margin, page.y);
  page.end();
  return await ended;
}

function row(page: PDFKit.PDFDocument, name: string, value: string, size: number, indent: number): void {
  const top = page.y;
  page
    .font('Helvetica')
    .fontSize(size)
    .fillColor('#555')
    .text(printable(name), margin, top, { width: indent - 8 });
  const below = page.y;
  // long values end in dots: a sheet is one page
  const cell = { width: width - indent, height: 3.2 * size * 1.2, ellipsis: true };
  page.fillColor('#000').text(printable(value), margin + indent, top, cell);
  page.y = Math.max(page.y, below) + 2;
}
