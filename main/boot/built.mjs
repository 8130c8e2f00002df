// The program in few files, for the next start: a third of a start from sources is looking for a thousand small ones. Made by `npm start`
// (start/program-bundle.ts); used for as long as no source, package or place is another one than it was made from, else the sources run.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stampFile } from './stamp.mjs';

/** What is built lies in a folder for each state of the sources: a station that runs still loads parts of its own. */
export const builtFolders = 'dist/program';

/**
 * Where the program of the sources as they are lies, or would.
 * @param {string} root the project's folder
 */
export function builtFolder(root) {
  const hash = createHash('sha256').update(`${root}\0`);
  const packages = stampFile(root);
  if (existsSync(packages)) hash.update(readFileSync(packages));
  const sources = readdirSync(join(root, 'main'), { recursive: true, encoding: 'utf8' });
  for (const file of sources.filter((name) => /\.(ts|mjs|json)$/.test(name)).sort()) {
    const { mtimeMs, size } = statSync(join(root, 'main', file));
    hash.update(`${file}\0${mtimeMs} ${size}\0`);
  }
  return join(root, builtFolders, hash.digest('hex').slice(0, 24));
}

/**
 * The built form of an entry of main/start, where there is one of the sources as they are; else null, as with FUSELINE_SOURCES in the
 * environment: for whoever looks for lines of sources, or changes them on their way into the program.
 * @param {string} root the project's folder
 * @param {string} name 'terminal'
 */
export function builtEntry(root, name) {
  if (process.env.FUSELINE_SOURCES || !existsSync(join(root, builtFolders))) return null;
  const file = join(builtFolder(root), `${name}.mjs`);
  return existsSync(file) ? file : null;
}
