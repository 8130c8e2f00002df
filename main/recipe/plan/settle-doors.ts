import type { Firmware } from '../../image/types.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import type { Recipe } from '../types.ts';

/** How the application of a build shuts download mode at each start (FACTS 13.2); null: it does not, or nobody knows. */
export function shutByBuild(firmware: Firmware): 'secure' | 'disabled' | null {
  const is = (name: string) => sdkconfigOf(firmware)?.options.get(name)?.value === 'y';
  if (is('SECURE_ENABLE_SECURE_ROM_DL_MODE')) return 'secure';
  return is('SECURE_DISABLE_ROM_DL_MODE') ? 'disabled' : null;
}

/** The recipe with what its build does to the door by itself, where both want the same door. Pure. */
export function settleDoors(recipe: Recipe, firmware: Firmware | null): Recipe {
  if (firmware === null || shutByBuild(firmware) !== recipe.doors.downloadMode) return recipe;
  return { ...recipe, doors: { ...recipe.doors, shutByFirmware: true } };
}
