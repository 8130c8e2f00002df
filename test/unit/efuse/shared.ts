import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A folder of the reference data that lies beside the repository, or null where it is absent (a test then says that it skips).
 * FUSELINE_SHARED names another place.
 */
export function sharedData(...path: readonly string[]): string | null {
  const root = process.env.FUSELINE_SHARED ?? join(import.meta.dirname, '../../../../shared');
  const folder = join(root, 'data', ...path);
  return existsSync(folder) ? folder : null;
}
