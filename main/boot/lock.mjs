// One installer at a time. The lock is a folder with one file in it that names its owner; it appears whole (a rename), so that
// nobody ever sees it half made, and only the named file of a dead owner is ever taken away.
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** How long an owner on another computer (a shared folder) is believed to be alive: longer than any installation takes. */
const foreignPatienceMs = 15 * 60_000;
const pollMs = 200;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** @param {string} lock @param {string} owner file name `pid@host@random` */
function isStale(lock, owner) {
  const [pid, host] = owner.split('@');
  if (host === encodeURIComponent(hostname())) return !isAlive(Number(pid));
  return Date.now() - statSync(join(lock, owner)).mtimeMs > foreignPatienceMs;
}

/** Takes a dead owner's lock away; quietly does nothing where another was quicker. @param {string} lock */
function clearStale(lock) {
  try {
    const owner = readdirSync(lock)[0];
    if (owner === undefined || isStale(lock, owner)) {
      if (owner !== undefined) unlinkSync(join(lock, owner));
      rmdirSync(lock);
    }
  } catch {
    // gone or taken in the meantime: the next look tells
  }
}

/**
 * Runs `work` while holding the lock folder `lock`; waits for as long as another living process holds it.
 * @template T
 * @param {string} lock its parent folder must exist
 * @param {() => void} waiting called once when there is somebody to wait for
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lock, waiting, work) {
  const owner = `${process.pid}@${encodeURIComponent(hostname())}@${Math.random().toString(36).slice(2)}`;
  const draft = `${lock}.${owner}`;
  mkdirSync(draft);
  writeFileSync(join(draft, owner), '');
  try {
    for (let told = false; ; ) {
      try {
        renameSync(draft, lock); // fails while the lock is there with an owner in it
        break;
      } catch (error) {
        const { code } = /** @type {NodeJS.ErrnoException} */ (error);
        if (!['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(code ?? '')) throw error;
      }
      clearStale(lock);
      if (!told) waiting();
      told = true;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    try {
      return await work();
    } finally {
      rmSync(join(lock, owner), { force: true });
      try {
        rmdirSync(lock);
      } catch {
        // the next owner has moved in already
      }
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
