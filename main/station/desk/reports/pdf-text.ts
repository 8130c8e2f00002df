/** Windows-1252, which the fonts that every reader of PDF has can show: Latin-1 and these. */
const others =
  '\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178';

/** A text as those fonts can print it: any other character by its number, so that nothing is dropped or taken for something else. */
export function printable(text: string): string {
  return Array.from(text, (char) => {
    const code = char.codePointAt(0)!;
    const known = (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff) || others.includes(char);
    return known ? char : `\\u{${code.toString(16)}}`;
  }).join('');
}
