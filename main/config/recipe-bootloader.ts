import { z } from 'zod';
import type { Recipe } from '../model/recipe.ts';

// The section `bootloader` of a recipe: form only. What a chip and a build have is judged in the recipe room.

/** Flash offsets that the eFuse can name: whole sectors, neither 0 (none) nor 0xFFF000 (none for ever). */
const recoveryOffset = z.int().min(0x1000).max(0xffe000).multipleOf(0x1000);

export const bootloaderSchema = z
  .strictObject({
    recovery: z
      .union([recoveryOffset, z.literal('never')])
      .nullable()
      .default(null)
      .describe(
        "Flash offset of a second, signed bootloader that the ROM starts where the first does not, such as 0x3F0000; 'never' burns that there is none, for ever. Left out: as the chip is.",
      ),
    anti_rollback: z
      .strictObject({
        secure_version: z
          .int()
          .min(0)
          .max(4)
          .describe('Lowest version of a bootloader (CONFIG_BOOTLOADER_SECURE_VERSION) that the ROM starts, 0 to 4.'),
        raised_by: z
          .enum(['rom', 'firmware'])
          .default('firmware')
          .describe(
            "Who raises it when a newer bootloader comes: 'rom' at that bootloader's first start, 'firmware' when the application decides.",
          ),
      })
      .nullable()
      .default(null)
      .describe('Makes the ROM refuse older bootloaders. Left out: it does not look.'),
  })
  .nullable()
  .default(null)
  .describe('The second stage: a recovery copy of it, and its own anti-rollback. ESP32-P4 v3, C5, C61 and S31.');

/** The section as the recipe has it; nothing where it is left out, so that older recipes keep their hash. */
export function bootloaderOf(yaml: z.output<typeof bootloaderSchema>): Pick<Recipe, 'bootloader'> {
  if (yaml === null) return {};
  const { recovery, anti_rollback: rollback } = yaml;
  return {
    bootloader: {
      recovery,
      antiRollback: rollback && { secureVersion: rollback.secure_version, raisedBy: rollback.raised_by },
    },
  };
}
