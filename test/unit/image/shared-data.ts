import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const shared = process.env.FUSELINE_SHARED ?? resolve(root, '../shared');

/** `{ skip }` for tests that read vectors or builds from beside the repository. */
export const withShared = existsSync(join(shared, 'data/vectors')) ? {} : { skip: 'no shared data' };

export function vectors<T>(file: string): T {
  return JSON.parse(readFileSync(join(shared, 'data/vectors', file), 'utf8')) as T;
}

export function realFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(shared, 'firmware', path)));
}
