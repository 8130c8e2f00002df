import { RecipeFault } from '../model/fault.ts';
import { blocks, type LoadedRecipe, type LoadResult, loadRecipe } from '../recipe/load.ts';
import { makeMissingKeys as makeKeys } from '../recipe/making/token-keys.ts';
import type { Recipe, Waiver } from '../recipe/types.ts';
import type { Signer } from '../signing/signer.ts';
import type { CliContext } from './context.ts';
import { findingGroups, wordsOf } from './words.ts';

/** Options that say which recipe with which build. */
export interface RecipeOptions {
  readonly firmware?: string;
  readonly waive?: readonly string[];
  /** Tell notes too. */
  readonly verbose?: boolean;
}

/** `CHECK=REASON` as a waiver; RecipeFault `cli.waiver` for another form. */
export function parseWaiver(text: string): Waiver {
  const at = text.indexOf('=');
  const reason = text.slice(at + 1).trim();
  if (at < 1 || reason === '') {
    throw new RecipeFault({
      code: 'cli.waiver',
      what: `The waiver ${JSON.stringify(text)} is not of the form CHECK=REASON.`,
      next: 'Name the check as recipe check prints it in brackets, and the reason: --waive "boot-proof=the port cannot reset".',
    });
  }
  return { check: text.slice(0, at), reason };
}

/** Reads and judges; tells every finding that is worth a person's time, the gravest first. Null when something stands in the way. */
export function readRecipe(file: string, options: RecipeOptions, context: CliContext): LoadResult {
  const waivers = (options.waive ?? []).map(parseWaiver);
  const result = loadRecipe(file, { waivers, ...(options.firmware ? { firmwareFolder: options.firmware } : {}) });
  const { streams } = context;
  for (const line of findingGroups(result.findings, options.verbose ?? false, streams.language)) streams.say(line);
  return result;
}

/** The same for commands that cannot go on without it. */
export function requireRecipe(file: string, options: RecipeOptions, context: CliContext): LoadedRecipe {
  const { loaded, findings } = readRecipe(file, options, context);
  if (loaded !== null) return loaded;
  const count = findings.filter(blocks).length;
  throw new RecipeFault({
    code: 'recipe.refused',
    what: `The recipe ${file} is refused: ${count} ${count === 1 ? 'mistake stands' : 'mistakes stand'} in the way (above).`,
    next: 'Mend them, or waive with a reason those that can be waived.',
    safety: 'untouched',
  });
}

/** Makes the keys of the recipe that the token lacks; says which. Only for the private token of the data folder. */
export async function makeMissingKeys(recipe: Recipe, signer: Signer, context: CliContext): Promise<void> {
  const words = wordsOf(context).terminal.token;
  for (const key of await makeKeys(recipe, signer)) {
    context.streams.say(words.made({ algorithm: key.algorithm, label: JSON.stringify(key.label), use: key.use }));
  }
}
