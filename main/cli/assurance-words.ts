import type { Assurance } from '../model/assurance.ts';
import { evidenceWords } from '../recipe/assurance/assurance.ts';
import { guideIn } from '../words/faults.ts';
import type { Language } from '../words/languages.ts';
import { saying } from '../words/saying.ts';

/** Fit to be read aloud: under each section a sentence for each recommendation, and the sum of it all. */
export function assuranceLines(assurance: readonly Assurance[], language: Language = 'en'): string[] {
  const { verdicts, sum } = saying(() => language).terminal.assurance;
  const sections = [...new Set(assurance.map(({ section }) => section))];
  const count = (verdict: Assurance['verdict']) => assurance.filter((one) => one.verdict === verdict).length;
  return [
    ...sections.flatMap((section) => [
      '',
      guideIn(language, section),
      ...assurance
        .filter((one) => one.section === section)
        .map((one) => `  ${verdicts[one.verdict]}: ${guideIn(language, one.recommendation)}. ${evidenceWords(one)}.`),
    ]),
    '',
    sum({
      ...{ count: assurance.length, met: count('met'), waived: count('waived'), notMet: count('not met') },
      ...{ notShown: count('not shown'), notApplicable: count('not applicable') },
    }),
  ];
}
