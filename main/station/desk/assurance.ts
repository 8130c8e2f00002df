import { profileOf } from '../../chip/profiles.ts';
import type { Assurance } from '../../model/assurance.ts';
import type { ChipKind } from '../../model/chip.ts';
import type { SealedRecord } from '../../model/record.ts';
import { assuranceOf } from '../../recipe/assurance/assurance.ts';

/** How a sealed device stands to each recommendation of the guide. */
export function assuranceOfRecord(record: SealedRecord): Assurance[] {
  return assuranceOf(record, profileOf(record.chip.kind as ChipKind));
}

export type VerdictCounts = Readonly<Record<Assurance['verdict'], number>>;

export function countVerdicts(assurance: readonly Assurance[]): VerdictCounts {
  const counts: Record<Assurance['verdict'], number> = { met: 0, 'not met': 0, waived: 0, 'not applicable': 0 };
  for (const { verdict } of assurance) counts[verdict] += 1;
  return counts;
}
