import { espressifBlocks } from './espressif-macs.ts';
import { bareMac } from './mac.ts';

/** MACs from one to another, both included, as twelve hexadecimal digits. */
export interface MacRange {
  readonly first: string;
  readonly last: string;
}

/** How people write one: the blocks of Espressif, the first bytes of a block, one MAC, or two of them. */
export const macRangeForm =
  /^(espressif|[0-9a-f]{2}(:[0-9a-f]{2}){0,5}|[0-9a-f]{2}(:[0-9a-f]{2}){5}\.\.[0-9a-f]{2}(:[0-9a-f]{2}){5})$/i;

/** The ranges that a text of `macRangeForm` means; null: it has not that form, or ends before it begins. */
export function macRangesOf(text: string): readonly MacRange[] | null {
  if (!macRangeForm.test(text)) return null;
  const written = text.toLowerCase();
  if (written === 'espressif') return espressifBlocks.map(blockOf);
  const [first, last] = written.split('..').map((part) => part.replaceAll(':', ''));
  if (last === undefined) return [blockOf(first!)];
  return first! <= last ? [{ first: first!, last }] : null;
}

/** All MACs that begin with these digits. */
function blockOf(digits: string): MacRange {
  return { first: digits.padEnd(12, '0'), last: digits.padEnd(12, 'f') };
}

export function isInRanges(mac: string, ranges: readonly MacRange[]): boolean {
  const digits = bareMac(mac);
  return digits.length === 12 && ranges.some(({ first, last }) => digits >= first && digits <= last);
}
