import type { Affected } from '../../model/component.ts';
import {
  type Advisory,
  advisories,
  advisoriesDate,
  branchAfter,
  type ChipAdvisory,
  chipAdvisories,
} from './advisories.ts';

/** An advisory of the table as a question to the books, and what they cannot answer of it. */
export interface KnownConcern {
  readonly id: string;
  readonly title: string;
  readonly affects: readonly Affected[];
  readonly beside: readonly string[];
}

/** By its id, case ignored; null: the table does not have it. */
export function knownConcern(id: string): KnownConcern | null {
  const isIt = (one: { readonly id: string }) => one.id.toLowerCase() === id.trim().toLowerCase();
  const ofIdf = advisories.find(isIt);
  if (ofIdf !== undefined) return concernOfIdf(ofIdf);
  const ofChip = chipAdvisories.find(isIt);
  return ofChip === undefined ? null : concernOfChip(ofChip);
}

function concernOfIdf({ id, title, fixed, unfixed = [], options, onUse, chips, source }: Advisory): KnownConcern {
  // -a: what came from master before a release, or before that of the next branch, may have it too
  const spans = [
    ...Object.entries(fixed).map(([branch, bugfix]) => [branch, `<${branch}.${bugfix}`] as const),
    ...unfixed.map((branch) => [branch, `<${branchAfter(branch)}-a`] as const),
  ].flatMap(([branch, end]) => [`>=${branch}-a ${end}`, `>=${branchAfter(branch)}-a <${branchAfter(branch)}`]);
  return {
    ...{ id, title },
    affects: [{ espIdf: spans.join(' || '), ...(chips === undefined ? {} : { chips }) }],
    beside: [
      ...(options.length === 0
        ? []
        : [
            `It is in a build only with one of ${options.map((name) => `CONFIG_${name}`).join(', ')}: look into the sdkconfig of these recipes.`,
          ]),
      ...(onUse === true ? ['It is in a firmware only where the application calls it.'] : []),
      `By the table of this program as of ${advisoriesDate}. Source: ${source}.`,
    ],
  };
}

function concernOfChip({ id, title, chips, concerns, source }: ChipAdvisory): KnownConcern {
  const what = {
    'ecdsa-secure-boot': 'It concerns devices whose Secure Boot signs with ECDSA.',
    'flash-encryption': 'It concerns devices with flash encryption.',
    'boot-security': 'It concerns devices with Secure Boot or flash encryption.',
  };
  return {
    ...{ id, title, affects: [{ chips }] },
    beside: [what[concerns], `By the table of this program as of ${advisoriesDate}. Source: ${source}.`],
  };
}
