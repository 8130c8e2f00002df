// Programs that npm cannot bring: found in the PATH, or installed with apt where this process may.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** program -> the Debian package that has it, and what Fuseline does with it */
export const programs = {
  'softhsm2-util': { package: 'softhsm2', use: 'the demonstration token' },
  socat: { package: 'socat', use: 'virtual chips behind a pseudo terminal' },
  make: { package: 'make', use: 'building the token interface' },
  'g++': { package: 'g++', use: 'building the token interface' },
  python3: { package: 'python3', use: 'building the token interface' },
  chromium: { package: 'chromium', use: 'the browser face and its tests' },
};

/** @param {string} name @param {string} [path] */
export function isInPath(name, path = process.env.PATH ?? '') {
  return path.split(delimiter).some((folder) => {
    try {
      const file = join(folder, name);
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

/**
 * Debian packages of the programs that are not in the PATH, in the order of the table.
 * @param {string} [path]
 */
export function missingPackages(path) {
  return Object.entries(programs)
    .filter(([name]) => !isInPath(name, path))
    .map(([, program]) => program.package);
}

/** The words before a command that make it root's, or null where that cannot be had without asking. @returns {string[] | null} */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  if (isInPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return null;
}

/**
 * Installs what is missing where apt and the right to use it are there. Gives back one sentence on what could not be had, or null.
 * @param {(line: string) => void} tell
 * @returns {string | null}
 */
export function installPrograms(tell) {
  if (process.platform === 'win32') return null;
  const wanted = missingPackages();
  if (wanted.length === 0) return null;
  return installPackages(wanted, tell);
}

/**
 * Installs these Debian packages where apt and the right to use it are there. Gives back one sentence on what could not be had, or null.
 * @param {readonly string[]} wanted @param {(line: string) => void} tell
 * @returns {string | null}
 */
export function installPackages(wanted, tell) {
  const list = wanted.join(' ');
  const manual = `Fuseline also uses ${list}, which could not be found: please install ${wanted.length === 1 ? 'it' : 'them'}`;
  if (!isInPath('apt-get')) return `${manual} with this system's package manager.`;
  const root = asRoot();
  if (root !== null) {
    tell(`Installing system packages (once): ${list} ...`);
    /** @param {...string} words */
    const apt = (...words) => {
      const [program, ...rest] = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...words];
      return spawnSync(/** @type {string} */ (program), rest, { stdio: 'ignore' }).status === 0;
    };
    /** @param {string[]} packages */
    const install = (...packages) => apt('install', '-y', '--no-install-recommends', ...packages);
    if (install(...wanted) || (apt('update') && install(...wanted))) return null;
    // One that this system does not have must not keep the others away.
    const left = wanted.filter((one) => !install(one));
    if (left.length === 0) return null;
    return `Fuseline also uses ${left.join(' ')}, which apt-get could not install: sudo apt-get install -y ${left.join(' ')}`;
  }
  return `${manual} with: sudo apt-get install -y ${list}`;
}
