// Where the program lies, and which it is.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The program's own folder: where its configuration lies, one above main/, or further above where main/ was built elsewhere. */
export const programFolder = folderWith('station-config', here);

/** Folder of the example configuration that comes with the program. */
export const stationConfigFolder = join(programFolder, 'station-config');

/** Where the built page lies, or will. */
export const pageFolder = join(programFolder, 'dist', 'renderer');

export function programVersion(): string {
  return (JSON.parse(readFileSync(join(programFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

function folderWith(name: string, from: string): string {
  return existsSync(join(from, name)) || dirname(from) === from ? from : folderWith(name, dirname(from));
}
