import { readFileSync, statSync } from 'node:fs';

/**
 * The one line of a file that nobody but its owner may read: a password, a token. Throws an Error whose message is a clause for people
 * (`is open to others`), without anything of what the file holds.
 */
export function secretLineIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error('cannot be read', { cause });
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) throw new Error('is open to others');
  if (!/^[\x21-\x7e]{1,4096}$/.test(text)) throw new Error('holds no such line');
  return text;
}
