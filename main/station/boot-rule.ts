import type { LedgerReader } from '../ledger/ledger.ts';
import type { Recipe } from '../recipe/types.ts';

export type BootRule = Recipe['bootProof'];

/** What the recipe of this hash asks of a boot, from the text that the ledger keeps of it; null where it has none. */
export async function bootRuleOf(ledger: Pick<LedgerReader, 'recipe'>, hash: string): Promise<BootRule | null> {
  const kept = await ledger.recipe(hash);
  if (kept === null) return null;
  const { recipe } = JSON.parse(kept.text) as { readonly recipe?: Partial<Recipe> };
  return recipe?.bootProof ?? null;
}
