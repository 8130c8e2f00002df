import type { Partition } from '../../../main/image/types.ts';

/** A row of a partition table, without flags. */
export const row = (name: string, type: number, subtype: number, offset: number, size: number): Partition => ({
  name,
  type,
  subtype,
  offset,
  size,
  encrypted: false,
  readonly: false,
});
