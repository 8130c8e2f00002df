import { profileOf } from '../../../chip/profiles.ts';
import type { Assurance } from '../../../model/assurance.ts';
import type { ChipKind } from '../../../model/chip.ts';
import type { SealedRecord } from '../../../model/record.ts';
import { assuranceOf } from '../../../recipe/assurance/assurance.ts';

/** How a sealed device stands to each recommendation of the guide. */
export function assuranceOfRecord(record: SealedRecord): Assurance[] {
  return assuranceOf(record, profileOf(record.chip.kind as ChipKind));
}

/** The same in a line of a list: how much is met, and by name what is not. */
export interface AssuranceSum {
  readonly met: number;
  readonly notApplicable: number;
  readonly waived: readonly string[];
  readonly notShown: readonly string[];
  readonly notMet: readonly string[];
}

export function sumOf(assurance: readonly Assurance[]): AssuranceSum {
  const named = (verdict: Assurance['verdict']) =>
    assurance
      .filter((one) => one.verdict === verdict)
      .map(({ section, recommendation }) => `${section}: ${recommendation}`);
  return {
    met: named('met').length,
    notApplicable: named('not applicable').length,
    waived: named('waived'),
    notShown: named('not shown'),
    notMet: named('not met'),
  };
}
