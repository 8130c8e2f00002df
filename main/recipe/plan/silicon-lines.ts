import type { ChipProfile } from '../../chip/board.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import type { Recipe } from '../../model/recipe.ts';

/** The chip's silicon lines that lie in the recipe's range. */
export function tablesOf(recipe: Recipe, profile: ChipProfile): EfuseTable[] {
  return profile.efuseTables.filter(
    (table) => table.revisions.min <= recipe.silicon.max && table.revisions.max >= recipe.silicon.min,
  );
}
