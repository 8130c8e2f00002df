// What of the flash no part of a plan takes: it is erased, so that nothing of a test firmware or of a stranger is in a sealed device.

import { sectorSize } from '../../image/partition-table.ts';
import type { PlannedPart } from '../types.ts';

/** A stretch of flash that begins and ends at sectors. */
export interface Region {
  readonly offset: number;
  readonly length: number;
}

/** Regions of a flash of `size` bytes that no part is written to. The place of a part whose length only the run knows is among them. */
export function unwrittenOf(parts: readonly Pick<PlannedPart, 'offset' | 'length'>[], size: number): Region[] {
  const taken = parts
    .filter(({ length }) => length !== null && length > 0)
    .map(({ offset, length }) => ({
      from: Math.floor(offset / sectorSize) * sectorSize,
      to: Math.ceil((offset + (length ?? 0)) / sectorSize) * sectorSize,
    }))
    .sort((a, b) => a.from - b.from);
  const regions: Region[] = [];
  let at = 0;
  for (const { from, to } of [...taken, { from: size, to: size }]) {
    if (from > at) regions.push({ offset: at, length: Math.min(from, size) - at });
    at = Math.max(at, to);
    if (at >= size) break;
  }
  return regions;
}
