// Where the files of tests lie while they run.
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tests put down some GB in all, never at once. */
const roomInMemory = 4e9;

/**
 * A folder for the tests' files in memory where Linux has the room, and programs can be started from it: the durable commits of some
 * thousand ledgers are then no waiting. Nothing is tested of the disk itself. null: the usual place.
 */
function folderInMemory(): string | null {
  try {
    accessSync('/dev/shm', constants.W_OK);
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize < roomInMemory || freemem() < roomInMemory) return null;
    const folder = mkdtempSync('/dev/shm/fuseline-test-');
    const script = join(folder, 'runs');
    writeFileSync(script, '#!/bin/sh\n');
    chmodSync(script, 0o700);
    // (another user may go through it, whom Electron's window needs: see electron-program.ts)
    chmodSync(folder, 0o711);
    if (spawnSync(script).status === 0) return folder;
    rmSync(folder, { recursive: true });
  } catch {
    // another system, or no such folder
  }
  return null;
}

/** The processes of tests started from here on put their files into such a folder where there is one; call what comes back at the end. */
export function settleInMemory(): () => void {
  const folder = process.env.TMPDIR === undefined ? folderInMemory() : null;
  if (folder === null) return () => undefined;
  // judges that were installed once stay where they are
  process.env.FUSELINE_JUDGES ??= tmpdir();
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
