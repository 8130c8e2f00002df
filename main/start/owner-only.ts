// What the station writes is its account's alone, whatever the umask it was started with.
import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files and folders in a data folder that are the station's own; what else lies there is not touched. */
const ours =
  /^(ledger\.sqlite.*|operators\.json|lockout\.json|desk\.json|seats\.json|batch\.json|recipes|labels|printed|token|token\.new-.*|log)$/;

/** Rights of others, in a mode. */
const others = 0o077;

/** From here on this process makes files and folders for its owner alone. */
export function keepToOwner(): void {
  if (process.platform !== 'win32') process.umask(others);
}

/**
 * Takes the rights of others from what the station has in its data folder, at every start. Gives back sentences for people: what was open,
 * and what still is because it is not this account's to change. A folder that others may enter stays as it is, for it may hold more than
 * ours, and is told.
 */
export function closeToOthers(dataFolder: string): string[] {
  if (process.platform === 'win32' || !existsSync(dataFolder)) return [];
  const said: string[] = [];
  const mode = lstatSync(dataFolder).mode;
  if ((mode & others) !== 0)
    said.push(`Others of this computer may look into the data folder ${dataFolder}. Type: chmod 700 ${dataFolder}`);
  const close = (path: string) => {
    const info = lstatSync(path);
    if (info.isSymbolicLink()) return;
    if ((info.mode & others) !== 0) {
      try {
        chmodSync(path, info.mode & ~others & 0o777);
        said.push(`${path} was open to others of this computer, and is not any more.`);
      } catch {
        said.push(`${path} is open to others of this computer, and another account's. Change its owner or its mode.`);
      }
    }
    if (info.isDirectory()) for (const name of readdirSync(path)) close(join(path, name));
  };
  for (const name of readdirSync(dataFolder)) if (ours.test(name)) close(join(dataFolder, name));
  return said;
}
