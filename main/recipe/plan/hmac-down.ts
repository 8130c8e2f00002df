// The HMAC keys that the chip uses by itself: for the DS peripheral, for JTAG, or one block for both (FACTS 6).

import type { WantedKey } from '../../efuse/plan-types.ts';
import type { KeyPurpose } from '../../efuse/types.ts';
import type { KeyRole } from '../../model/event.ts';
import { rsaBitsOfKey } from '../../model/identity.ts';
import type { Recipe } from '../types.ts';

/** Which use of a downstream key. */
export type HmacUse = 'ds' | 'jtag';

/** The role of the key that serves a use in this recipe. */
export function hmacRole({ hmacDown }: Pick<Recipe, 'hmacDown'>, use: HmacUse): KeyRole {
  return hmacDown === 'shared' ? 'hmac-down-all' : `hmac-down-${use}`;
}

/** Uses that this recipe has. */
export function hmacUses({ identity, doors }: Pick<Recipe, 'identity' | 'doors'>): HmacUse[] {
  const uses: HmacUse[] = [];
  if (identity !== null && rsaBitsOfKey(identity.key) !== null) uses.push('ds');
  if (doors.jtag === 'soft') uses.push('jtag');
  return uses;
}

const purposes: Readonly<Record<HmacUse, KeyPurpose>> = {
  ds: 'HMAC_DOWN_DIGITAL_SIGNATURE',
  jtag: 'HMAC_DOWN_JTAG',
};

/** A block for each use, or one for all of them. */
export function hmacDownKeys(recipe: Recipe): WantedKey[] {
  const wanted = new Map<KeyRole, KeyPurpose>();
  for (const use of hmacUses(recipe)) {
    const role = hmacRole(recipe, use);
    wanted.set(role, role === 'hmac-down-all' ? 'HMAC_DOWN_ALL' : purposes[use]);
  }
  return [...wanted].map(([role, purpose]) => ({
    material: { kind: 'secret', role, part: 'whole' },
    purpose,
    slot: recipe.slots[role] ?? null,
  }));
}
