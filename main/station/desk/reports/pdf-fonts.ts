// Which font shows which character on paper: Helvetica, which every reader of PDF has, what is common; Noto Sans SC what is beyond, as far as
// that goes. Its package, which the page has as well, holds it in a hundred slices with all weights in each; into a PDF go the glyphs
// that stand in it, of the slices that have them.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as fontkit from 'fontkit';
import subsetFont from 'subset-font';
import { byNumber, isCommon, isWritten } from './pdf-text.ts';

export type Weight = 'regular' | 'bold';

/** A part of a text in one font, by the name that the page knows it by. */
export interface Run {
  readonly font: string;
  readonly text: string;
}

const common = { regular: 'Helvetica', bold: 'Helvetica-Bold' } as const;
const weights = { regular: 400, bold: 700 } as const;
const beyond = '@fontsource-variable/noto-sans-sc';
const packages = createRequire(import.meta.url);

export class PdfFonts {
  readonly #page: PDFKit.PDFDocument;
  /** Slice by character. */
  readonly #slices: ReadonlyMap<string, string>;

  private constructor(page: PDFKit.PDFDocument, slices: ReadonlyMap<string, string>) {
    this.#page = page;
    this.#slices = slices;
  }

  /** The fonts of a page on which these texts will stand. A character of another text is printed by its number. */
  static async of(page: PDFKit.PDFDocument, texts: string): Promise<PdfFonts> {
    const chars = [...new Set(texts)].filter((char) => !isCommon(char) && isWritten(char));
    const slices = new Map<string, string>();
    if (chars.length === 0) return new PdfFonts(page, slices);
    const wanted = Map.groupBy(chars, await slicesOf());
    for (const [slice, members] of wanted) {
      if (slice === null) continue;
      const file = packages.resolve(`${beyond}/files/noto-sans-sc-${slice}-wght-normal.woff2`);
      const whole = await readFile(file);
      for (const weight of ['regular', 'bold'] as const) {
        const variationAxes = { wght: weights[weight] };
        const cut = await subsetFont(whole, members.join(''), { targetFormat: 'truetype', variationAxes });
        page.registerFont(nameOf(slice, weight), cut);
        const font = fontkit.create(cut) as fontkit.Font;
        for (const char of members) if (font.hasGlyphForCodePoint(char.codePointAt(0)!)) slices.set(char, slice);
      }
    }
    return new PdfFonts(page, slices);
  }

  /** A text in parts of one font each; characters that none has are in it by number. */
  runs(text: string, weight: Weight): readonly Run[] {
    if (/^[\x20-\x7e]*$/.test(text)) return [{ font: common[weight], text }];
    const runs: { font: string; text: string }[] = [];
    for (const char of text) {
      const slice = this.#slices.get(char);
      const font = slice === undefined ? common[weight] : nameOf(slice, weight);
      const shown = slice !== undefined || isCommon(char) ? char : byNumber(char);
      const last = runs.at(-1);
      if (last?.font === font) last.text += shown;
      else runs.push({ font, text: shown });
    }
    return runs;
  }

  /** Points that a text takes in one line. */
  width(text: string, size: number, weight: Weight): number {
    let width = 0;
    for (const run of this.runs(text, weight))
      width += this.#page.font(run.font).fontSize(size).widthOfString(run.text);
    return width;
  }
}

function nameOf(slice: string, weight: Weight): string {
  return `NotoSansSC-${slice}-${weight}`;
}

/** Which slice ought to have a character; null: none. */
async function slicesOf(): Promise<(char: string) => string | null> {
  const listed = JSON.parse(await readFile(packages.resolve(`${beyond}/unicode.json`), 'utf8')) as Record<
    string,
    string
  >;
  const ranges = Object.entries(listed).flatMap(([name, text]) =>
    Array.from(text.matchAll(/U\+([0-9a-f]+)(?:-([0-9a-f]+))?/gi), ([, from, to]) => ({
      ...{ from: Number.parseInt(from!, 16), to: Number.parseInt(to ?? from!, 16) },
      slice: name.replaceAll(/[[\]]/g, ''),
    })),
  );
  return (char) => {
    const code = char.codePointAt(0)!;
    return ranges.find(({ from, to }) => from <= code && code <= to)?.slice ?? null;
  };
}
