import type { ChipProfile } from '../../chip/board.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import type { Add } from '../finding.ts';
import { wantedEfuses } from '../plan/wanted-efuses.ts';
import type { Recipe } from '../types.ts';

/** A block that is fixed for a key which the recipe does not burn: one of the two is not what its readers believe. Pure. */
export function checkKeySlots(recipe: Recipe, profile: ChipProfile, table: EfuseTable, add: Add): void {
  const digests = (recipe.secureBoot?.keys ?? []).map((_, index) => String(index + 1).repeat(64));
  const { keys } = wantedEfuses(recipe, profile, table, recipe.silicon.min, digests);
  const burned = new Set(
    keys.map(({ material }) =>
      material.kind === 'secret' ? material.role : (`secure-boot-digest-${material.index}` as const),
    ),
  );
  for (const role of Object.keys(recipe.slots) as (keyof Recipe['slots'])[]) {
    // Told where device encryption and shared blocks are.
    const told =
      (role === 'flash-encryption' && recipe.flashEncryption?.by === 'device') ||
      (recipe.hmacDown === 'shared' && /^hmac-down-(ds|jtag)$/.test(role));
    if (burned.has(role) || told) continue;
    add({
      check: 'slot-unused',
      path: `slots.${role}`,
      what: `slots.${role} fixes key block ${recipe.slots[role]}, and the recipe burns no such key.`,
      remedy: 'Ask for the key, or leave the slot out.',
    });
  }
}
