import { isFault } from '../model/fault.ts';
import { assuranceOfRecipe } from '../recipe/assurance/foreseen.ts';
import { approverOf } from '../station/waivers.ts';
import { assuranceLines } from './assurance-words.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { type RecipeOptions, requireRecipe } from './recipe-input.ts';
import { wordsOf } from './words.ts';

export interface AssuranceOptions extends OpenOptions, RecipeOptions {
  readonly json?: boolean;
}

/** What a device made by the recipe will be able to show of the security guide. */
export async function assuranceCommand(file: string, options: AssuranceOptions, context: CliContext): Promise<Exit> {
  const loaded = requireRecipe(file, options, context);
  const assurance = assuranceOfRecipe(loaded, await approver());
  if (options.json) context.streams.answer(JSON.stringify({ recipe: loaded.ref, assurance }));
  else {
    const { name: recipe, revision } = loaded.ref;
    context.streams.answer(wordsOf(context).terminal.assurance.title({ recipe, revision }));
    for (const line of assuranceLines(assurance, context.streams.language)) context.streams.answer(line);
  }
  return exit.passed;

  /** A recipe can be looked at where there is no ledger yet: then nobody approved it. */
  async function approver(): Promise<string | null> {
    if (loaded.recipe.waivers.length === 0) return null;
    try {
      const ledger = await context.openLedger(options);
      try {
        return await approverOf(loaded, ledger);
      } finally {
        await ledger.close();
      }
    } catch (error) {
      if (isFault(error)) return null;
      throw error;
    }
  }
}
