import { digestOf } from '../base/json.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import type { WaiverRecord } from '../model/assurance.ts';
import type { LoadedRecipe } from '../recipe/load.ts';

/**
 * The waivers of a run with who is answerable: for those of the recipe the person who approved it in the form without the run's own
 * waivers (those make another hash of it), for those of the run its operator. Null where the ledger names nobody.
 */
export async function whoWaived(
  { recipe, waivers, canonicalText }: Pick<LoadedRecipe, 'recipe' | 'waivers' | 'canonicalText'>,
  operator: string | null,
  ledger: Pick<LedgerReader, 'recipeStates'>,
): Promise<WaiverRecord[]> {
  if (waivers.length === 0) return [];
  const hash = digestOf({ ...(JSON.parse(canonicalText) as object), waivers: recipe.waivers });
  const notes = (await ledger.recipeStates()).filter((note) => note.recipe.hash === hash);
  const last = notes.at(-1);
  const approver = last?.state === 'approved' ? last.by : null;
  return waivers.map(({ check, reason }) => {
    const own = recipe.waivers.some((waiver) => waiver.check === check && waiver.reason === reason);
    return own
      ? { check, reason, by: approver, from: 'recipe' as const }
      : { check, reason, by: operator, from: 'operator' as const };
  });
}
