// Folders that tests make once for all runs (tools from PyPI, files from crates.io): by one process at a time, whole or not at all.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../main/boot/lock.mjs';

/** How long a failed attempt is believed before it is tried again: one run of all tests. */
const failureLastsMs = 10 * 60_000;

/**
 * The folder of this name, filled by `make` when that has not been done yet. `make` gives null, or a sentence on why it could not and
 * leaves nothing behind; that sentence is given back, also to those who ask within the next minutes.
 */
export async function madeOnce(
  name: string,
  make: (folder: string) => Promise<string | null>,
): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const home = join(
    process.env.XDG_CACHE_HOME ?? process.env.FUSELINE_JUDGES ?? tmpdir(),
    `fuseline-${userInfo().uid}`,
  );
  mkdirSync(home, { recursive: true });
  const folder = join(home, name);
  const [ready, failed] = [join(folder, 'ready'), `${folder}.failed`];
  if (existsSync(ready)) return { folder };
  const nothing = () => undefined;
  const missing = await withLock(`${folder}.lock`, nothing, async () => {
    if (existsSync(ready)) return null;
    if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < failureLastsMs)
      return readFileSync(failed, 'utf8');
    const why = await make(folder);
    if (why === null) writeFileSync(ready, name);
    else writeFileSync(failed, why);
    return why;
  });
  return missing === null ? { folder } : { missing };
}
