import { formatFault } from '../formats/format-fault.ts';
import { isFault } from '../model/fault.ts';
import { textOfFile } from '../model/text-file.ts';

/** A file of a build and the flash offset (bytes) that the build gives it. */
export interface ListedFile {
  readonly file: string;
  readonly offset: number;
  /** What the listing itself calls it (`bootloader`, `app`, `partition-table` ...), where it does. */
  readonly role: string | null;
}

/** The listings that ESP-IDF puts into a build folder, the one that says more first. */
export const listingNames = ['flasher_args.json', 'flash_args'] as const;

/**
 * The files of `flasher_args.json`: `flash_files` maps offsets to paths, and members such as `bootloader` say which is which.
 * Throws RecipeFault `image.listing` where the text is not that, `text.encoding`.
 */
export function readFlasherArgs(bytes: Uint8Array): ListedFile[] {
  const name = 'flasher_args.json';
  let value: unknown;
  try {
    value = JSON.parse(textOfFile(bytes, name));
  } catch (error) {
    if (isFault(error)) throw error;
    throw badListing(name, 'it is no JSON');
  }
  const files = member(value, 'flash_files');
  if (files === null || Object.keys(files).length === 0) throw badListing(name, 'it has no "flash_files"');
  const roles = new Map<string, string>();
  for (const [role, entry] of Object.entries(value as object)) {
    const file = (entry as { file?: unknown } | null)?.file;
    if (typeof file === 'string') roles.set(plainPath(file), role);
  }
  return Object.entries(files).map(([offset, file]) => {
    if (typeof file !== 'string') throw badListing(name, 'a file of it has no name');
    const path = plainPath(file);
    return { offset: offsetOf(offset, name), file: path, role: roles.get(path) ?? null };
  });
}

/**
 * The files of `flash_args`, the command line for esptool: pairs of offset and path behind options, each
 * with a value or without (an offset in hex is no value). A path with blanks stands in quotes.
 * Throws RecipeFault `image.listing`, `text.encoding`.
 */
export function readFlashArgs(bytes: Uint8Array): ListedFile[] {
  const name = 'flash_args';
  const words = wordsIn(textOfFile(bytes, name), name);
  const files: ListedFile[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] as string;
    const next = words[at + 1];
    if (word.startsWith('--')) {
      const hasValue = !word.includes('=') && next !== undefined && !/^(--|0x)/.test(next);
      at += hasValue ? 2 : 1;
      continue;
    }
    if (next === undefined) throw badListing(name, 'no file stands behind its last word');
    files.push({ offset: offsetOf(word, name), file: plainPath(next), role: null });
    at += 2;
  }
  if (files.length === 0) throw badListing(name, 'it names no file');
  return files;
}

/** Words between blanks; single and double quotes keep blanks together, as a shell reads them. A backslash is part of a path. */
function wordsIn(text: string, listing: string): string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+|["']/g) ?? [];
  return words.map((word) => {
    if (word === '"' || word === "'") throw badListing(listing, 'a quote is opened and never closed');
    return word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? '');
  });
}

/** CONFIG_PARTITION_TABLE_OFFSET of an sdkconfig; null where it does not say. */
export function tableOffsetOf(sdkconfig: string): number | null {
  const match = /^CONFIG_PARTITION_TABLE_OFFSET=(0x[0-9a-fA-F]+|\d+)\s*$/m.exec(sdkconfig);
  return match ? Number(match[1]) : null;
}

/** A path as the folder is read, whichever way the build computer writes its own. */
function plainPath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
}

function offsetOf(text: string, listing: string): number {
  const offset = /^(0x[0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(offset) || offset > 0xffffffff)
    throw badListing(listing, 'what stands where a flash offset belongs is none');
  return offset;
}

function member(value: unknown, name: string): Record<string, unknown> | null {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : null;
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as Record<string, unknown>)
    : null;
}

function badListing(name: string, why: string) {
  return formatFault(
    'listing',
    `${name} cannot be understood: ${why}.`,
    `Take ${name} from the ESP-IDF build folder as it is, or leave it out and give the four files alone.`,
  );
}
