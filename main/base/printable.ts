/**
 * What turns the direction of text (Unicode UAX 9), joins, splits or hides it: format characters, and letters and marks that are seen as
 * nothing.
 */
const turning = /\p{Cf}|\u034f|\u17b4|\u17b5|[\u180b-\u180d]|\u180f|[\u115f\u1160\u2028\u2029\u2065\u3164\uffa0]/gu;

/**
 * What a terminal would obey instead of show: C0 but for tab and line end, DEL, C1. Names of boards, files and firmware come from outside.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The text with each such character as `\\u001b`: the same value in a line of JSON, and harmless in words. */
export function printable(text: string): string {
  return withoutTurns(text).replaceAll(obeyed, writtenOut);
}

/** The text with what turns or hides it as `\\u202e`. */
export function withoutTurns(text: string): string {
  return text.replaceAll(turning, writtenOut);
}

/** The text in one line: a line end within would let a name say a sentence of the program's own. */
export function oneLine(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

function writtenOut(character: string): string {
  return Array.from({ length: character.length }, (_, at) => hex4(character.charCodeAt(at))).join('');
}

function hex4(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
