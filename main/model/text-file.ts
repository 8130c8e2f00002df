import { decodeText } from '../base/text.ts';
import { RecipeFault } from './fault.ts';

/** The text of a file that a person wrote (UTF-8). RecipeFault `text.encoding` with the line where it is not. */
export function textOfFile(bytes: Uint8Array, file: string): string {
  const read = decodeText(bytes);
  if ('text' in read) return read.text;
  const { what, remedy, line } = read.mistake;
  throw new RecipeFault({
    code: 'text.encoding',
    what: `${file} cannot be read as text. ${what}`,
    next: remedy,
    details: { file, line },
  });
}
