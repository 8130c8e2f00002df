import { digestOf } from '../base/json.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import type { WaiverRecord } from '../model/assurance.ts';
import type { LoadedRecipe } from '../recipe/load.ts';

type Bound = Pick<LoadedRecipe, 'recipe' | 'waivers' | 'canonicalText'>;

/**
 * Who approved the recipe in the form without a run's own waivers (those make another hash of it); null: the ledger names nobody, or
 * what was approved was retired since.
 */
export async function approverOf(
  { recipe, canonicalText }: Bound,
  ledger: Pick<LedgerReader, 'recipeStates'>,
): Promise<string | null> {
  const hash = digestOf({ ...(JSON.parse(canonicalText) as object), waivers: recipe.waivers });
  const last = (await ledger.recipeStates()).findLast((note) => note.recipe.hash === hash);
  return last?.state === 'approved' ? last.by : null;
}

/** The waivers of a run with who is answerable: for those of the recipe its approver, for those of the run its operator. */
export async function waiversOf(
  bound: Bound,
  operator: string | null,
  ledger: Pick<LedgerReader, 'recipeStates'>,
): Promise<WaiverRecord[]> {
  const { recipe, waivers } = bound;
  if (waivers.length === 0) return [];
  const approver = recipe.waivers.length === 0 ? null : await approverOf(bound, ledger);
  return waivers.map(({ check, reason }) => {
    const own = recipe.waivers.some((waiver) => waiver.check === check && waiver.reason === reason);
    return own
      ? { check, reason, by: approver, from: 'recipe' as const }
      : { check, reason, by: operator, from: 'operator' as const };
  });
}
