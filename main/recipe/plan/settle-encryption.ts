import type { Firmware } from '../../image/types.ts';
import type { PseudoRounds } from '../../model/recipe.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import type { Recipe } from '../types.ts';

/**
 * The level of dummy rounds that a build's bootloader burns when it switches flash encryption on
 * (CONFIG_SECURE_FLASH_PSEUDO_ROUND_FUNC_STRENGTH, 1 to 3); 0 where it burns none, null where nobody knows.
 */
export function pseudoRoundsOfBuild(firmware: Firmware): PseudoRounds | 0 | null {
  const options = sdkconfigOf(firmware)?.options;
  const on = options?.get('SECURE_FLASH_PSEUDO_ROUND_FUNC')?.value;
  if (options === undefined || on === undefined) return null;
  const level = Number(options.get('SECURE_FLASH_PSEUDO_ROUND_FUNC_STRENGTH')?.value ?? 1);
  return on !== 'y' ? 0 : level === 2 || level === 3 ? level : 1;
}

/** The recipe with the level of dummy rounds that its build asks for, where the recipe leaves it open and would have another. Pure. */
export function settleEncryption(recipe: Recipe, firmware: Firmware | null): Recipe {
  const encryption = recipe.flashEncryption;
  if (firmware === null || encryption === null || encryption.pseudoRounds !== undefined) return recipe;
  const level = pseudoRoundsOfBuild(firmware);
  if (level === null || level === 0 || (level === 1 && encryption.mode === 'release')) return recipe;
  return { ...recipe, flashEncryption: { ...encryption, pseudoRounds: level } };
}
