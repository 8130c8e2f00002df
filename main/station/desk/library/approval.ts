import type { RecipeState } from '../../../contract/views.ts';
import type { Ledger, RecipeStateNote } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { LoadedRecipe } from '../../../recipe/load.ts';

/** What of a loaded recipe the ledger keeps with a state. */
export type Bound = Pick<LoadedRecipe, 'ref' | 'canonicalText'>;

/** What became of exactly this hash, oldest first. */
export async function notesOf(ledger: Ledger, hash: string): Promise<readonly RecipeStateNote[]> {
  return statesIn(await ledger.recipeStates(), hash);
}

/** Of all notes those that gave this hash a state: a rehearsal that did not pass gives none. */
export function statesIn<Note extends RecipeStateNote>(
  notes: readonly Note[],
  hash: string | undefined,
): readonly Note[] {
  return notes.filter((note) => note.recipe.hash === hash && note.rehearsal?.passed !== false);
}

/** Writes a state where it is news: a draft only of a hash that the ledger does not know yet. */
export async function noteState(
  ledger: Ledger,
  bound: Bound,
  state: RecipeState,
  by: string,
  reason: string | null = null,
): Promise<void> {
  const last = (await notesOf(ledger, bound.ref.hash)).at(-1);
  if (last?.state === state || (state === 'draft' && last !== undefined)) return;
  await ledger.putRecipe(bound.ref, bound.canonicalText);
  await ledger.noteRecipeState({ recipe: bound.ref, state, by, reason });
}

/**
 * Keeps that a rehearsal of exactly this recipe passed, or how it went, for everybody who looks at it. What is approved or retired stays as it is, and so
 * does what was said of it.
 */
export async function noteRehearsed(
  ledger: Ledger,
  bound: Bound,
  by: string,
  rehearsal?: NonNullable<RecipeStateNote['rehearsal']>,
): Promise<void> {
  const state = (await notesOf(ledger, bound.ref.hash)).at(-1)?.state ?? 'draft';
  if (state === 'approved' || state === 'retired') return;
  await ledger.putRecipe(bound.ref, bound.canonicalText);
  await ledger.noteRecipeState({
    recipe: bound.ref,
    state: rehearsal?.passed === false ? state : 'rehearsed',
    by,
    reason: null,
    ...(rehearsal === undefined ? {} : { rehearsal }),
  });
}

export function isRehearsed(notes: readonly RecipeStateNote[]): boolean {
  return notes.some((note) => note.state === 'rehearsed');
}

/** Why `by` cannot approve this recipe, by what the ledger knows of its hash: `recipe.own`, `recipe.development`; null: nothing. */
export function refuseApprover(
  name: string,
  loaded: LoadedRecipe,
  notes: readonly RecipeStateNote[],
  by: string,
): RecipeFault | null {
  if (notes.some((note) => note.state === 'draft' && note.by === by))
    return new RecipeFault({
      code: 'recipe.own',
      what: `The recipe ${name} was written by ${by}, and nobody approves a recipe of their own.`,
      next: 'Ask another engineer or custodian to approve it.',
    });
  if (loaded.recipe.purpose === 'development')
    return new RecipeFault({
      code: 'recipe.development',
      what: `The recipe ${name} is for development: it may leave doors open, and is never approved for production.`,
      next: 'Set purpose to production and close what the check then names.',
    });
  if (loaded.recipe.flashEncryption?.mode === 'development')
    return new RecipeFault({
      code: 'recipe.development',
      what: `The recipe ${name} encrypts flash in development mode, which can be switched off: it is never approved for production.`,
      next: 'Set flash_encryption.mode to release.',
    });
  return null;
}
