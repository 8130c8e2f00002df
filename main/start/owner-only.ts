// What the station writes is its account's alone, whatever the umask it was started with.
import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files and folders in a data folder that are the station's own; what else lies there is not touched. */
const ours =
  /^(ledger\.sqlite.*|operators\.json|lockout\.json|desk\.json|seats\.json|batch\.json|recipes|labels|printed|token|token\.new-.*|log)$/;

/** Rights of others, in a mode. */
const others = 0o077;

/** What others of this computer may reach of a data folder: the folder itself, what was theirs until now, and what could not be taken from them. */
export interface Loose {
  readonly what: 'folder' | 'closed' | 'open';
  readonly path: string;
}

/** From here on this process makes files and folders for its owner alone. */
export function keepToOwner(): void {
  if (process.platform !== 'win32') process.umask(others);
}

/**
 * Takes the rights of others from what the station has in its data folder, at every start. Gives back what was open,
 * and what still is because it is not this account's to change. A folder that others may enter stays as it is, for it may hold more than
 * ours, and is told.
 */
export function closeToOthers(dataFolder: string): Loose[] {
  if (process.platform === 'win32' || !existsSync(dataFolder)) return [];
  const found: Loose[] = [];
  const mode = lstatSync(dataFolder).mode;
  if ((mode & others) !== 0) found.push({ what: 'folder', path: dataFolder });
  const close = (path: string) => {
    const info = lstatSync(path);
    if (info.isSymbolicLink()) return;
    if ((info.mode & others) !== 0) {
      try {
        chmodSync(path, info.mode & ~others & 0o777);
        found.push({ what: 'closed', path });
      } catch {
        found.push({ what: 'open', path });
      }
    }
    if (info.isDirectory()) for (const name of readdirSync(path)) close(join(path, name));
  };
  for (const name of readdirSync(dataFolder)) if (ours.test(name)) close(join(dataFolder, name));
  return found;
}
