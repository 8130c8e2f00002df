/**
 * What a terminal would obey instead of show: C0 but for tab and line end, DEL, C1, and what turns the direction of text (Unicode UAX 9),
 * joins or hides it. Names of boards, files and firmware come from outside.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Of these what a page would obey: what turns the direction of text, joins or hides it. */
const turning = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text with each such character as `\u001b`: the same value in a line of JSON, and harmless in words. */
export function printable(text: string): string {
  return text.replaceAll(obeyed, writtenOut);
}

/** The text with what turns or hides it as `\u202e`. */
export function withoutTurns(text: string): string {
  return text.replaceAll(turning, writtenOut);
}

function writtenOut(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
