import * as bwip from 'bwip-js/node';
import { saying } from '../../../words/saying.ts';
import type { Page } from './device-page.ts';
import { type Face, Paper } from './pdf-paper.ts';

const margin = 48;
const width = 595 - 2 * margin;
/** Where a sheet ends, in points. */
const foot = 842 - margin - 10;
/** Where values stand beside their names. */
const indent = 120;
const codeSide = 96;
const grey = '#555';

/** A page of rows and tables on as many sheets of A4 as it needs, black on white, with their numbers. */
export async function pdfPage(told: Page): Promise<Uint8Array> {
  const { page } = saying(() => told.language ?? 'en').paper;
  const paper = await Paper.begin(told.title, margin, JSON.stringify(told) + page({ at: 0, of: 0 }));
  const codes = new Map<string, Buffer>();
  for (const { code } of told.sections)
    if (code !== undefined) codes.set(code, await bwip.toBuffer({ bcid: 'qrcode', text: code, scale: 4 }));
  new Sheets(paper, codes).write(told);
  return await paper.end();
}

class Sheets {
  readonly #paper: Paper;
  /** Pictures of QR codes by their texts. */
  readonly #codes: ReadonlyMap<string, Buffer>;
  #y = margin;

  constructor(paper: Paper, codes: ReadonlyMap<string, Buffer>) {
    this.#paper = paper;
    this.#codes = codes;
  }

  write({ title, sections, language = 'en' }: Page): void {
    const { paper } = saying(() => language);
    this.#y = this.#paper.write(title, margin, this.#y, width, { size: 18, weight: 'bold' }) + 6;
    for (const { heading, rows, table, code } of sections) {
      if (heading !== '') this.#heading(heading);
      for (const [name, value] of rows) this.#row(name, value);
      if (table !== undefined) this.#table(table);
      if (code !== undefined) this.#code(code);
    }
    const { page } = this.#paper;
    const { start, count } = page.bufferedPageRange();
    for (let at = start; at < start + count; at++) {
      page.switchToPage(at);
      const where = `   ${paper.page({ at: at + 1, of: count })}`;
      this.#paper.line(`${title}${where}`, margin, page.page.height - 30, { size: 7, color: grey }, width);
    }
  }

  #next(): void {
    this.#paper.page.addPage();
    this.#y = margin;
  }

  /** A heading stays with what it heads. */
  #heading(heading: string): void {
    if (this.#y > foot - 60) this.#next();
    this.#y = this.#paper.write(heading, margin, this.#y + 8, width, { size: 11, weight: 'bold' });
    this.#paper.page
      .moveTo(margin, this.#y)
      .lineTo(margin + width, this.#y)
      .lineWidth(0.5)
      .strokeColor('#bbb')
      .stroke();
    this.#y += 4;
  }

  #code(text: string): void {
    if (this.#y + codeSide > foot) this.#next();
    this.#paper.page.image(this.#codes.get(text)!, margin + indent, this.#y + 4, { width: codeSide });
    this.#y += codeSide + 8;
  }

  /** A value longer than a sheet flows over; any other stays whole. */
  #row(name: string, value: string): void {
    const face = { size: 8.5 };
    const high = this.#paper.height(face);
    const names = this.#paper.lines(name, indent - 8, face);
    const values = this.#paper.lines(value, width - indent, face);
    const lines = Math.max(names.length, values.length);
    if (this.#y + lines * high > foot && lines * high < foot - margin) this.#next();
    for (let at = 0; at < lines; at++) {
      if (this.#y + high > foot) this.#next();
      this.#paper.line(names[at] ?? '', margin, this.#y, { ...face, color: grey });
      this.#paper.line(values[at] ?? '', margin + indent, this.#y, face);
      this.#y += high;
    }
    this.#y += 2;
  }

  #table({ columns, widths, rows }: NonNullable<Page['sections'][number]['table']>): void {
    const size = 7;
    const high = size + 4;
    const line = (cells: readonly string[], face: Face) => {
      let left = margin;
      for (const [at, cell] of cells.entries()) {
        const wide = widths[at] ?? 60;
        this.#paper.line(cell, left, this.#y, face, wide - 4);
        left += wide;
      }
      this.#y += high;
    };
    const titles: Face = { size, weight: 'bold', color: grey };
    line(columns, titles);
    for (const row of rows) {
      if (this.#y > foot - high) {
        this.#next();
        line(columns, titles);
      }
      line(row, { size });
    }
  }
}
