import * as bwip from 'bwip-js/node';
import type { CertificateSheet } from './certificate-page.ts';
import { Paper } from './pdf-paper.ts';

const margin = 48;
const width = 595 - 2 * margin;
const codeSide = 96;
/** Where the footer begins, and tables end. */
const foot = 770;
/** Where values stand beside their names. */
const indent = 96;
const grey = '#555';

/** The sheet on one page of A4. What does not fit is said to be missing. */
export async function certificatePdf(sheet: CertificateSheet): Promise<Uint8Array> {
  const code = await bwip.toBuffer({ bcid: 'qrcode', text: sheet.code, scale: 4 });
  const { attached, ...told } = sheet;
  const paper = await Paper.begin(`${sheet.title} ${sheet.name}`, margin, JSON.stringify(told));
  paper.page.file(Buffer.from(attached.bytes), { name: attached.name });
  paper.page.image(code, margin + width - codeSide, margin, { width: codeSide });
  const narrow = width - codeSide - 16;
  let y = paper.write(sheet.title, margin, margin, narrow, { size: 10, color: grey });
  y = paper.write(sheet.name, margin, y, narrow, { size: 17, weight: 'bold' }, 3);
  const verdict = { size: 11, weight: 'bold', color: sheet.isGood ? '#176b36' : '#9a5b00' } as const;
  y = Math.max(paper.write(sheet.verdict, margin, y + 4, narrow, verdict), margin + codeSide) + 14;
  for (const [name, value] of sheet.facts) y = row(paper, y, name, value, 9);
  for (const { heading, rows } of sheet.tables) {
    if (rows.length === 0 || y > foot - 40) continue;
    y = paper.write(heading, margin, y + 8, width, { size: 10, weight: 'bold' }) + 3;
    for (const [mark, text] of rows) {
      if (y > foot - 24) {
        y = row(paper, y, '', sheet.more, 7.5);
        break;
      }
      y = row(paper, y, mark, text, 7.5);
    }
  }
  let below = foot;
  for (const line of sheet.footer) below = paper.write(line, margin, below, width, { size: 7, color: grey }, 2);
  return await paper.end();
}

/** Long values end in dots: a sheet is one page. */
function row(paper: Paper, top: number, name: string, value: string, size: number): number {
  const below = paper.write(name, margin, top, indent - 8, { size, color: grey });
  return Math.max(below, paper.write(value, margin + indent, top, width - indent, { size }, 3)) + 2;
}
