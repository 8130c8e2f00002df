import { oneLine, printable } from '../base/printable.ts';
import { parseAdvisory } from '../config/advisory-file.ts';
import type { AffectedRecipes } from '../ledger/ledger.ts';
import type { Affected } from '../model/component.ts';
import { RecipeFault } from '../model/fault.ts';
import { textOfFile } from '../model/text-file.ts';
import { knownConcern } from '../recipe/lint/concerns.ts';
import type { CliContext } from './context.ts';
import { readInput } from './files.ts';
import { headed, table, wordsOf } from './words.ts';

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
export function affectedLines(
  { recipes, silent }: AffectedRecipes,
  { affects, beside }: Asked,
  context: CliContext,
): string[] {
  const words = wordsOf(context).terminal.affected;
  const rows = recipes.map(({ recipe, fit, boards, sbom, components, idfVersion }) => [
    `${recipe.name} r${recipe.revision}`,
    recipe.hash.slice(0, 16),
    `${boards}`,
    fit === 'fits' ? '' : words.unclear,
    components.map(({ name, version }) => shown(`${name} ${version ?? words.noVersion}`)).join(', ') ||
      (idfVersion === null ? '-' : `ESP-IDF ${shown(idfVersion)}`),
    sbom === null ? '-' : `${shown(sbom.file)} ${sbom.sha256.slice(0, 16)}`,
  ]);
  return [
    ...beside,
    ...(rows.length === 0
      ? [words.none]
      : table([headed(context, 'recipe', 'hash', 'boards', '', 'has', 'sbom'), ...rows])),
    ...(recipes.some(({ fit }) => fit === 'unclear') ? [words.unclearMeans] : []),
    ...(silent.boards + silent.recipes.length === 0
      ? []
      : [words.silent({ boards: silent.boards, recipes: silent.recipes.length })]),
    ...(affects.some(({ revisions }) => revisions !== undefined) ? [words.revisions] : []),
  ];
}

function shown(text: string): string {
  return oneLine(printable(text));
}
