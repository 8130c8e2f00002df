import { z } from 'zod';
import type { Recipe } from '../model/recipe.ts';

/** The section `custom_mac` of a recipe: form only. */
export const customMacSchema = z
  .strictObject({
    list: z
      .string()
      .min(1)
      .describe(
        'File with the addresses, relative to this file: one a line, or CSV with a head. Each is given out once.',
      ),
    column: z
      .string()
      .min(1)
      .default('custom_mac')
      .describe(
        'Column of a CSV that holds them. Beside a column mac (the MAC from the factory) or serial each belongs to that device; else they are given out in their order.',
      ),
  })
  .nullable()
  .default(null)
  .describe("A MAC address of the product's own for every device, burned beside the factory's. Leave out for none.");

/** The section as the recipe has it; nothing where it is left out, so that older recipes keep their hash. */
export function customMacOf(yaml: z.output<typeof customMacSchema>): Pick<Recipe, 'customMac'> {
  return yaml === null ? {} : { customMac: { list: yaml.list, column: yaml.column } };
}
