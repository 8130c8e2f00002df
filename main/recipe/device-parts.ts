import type { Firmware, Partition } from '../image/types.ts';
import type { PlannedPart, Recipe } from './types.ts';

/** A partition whose content the run makes for each board. */
export interface DevicePart {
  readonly kind: PlannedPart['kind'] & ('certificate' | 'nvs' | 'nvs-keys');
  readonly partition: Partition;
  /** Whether it is written encrypted under the flash key. */
  readonly encrypted: boolean;
}

/** The partitions of this firmware's table that the recipe has made for each board, those that are there: `recipe check` names the missing. */
export function devicePartsOf(recipe: Recipe, firmware: Firmware): DevicePart[] {
  const wanted: [DevicePart['kind'], string][] = [];
  if (recipe.identity) wanted.push(['certificate', recipe.identity.certificate.partition]);
  return wanted.flatMap(([kind, name]) => {
    const partition = firmware.table.partitions.find((candidate) => candidate.name === name);
    if (partition === undefined) return [];
    return [{ kind, partition, encrypted: recipe.flashEncryption !== null && partition.encrypted }];
  });
}
