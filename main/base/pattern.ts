import { RE2JS } from 're2js';

/** A regular expression that somebody wrote. */
export interface Pattern {
  /** Whether it fits anywhere in the text, in a time that grows with the text's length and not beyond. */
  test(text: string): boolean;
}

/** Longest pattern, in characters; people write some dozen. */
export const longestPattern = 300;

/**
 * A regular expression of RE2's syntax (github.com/google/re2/wiki/Syntax): that of JavaScript without what can take for ever, which is
 * looking ahead and behind and back references. `whole`: it must fit the text from beginning to end. Throws an Error that says what is
 * wrong with it.
 */
export function patternOf(source: string, whole: 'whole' | 'anywhere' = 'anywhere'): Pattern {
  if (source.length > longestPattern) throw new Error(`it has more than ${longestPattern} characters`);
  const own = RE2JS.compile(source);
  const compiled = whole === 'whole' ? RE2JS.compile(`^(?:${source})$`) : own;
  return { test: (text) => compiled.test(text) };
}
