import { fileURLToPath } from 'node:url';
import { recipeJsonSchema } from '../../../main/config/recipe-schema.ts';
import { stationJsonSchema } from '../../../main/config/station-file.ts';

export const stationConfig = fileURLToPath(new URL('../../../station-config', import.meta.url));

/** The published schemas as they must lie in station-config/schemas. */
export const schemaFiles = [
  { file: `${stationConfig}/schemas/recipe.schema.json`, text: textOf(recipeJsonSchema()) },
  { file: `${stationConfig}/schemas/station.schema.json`, text: textOf(stationJsonSchema()) },
] as const;

function textOf(schema: Record<string, unknown>): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
