// MACs as people, labels and consoles write them.

/** A MAC in any notation as twelve digits; what is none as it is. */
export function bareMac(text: string): string {
  return text.trim().toLowerCase().replaceAll(/[:-]/g, '');
}

/** Six bytes with colons, with dashes or bare; no part of something longer, though a word may stand before its colon (`mac:34:85:...`). */
const anyMac =
  /(?<![0-9a-f])(?<!(?<![a-z0-9])[0-9a-f]{2}[:-])(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{12})(?![0-9a-f]|[:-][0-9a-f]{2})/gi;

/** Twelve digits as a MAC is written in the ledger. */
export function colons(bare: string): string {
  return bare.replace(/(..)(?=.)/g, '$1:');
}

/** What stands for the board's own MAC in a line that a recipe expects. */
export const namesMac = '{mac}';

/** Fits this MAC (with colons) in whichever notation, where case does not count. */
function anyNotation(mac: string): string {
  return mac.split(':').join('[:-]?');
}

/** A regular expression of RE2 for this MAC (with colons) in whichever notation; null: for any. */
export function macForm(mac: string | null): string {
  return mac === null ? '(?i:(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2})' : `(?i:${anyNotation(mac)})`;
}

/** One of these MACs, in whichever of those notations. */
export function macPattern(macs: readonly string[]): RegExp {
  return new RegExp(macs.map(anyNotation).join('|'), 'i');
}

/** Every MAC that stands in these console lines, as twelve digits. */
export function macsOn(lines: readonly string[]): Set<string> {
  return new Set(lines.flatMap((line) => [...line.matchAll(anyMac)].map(([text]) => bareMac(text))));
}
