/** Windows-1252, which the fonts that every reader of PDF has can show: Latin-1 and these. */
const others =
  '\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178';

/** Whether those fonts can show it. */
export function isCommon(char: string): boolean {
  const code = char.codePointAt(0)!;
  return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff && code !== 0xad) || others.includes(char);
}

/**
 * Whether a font may be asked for it: letters, numbers and marks of writing, and the blank of Han texts. What turns or hides text, stands on top
 * of another character or means something to one maker alone never is.
 */
export function isWritten(char: string): boolean {
  return char === '\u3000' || /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(char);
}

/** A character that no font at hand shows, by its number, so that nothing is dropped or taken for something else. */
export function byNumber(char: string): string {
  return `\\u{${char.codePointAt(0)!.toString(16)}}`;
}
