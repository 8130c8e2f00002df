// Brings node_modules up to package-lock.json, once. Scripts of packages do not run: the one native part without a prebuilt binary
// (pkcs11js) is built here by name, against the headers that come with the pinned Node.js, so that nothing else is downloaded.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { isInstalled, pinnedNode, stampFile, stampOf } from './stamp.mjs';
import { installPrograms } from './system.mjs';

/** Lines of npm's words that are worth showing when it fails. */
const lastLines = 25;

/** @param {string} line */
const tell = (line) => process.stderr.write(`${line}\n`);

/**
 * Runs npm quietly. Gives back null, or on failure the last lines it wrote.
 * @param {string} root
 * @param {string[]} words
 * @param {Record<string, string>} [extra] environment
 * @returns {Promise<string | null>}
 */
function npm(root, words, extra = {}) {
  const path = process.env.npm_execpath ?? '';
  const [program, ...first] = basename(path) === 'npm-cli.js' ? [process.execPath, path] : ['npm'];
  return new Promise((resolve) => {
    const child = spawn(/** @type {string} */ (program), [...first, ...words], {
      cwd: root,
      env: { ...process.env, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: program === 'npm' && process.platform === 'win32',
    });
    let said = '';
    /** @param {Buffer} chunk */
    const hear = (chunk) => {
      said = (said + chunk).slice(-20_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) => resolve(`npm could not be started: ${error.message}`));
    child.on('close', (code) => {
      // An old system node is what the launcher is for; npm's warnings about it are no news.
      const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.includes('EBADENGINE'));
      resolve(code === 0 ? null : lines.slice(-lastLines).join('\n'));
    });
  });
}

/** @param {string} root */
const isTokenInterfaceBuilt = (root) => existsSync(join(root, 'node_modules/pkcs11js/build/Release/pkcs11.node'));

/** @param {string} root */
function buildTokenInterface(root) {
  const home = dirname(dirname(pinnedNode(root)));
  const headers = existsSync(join(home, 'include', 'node'));
  return npm(root, ['rebuild', 'pkcs11js'], headers ? { npm_config_nodedir: home } : {});
}

/**
 * Makes the packages ready and writes the stamp. Gives back null, or what went wrong for the person at the keyboard.
 * Safe to call from several processes at once: one installs, the others wait and find it done.
 * @param {string} root
 * @returns {Promise<string | null>}
 */
export async function install(root) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const waiting = () => tell('Another start is installing packages; waiting for it ...');
  return withLock(join(root, '.cache', 'install.lock'), waiting, async () => {
    const stamp = stampOf(root);
    if (existsSync(stampFile(root)) && readFileSync(stampFile(root), 'utf8') === stamp) return null;
    const wish = installPrograms(tell);
    if (wish !== null) tell(wish);
    if (!isInstalled(root)) {
      tell('Installing packages (once) ...');
      const failure = await npm(root, ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
      if (failure !== null) return `${failure}\nThe packages could not be installed; npm's last words stand above.`;
    }
    if (!isTokenInterfaceBuilt(root)) {
      const failure = await buildTokenInterface(root);
      if (failure !== null) {
        // Everything but a token works without it: not fatal, but without the stamp, so that the next start tries again.
        tell(`${failure}\nThe token interface (pkcs11js) could not be built; npm's last words stand above.`);
        return null;
      }
    }
    writeFileSync(stampFile(root), stamp);
    return null;
  });
}
