import type { Assurance } from '../model/assurance.ts';
import { evidenceWords } from '../recipe/assurance/assurance.ts';

/** Fit to be read aloud: under each section a sentence for each recommendation, and the sum of it all. */
export function assuranceLines(assurance: readonly Assurance[]): string[] {
  const sections = [...new Set(assurance.map(({ section }) => section))];
  const count = (verdict: Assurance['verdict']) => assurance.filter((one) => one.verdict === verdict).length;
  return [
    ...sections.flatMap((section) => [
      '',
      section,
      ...assurance.filter((one) => one.section === section).map((one) => `  ${sentence(one)}`),
    ]),
    '',
    `Of ${assurance.length} recommendations ${count('met')} are met, ${count('waived')} waived, ${count('not met')} not met, ${count('not shown')} not shown, ${count('not applicable')} not applicable.`,
  ];
}

function sentence(one: Assurance): string {
  return `${one.verdict === 'not met' ? 'NOT MET' : one.verdict}: ${one.recommendation}. ${evidenceWords(one)}.`;
}
