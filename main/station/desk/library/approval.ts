import type { RecipeState } from '../../../contract/views.ts';
import type { Ledger, LedgerReader, RecipeStateNote } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { LoadedRecipe } from '../../../recipe/load.ts';
import { handsOf, oneHand, sharedHand, type WayIn, wayIn } from '../access/second.ts';

/** What of a loaded recipe the ledger keeps with a state. */
export type Bound = Pick<LoadedRecipe, 'ref' | 'canonicalText'>;

/** When and where a note stands in the ledger. */
interface Stored {
  readonly at: string;
  readonly row: number;
}

/** What became of exactly this hash, oldest first. */
export async function notesOf(ledger: Ledger, hash: string): Promise<readonly (RecipeStateNote & Stored)[]> {
  return statesIn(await ledger.recipeStates(), hash);
}

/** Of all notes those that gave this hash a state: a rehearsal that did not pass gives none. */
export function statesIn<Note extends RecipeStateNote>(
  notes: readonly Note[],
  hash: string | undefined,
): readonly Note[] {
  return notes.filter((note) => note.recipe.hash === hash && note.rehearsal?.passed !== false);
}

/**
 * Somebody answers for exactly this recipe, as its author, where nobody does yet: also of one that was rehearsed while nobody did. Whoever
 * approved it cannot become its author; what is approved has one.
 */
export async function noteDraft(ledger: Ledger, bound: Bound, by: string): Promise<void> {
  const notes = await notesOf(ledger, bound.ref.hash);
  if (notes.some(({ state }) => state !== 'rehearsed')) return;
  await ledger.putRecipe(bound.ref, bound.canonicalText);
  await ledger.noteRecipeState({ recipe: bound.ref, state: 'draft', by, reason: null });
}

/** Writes a state where it is news. */
export async function noteState(
  ledger: Ledger,
  bound: Bound,
  state: Exclude<RecipeState, 'draft'>,
  by: string,
  reason: string | null = null,
): Promise<void> {
  const last = (await notesOf(ledger, bound.ref.hash)).at(-1);
  if (last?.state === state) return;
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

/** Who says yes, as far as it counts whether this is another person than the author. */
export interface Approver {
  readonly id: string;
  /** Since when (ms since 1970) this person exists with the same PIN and badge. */
  readonly unchangedSince: number;
  /** The newest PIN, badge or credential file of this person in the ledger, whose order no clock changes; null: it has none. */
  readonly wayIn: WayIn | null;
  /** Whose hands the author's ways in are, where the ledger knows an author. */
  readonly authorsHands: readonly string[];
}

/** What counts of the person who would approve a recipe with these notes. */
export async function approverOf(
  ledger: Pick<LedgerReader, 'acts'>,
  notes: readonly RecipeStateNote[],
  id: string,
  unchangedSince: number,
): Promise<Approver> {
  const author = authorIn(notes);
  const authorsHands = author === null ? [] : handsOf(await wayIn(ledger, author), author);
  return { id, unchangedSince, wayIn: await wayIn(ledger, id), authorsHands };
}

function authorIn(notes: readonly RecipeStateNote[]): string | null {
  return notes.find((note) => note.state === 'draft')?.by ?? null;
}

/**
 * Why this person cannot approve this recipe, by what the ledger knows of its hash; null: nothing. Faults `recipe.development`,
 * `recipe.author-unknown`, `recipe.own`, `recipe.not-rehearsed`, `recipe.approver-new`: whoever was made, or whose PIN was set, since the
 * rehearsal that asks for the yes, may be the author once more; `people.one-hand`: the PIN of one is known to the other.
 */
export function refuseApprover(
  name: string,
  loaded: LoadedRecipe,
  notes: readonly (RecipeStateNote & Stored)[],
  by: Approver,
): RecipeFault | null {
  return (
    refuseDevelopment(name, loaded) ??
    refuseAuthor(name, authorIn(notes), by) ??
    refuseUnasked(name, notes.findLast((note) => note.state === 'rehearsed') ?? null, by)
  );
}

function refuseAuthor(name: string, author: string | null, by: Approver): RecipeFault | null {
  if (author === null)
    return new RecipeFault({
      code: 'recipe.author-unknown',
      what: `The ledger does not know who wrote the recipe ${name} in this form: its file or its firmware changed beside the station.`,
      next: 'Let an engineer look at it and save it (Recipes, Save; or recipe submit FILE): that person answers for it, and another one approves.',
    });
  if (author === by.id)
    return new RecipeFault({
      code: 'recipe.own',
      what: `The recipe ${name} was written by ${author}, and nobody approves a recipe of their own.`,
      next: 'Ask another engineer or custodian to approve it.',
    });
  const hand = sharedHand(handsOf(by.wayIn, by.id), by.authorsHands);
  return hand === null ? null : oneHand(author, by.id, hand);
}

function refuseUnasked(name: string, rehearsal: Stored | null, by: Approver): RecipeFault | null {
  if (rehearsal === null)
    return new RecipeFault({
      code: 'recipe.not-rehearsed',
      what: `The recipe ${name} was not rehearsed in this form.`,
      next: 'Rehearse it on virtual silicon first.',
    });
  if (by.unchangedSince <= Date.parse(rehearsal.at) && (by.wayIn?.row ?? 0) < rehearsal.row) return null;
  return new RecipeFault({
    code: 'recipe.approver-new',
    what: `${by.id}, or a PIN or badge of ${by.id}, is younger than the rehearsal of the recipe ${name}.`,
    next: 'Rehearse it again, or ask another engineer or custodian.',
  });
}

function refuseDevelopment(name: string, loaded: LoadedRecipe): RecipeFault | null {
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
