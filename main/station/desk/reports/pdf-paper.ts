// Text on sheets of A4, in lines of our own making: one line may need several fonts, which pdfkit's own wrapping does not know.
import PDFDocument from 'pdfkit';
import { PdfFonts, type Weight } from './pdf-fonts.ts';

export interface Face {
  readonly size: number;
  readonly weight?: Weight;
  readonly color?: string;
}

/** Of a line, by the size of its letters: as Helvetica has it. */
const lineHeight = 1.156;
/** From the top of a line down to what its letters stand on. */
const ascent = 0.85;

/** A sheet with a pen; coordinates in points from the upper left. */
export class Paper {
  readonly page: PDFKit.PDFDocument;
  readonly #fonts: PdfFonts;
  readonly #bytes: Promise<Uint8Array>;

  private constructor(page: PDFKit.PDFDocument, fonts: PdfFonts, bytes: Promise<Uint8Array>) {
    this.page = page;
    this.#fonts = fonts;
    this.#bytes = bytes;
  }

  /** The first sheet. `texts`: all that will stand there, or more. */
  static async begin(title: string, margin: number, texts: string): Promise<Paper> {
    const page = new PDFDocument({ size: 'A4', margin, bufferPages: true });
    const chunks: Uint8Array[] = [];
    page.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    const bytes = new Promise<Uint8Array>((resolve, reject) => {
      page.on('end', () => resolve(Buffer.concat(chunks)));
      page.on('error', reject);
    });
    const fonts = await PdfFonts.of(page, texts + title);
    page.info.Title = fonts
      .runs(title, 'regular')
      .map(({ text }) => text)
      .join('');
    return new Paper(page, fonts, bytes);
  }

  async end(): Promise<Uint8Array> {
    this.page.end();
    return await this.#bytes;
  }

  height({ size }: Face): number {
    return size * lineHeight;
  }

  /** The text in lines no wider than that, of which there is one at least. */
  lines(text: string, wide: number, face: Face): string[] {
    const lines: string[] = [];
    let line = '';
    for (const piece of pieces(text)) {
      if (line !== '' && !this.#fits(line + piece, wide, face)) {
        lines.push(line.trimEnd());
        line = '';
      }
      line += piece;
      while (!this.#fits(line, wide, face)) {
        const head = this.#head(line, wide, face);
        if (head === line) break;
        lines.push(head);
        line = line.slice(head.length);
      }
    }
    return [...lines, line.trimEnd()];
  }

  /** One line, cut with dots where it would be wider. */
  line(text: string, left: number, top: number, face: Face, wide = Number.POSITIVE_INFINITY): void {
    const { size, weight = 'regular', color = '#000' } = face;
    const shown = this.#fits(text, wide, face) ? text : `${this.#head(text, wide, face, '…')}…`;
    let x = left;
    this.page.fillColor(color);
    for (const run of this.#fonts.runs(shown, weight)) {
      this.page.font(run.font).fontSize(size);
      // all fonts of a line stand on one base line
      this.page.text(run.text, x, top + ascent * size, { lineBreak: false, baseline: 'alphabetic' });
      x += this.page.widthOfString(run.text);
    }
  }

  /** Lines one below the other, at most so many, the last one of which then ends in dots; gives the y below them. */
  write(text: string, left: number, top: number, wide: number, face: Face, most = Number.POSITIVE_INFINITY): number {
    const lines = this.lines(text, wide, face);
    const high = this.height(face);
    for (const [at, line] of lines.slice(0, most).entries()) {
      const isCut = at === most - 1 && lines.length > most;
      this.line(isCut ? lines.slice(at).join(' ') : line, left, top + at * high, face, wide);
    }
    return top + Math.min(lines.length, most) * high;
  }

  #fits(text: string, wide: number, { size, weight = 'regular' }: Face): boolean {
    return wide === Number.POSITIVE_INFINITY || this.#fonts.width(text.trimEnd(), size, weight) <= wide;
  }

  /** As much of the beginning as fits with `behind`, one character at least. */
  #head(text: string, wide: number, face: Face, behind = ''): string {
    const chars = Array.from(text);
    let [fits, not] = [1, chars.length + 1];
    while (not - fits > 1) {
      const middle = Math.floor((fits + not) / 2);
      if (this.#fits(chars.slice(0, middle).join('') + behind, wide, face)) fits = middle;
      else not = middle;
    }
    return chars.slice(0, fits).join('');
  }
}

/** Parts of a text between which a line may end: at blanks, and beside each character of scripts that have none. */
function pieces(text: string): string[] {
  const found: string[] = [];
  const chars = Array.from(text);
  let piece = '';
  for (const [at, char] of chars.entries()) {
    piece += char;
    if (at < chars.length - 1 && !mayEnd(char, chars[at + 1]!)) continue;
    found.push(piece);
    piece = '';
  }
  return found;
}

const withoutBlanks = /[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u{20000}-\u{3ffff}]/u;
/** What begins no line, and what ends none. */
const closing = '、。，．：；！？）】」』》〉〕〗”’…％·々ー,.:;!?)]}%';
const opening = '（【「『《〈〔〖“‘([{';

function mayEnd(before: string, after: string): boolean {
  if (after === ' ') return false;
  if (before === ' ') return true;
  const isBetween = withoutBlanks.test(before) || withoutBlanks.test(after);
  return isBetween && !closing.includes(after) && !opening.includes(before);
}
