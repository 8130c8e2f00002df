import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../base/folder.ts';
import { LedgerFault } from '../model/fault.ts';

/**
 * Puts a file in place whole or not at all: written beside it, flushed, renamed. LedgerFault `disk.full`, `disk.read-only`, `disk.failed` with
 * the file named; what was there before is there still. Owner-only unless told.
 */
export function putFile(file: string, text: string | Uint8Array, mode = 0o600): void {
  try {
    makeFolder(dirname(file));
    writeFileSync(`${file}.new`, text, { mode, flush: true });
    renameSync(`${file}.new`, file);
    syncFolder(dirname(file));
  } catch (cause) {
    throw diskFault(file, cause);
  }
}

/** What the file system says of a file that cannot be written, as a fault for people. Anything else is given back as it is. */
export function diskFault(file: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  const kind = kinds.find(({ codes }) => codes.includes(code));
  if (kind === undefined) return cause;
  return new LedgerFault({
    code: kind.code,
    what: `${file} cannot be written: ${kind.why} (${code}). What was in it before is as it was.`,
    next: kind.next,
    details: { file, code },
    cause,
  });
}

const kinds: readonly {
  readonly code: string;
  readonly codes: readonly string[];
  readonly why: string;
  readonly next: string;
}[] = [
  {
    code: 'disk.full',
    codes: ['ENOSPC', 'EDQUOT', 'EFBIG'],
    why: 'the disk is full',
    next: 'Free disk space, then do it again.',
  },
  {
    code: 'disk.read-only',
    codes: ['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST'],
    why: 'this account may not, or the disk is read-only',
    next: 'Correct the rights of the folder, or mount the disk for writing, then do it again.',
  },
  {
    code: 'disk.failed',
    codes: ['EIO', 'ENXIO', 'ENODEV', 'ESTALE'],
    why: 'the disk failed',
    next: 'Check the disk and its cable or mount, then do it again.',
  },
];

/** The name survives a power cut with the content; Windows keeps no handle on folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } catch (error) {
    // some file systems (of networks) keep folders in their own way
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(opened);
  }
}
