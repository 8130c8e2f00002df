import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { sep } from 'node:path';

/** Why a file is not read although it is there; the message is a clause for people and holds nothing of what the file holds. */
export class NotPlainFile extends Error {}

/** Neither waits for the far end of a FIFO nor takes a terminal; Windows has neither flag. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * The bytes of a regular file of `most` bytes at most. What it is, is asked of the opened file, not of its name: a FIFO or a device that
 * took its place meanwhile is refused like any other. Throws NotPlainFile, and what the system says.
 */
export function readPlainFile(file: string, most: number): Uint8Array {
  return readOpened(openSync(file, openFlags), most);
}

/**
 * The same for a file named by somebody who may read only what lies in `folders`: where the name leads in truth, links followed, must lie
 * in one of them. Throws as `readPlainFile`.
 */
export function readPlainFileIn(folders: readonly string[], file: string, most: number): Uint8Array {
  const real = realpathSync(file);
  if (!folders.some((folder) => isInside(realFolder(folder), real)))
    throw new NotPlainFile('it lies outside of the folder that it may be in');
  // a link that was put there since is not followed
  return readOpened(openSync(real, openFlags | (constants.O_NOFOLLOW ?? 0)), most);
}

/** Whether a name leads to a regular file of `most` bytes at most; false as well where it leads nowhere. */
export function isPlainFile(file: string, most: number): boolean {
  try {
    const info = statSync(file);
    return info.isFile() && info.size <= most;
  } catch {
    return false;
  }
}

function readOpened(opened: number, most: number): Uint8Array {
  try {
    const info = fstatSync(opened);
    if (info.isDirectory()) throw new NotPlainFile('it is a folder');
    if (!info.isFile()) throw new NotPlainFile('it is no ordinary file');
    if (info.size > most) throw new NotPlainFile(`it has ${info.size} bytes, and ${most} are the most`);
    const bytes = new Uint8Array(info.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(opened, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(opened);
  }
}

function isInside(folder: string | null, file: string): boolean {
  return folder !== null && file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function realFolder(folder: string): string | null {
  try {
    return realpathSync(folder);
  } catch {
    return null;
  }
}
