import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.FUSELINE_SHARED ?? join(import.meta.dirname, '../../../../shared');

/** A vector file of the shared data; null where there is none on this machine. */
export function sharedVector<T>(name: string): T | null {
  try {
    return JSON.parse(readFileSync(join(root, 'data/vectors', name), 'utf8')) as T;
  } catch {
    return null;
  }
}
