import { sectorSize } from '../../image/partition-table.ts';
import type { Firmware, Partition } from '../../image/types.ts';
import type { PlannedPart, Recipe } from '../types.ts';

/** A partition whose content the run makes for each board. */
export interface DevicePart {
  readonly kind: PlannedPart['kind'] & ('certificate' | 'nvs' | 'nvs-keys');
  readonly partition: Partition;
  /** Whether it is written encrypted under the flash key. */
  readonly encrypted: boolean;
  /** Bytes that are written; null where only the run knows. */
  readonly length: number | null;
}

/** The partitions of this firmware's table that the recipe has made for each board, those that are there: `recipe check` names the missing. */
export function devicePartsOf(recipe: Recipe, firmware: Firmware): DevicePart[] {
  const wanted: [DevicePart['kind'], string][] = [];
  if (recipe.identity) wanted.push(['certificate', recipe.identity.partition]);
  const stored = recipe.storage ?? [];
  for (const { partition } of stored) wanted.push(['nvs', partition]);
  for (const name of new Set(stored.flatMap(({ keysPartition }) => keysPartition ?? [])))
    wanted.push(['nvs-keys', name]);
  return wanted.flatMap(([kind, name]) => {
    const partition = firmware.table.partitions.find((candidate) => candidate.name === name);
    if (partition === undefined) return [];
    // NVS has an encryption of its own, which flash encryption must not cover (FACTS 9.4); its keys need that of flash.
    const covered = kind === 'nvs-keys' || (kind !== 'nvs' && partition.encrypted);
    const length = kind === 'nvs' ? partition.size : kind === 'nvs-keys' ? sectorSize : null;
    return [{ kind, partition, encrypted: recipe.flashEncryption !== null && covered, length }];
  });
}
