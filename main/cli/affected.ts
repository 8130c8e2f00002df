import { oneLine, printable } from '../base/printable.ts';
import { parseAdvisory } from '../config/advisory-file.ts';
import type { AffectedRecipes } from '../ledger/ledger.ts';
import type { Affected } from '../model/component.ts';
import { RecipeFault } from '../model/fault.ts';
import { textOfFile } from '../model/text-file.ts';
import { knownConcern } from '../recipe/lint/concerns.ts';
import { readInput } from './files.ts';
import { table } from './words.ts';

/** What was asked for on the command line, and what is to be said beside the answer. */
export interface Asked {
  readonly affects: readonly Affected[];
  readonly beside: readonly string[];
}

/** Null: neither was given. RecipeFault `cli.both`, `cli.advisory`. */
export function askedFor({
  component,
  advisory,
  text,
  question,
}: {
  readonly component?: string;
  readonly advisory?: string;
  readonly text?: string;
  readonly question?: string;
}): Asked | null {
  const given = [component, advisory, text, question].filter((one) => one !== undefined);
  if (given.length > 1)
    throw new RecipeFault({
      code: 'cli.both',
      what: '--component, --advisory, --text and --question are questions each, and were asked at once.',
      next: 'Ask one of them; --batch, --outcome, --from and --to go with each.',
    });
  if (component !== undefined) return { affects: [{ component }], beside: [] };
  return advisory === undefined ? null : published(advisory);
}

/** An advisory that this program knows by its id, or one in a file. */
function published(named: string): Asked {
  const known = knownConcern(named);
  if (known !== null) return { affects: known.affects, beside: [`${known.id}: ${known.title}.`, ...known.beside] };
  const { advisory, problems } = parseAdvisory(textOfFile(readInput(named), named), named);
  const [problem] = problems;
  if (advisory === null)
    throw new RecipeFault({
      code: 'cli.advisory',
      what: `${named} is no advisory, in ${problems.length} places, the first in line ${problem?.line ?? 1}: ${problem?.what ?? 'it is empty.'}`,
      next: problem?.remedy ?? 'Write advisory, title and affects (docs/regulator-drill.md).',
    });
  const title = advisory.title === '' ? '' : `: ${advisory.title}`;
  return { affects: advisory.affects, beside: [shown(`${advisory.advisory}${title}`)] };
}

/** Recipes that are concerned, and what nobody can say. */
export function affectedLines({ recipes, silent }: AffectedRecipes, { affects, beside }: Asked): string[] {
  const rows = recipes.map(({ recipe, fit, boards, sbom, components, idfVersion }) => [
    `${recipe.name} r${recipe.revision}`,
    recipe.hash.slice(0, 16),
    `${boards}`,
    fit === 'fits' ? '' : 'UNCLEAR',
    components.map(({ name, version }) => shown(`${name} ${version ?? '(no version)'}`)).join(', ') ||
      (idfVersion === null ? '-' : `ESP-IDF ${shown(idfVersion)}`),
    sbom === null ? '-' : `${shown(sbom.file)} ${sbom.sha256.slice(0, 16)}`,
  ]);
  return [
    ...beside,
    ...(rows.length === 0
      ? ['No recipe of this ledger is concerned.']
      : table([['recipe', 'hash', 'boards', '', 'has', 'by its SBOM'], ...rows])),
    ...(recipes.some(({ fit }) => fit === 'unclear')
      ? ['UNCLEAR: the version cannot be compared; these boards are told as if they were concerned.']
      : []),
    ...(silent.boards + silent.recipes.length === 0
      ? []
      : [
          `Nobody can say of ${silent.boards} boards of ${silent.recipes.length} further recipes: nothing of what was asked for is bound in them.`,
        ]),
    ...(affects.some(({ revisions }) => revisions !== undefined)
      ? [
          'Boards are counted by recipe, whatever their revision; below, revisions were looked up among the 5,000 most recent. Those of all stand in ledger export (chip_revision).',
        ]
      : []),
  ];
}

function shown(text: string): string {
  return oneLine(printable(text));
}
