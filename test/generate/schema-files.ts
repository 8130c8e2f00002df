// The published JSON schemas: those of the program that reads recipes and station files.
import { recipeJsonSchema } from '../../main/config/recipe-schema.ts';
import { stationJsonSchema } from '../../main/config/station-file.ts';

const textOf = (schema: Record<string, unknown>) => `${JSON.stringify(schema, null, 2)}\n`;

export const schemaFiles = [
  { file: 'station-config/schemas/recipe.schema.json', text: textOf(recipeJsonSchema()) },
  { file: 'station-config/schemas/station.schema.json', text: textOf(stationJsonSchema()) },
] as const;
