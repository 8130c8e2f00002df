/** Why a file's bytes are not text as this program reads it. */
export interface TextMistake {
  /** From 1. */
  readonly line: number;
  readonly what: string;
  readonly remedy: string;
}

const saveAsUtf8 = 'Save it as UTF-8 in the editor it was written with, and look its letters over.';

/**
 * The text of a file that a person or another program wrote: UTF-8, with or without a byte order mark (which is left out). Nothing is
 * guessed and nothing replaced: what is not UTF-8 is a mistake with its line, since letters that a reader made up end in certificates
 * and on labels.
 */
export function decodeText(bytes: Uint8Array): { readonly text: string } | { readonly mistake: TextMistake } {
  const other = wideEncodingOf(bytes);
  if (other !== null)
    return { mistake: { line: 1, what: `The file is in ${other}, not in UTF-8.`, remedy: saveAsUtf8 } };
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    return {
      mistake: {
        line: lineAt(bytes, zero),
        what: `The file is no text: line ${lineAt(bytes, zero)} holds a zero byte.`,
        remedy: 'Give the text file itself.',
      },
    };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = firstBadLine(bytes);
    return {
      mistake: {
        line,
        what: `The file is no UTF-8: line ${line} holds bytes that are no letter there.`,
        remedy: saveAsUtf8,
      },
    };
  }
  const lost = text.indexOf('\uFFFD');
  if (lost < 0) return { text };
  const line = text.slice(0, lost).split('\n').length;
  return {
    mistake: {
      line,
      what: `Letters were lost when the file was saved before: line ${line} holds the sign that stands for one that could not be read.`,
      remedy: 'Write them anew and save the file as UTF-8.',
    },
  };
}

/** Its name where the bytes are UTF-16 or UTF-32: by their mark, or by zeros in every other place of what would be ASCII. */
function wideEncodingOf(bytes: Uint8Array): string | null {
  const mark = [...bytes.subarray(0, 4)].join(' ');
  if (mark === '255 254 0 0') return 'UTF-32 (little-endian)';
  if (mark === '0 0 254 255') return 'UTF-32 (big-endian)';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'UTF-16 (little-endian)';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16 (big-endian)';
  const head = bytes.subarray(0, 64);
  if (head.length < 4 || head.length % 2 !== 0) return null;
  const zeroAt = (odd: number) => head.every((byte, at) => (byte === 0) === (at % 2 === odd));
  return zeroAt(1) ? 'UTF-16 (little-endian)' : zeroAt(0) ? 'UTF-16 (big-endian)' : null;
}

function lineAt(bytes: Uint8Array, end: number): number {
  let line = 1;
  for (let at = 0; at < end; at++) if (bytes[at] === 0x0a) line++;
  return line;
}

/** A line end is one byte in UTF-8 and never part of a letter, so that each line can be tried by itself. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let line = 1, from = 0; from <= bytes.length; line++) {
    const found = bytes.indexOf(0x0a, from);
    const end = found < 0 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(from, end));
    } catch {
      return line;
    }
    from = end + 1;
  }
  return 1;
}
