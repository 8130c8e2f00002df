import { join } from 'node:path';

/** The folder that a factory starts from. */
export const stationConfig = join(import.meta.dirname, '../../../station-config');
