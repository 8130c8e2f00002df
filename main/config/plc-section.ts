// The section of a station file that names a PLC.
import { z } from 'zod';

/** A PLC that starts the boards of some fixtures, over Modbus TCP. */
export interface PlcConfig {
  /** `modbus://HOST:PORT`. */
  readonly url: string;
  readonly unit: number;
  readonly readAt: number;
  readonly writeAt: number;
  readonly silentSeconds: number;
  /** Names, in the order of their registers. */
  readonly fixtures: readonly string[];
  /** Ids of recipes by their names. */
  readonly recipes: Readonly<Record<string, number>>;
}

const register = z.int().min(0).max(65_535);

export const plcSection = z
  .strictObject({
    url: z
      .string()
      .regex(/^modbus:\/\/([^\s/@?#:[\]]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?\/?$/)
      .describe('modbus://HOST:PORT. Modbus has neither names nor passwords: give it a network of its own.'),
    unit: z.int().min(0).max(255).default(1).describe('Unit behind the address.'),
    read_at: register.default(0).describe('Holding register where the block begins that the PLC writes.'),
    write_at: register.default(100).describe('Holding register where the block begins that the station writes.'),
    silent_seconds: z
      .int()
      .min(1)
      .max(60)
      .default(2)
      .describe('A counter of the PLC that stands so long is that of a program that does not run.'),
    fixtures: z
      .array(z.string().min(1).max(32))
      .min(1)
      .max(64)
      .refine((names) => new Set(names).size === names.length, 'A fixture stands there twice.')
      .describe('Fixtures whose boards the PLC starts, and nobody else; in the order of their registers.'),
    recipes: z
      .record(z.string().min(1).max(120), z.int().min(1).max(65_535))
      .refine((ids) => new Set(Object.values(ids)).size === Object.keys(ids).length, 'Two recipes have one id.')
      .default({})
      .describe('Ids by which the PLC knows recipes, by their names; others are 0 to it.'),
  })
  .superRefine(({ read_at: readAt, write_at: writeAt, fixtures }, context) => {
    const [readEnd, writeEnd] = [readAt + 4 + fixtures.length, writeAt + 6 * (1 + fixtures.length)];
    const problem = (path: string, message: string) =>
      context.addIssue({
        code: 'custom',
        path: [path],
        message,
        params: { remedy: 'Give each block its own registers (docs/factory.md).' },
      });
    if (readEnd > 65_536) problem('read_at', 'The block of the PLC ends behind the last register.');
    if (writeEnd > 65_536) problem('write_at', 'The block of the station ends behind the last register.');
    if (readAt < writeEnd && writeAt < readEnd)
      problem('write_at', `The station would write over what the PLC says (registers ${readAt} to ${readEnd - 1}).`);
  })
  .optional()
  .describe('PLC that starts the boards of some fixtures over Modbus TCP (docs/factory.md). Left out: none.');

export function plcOfSection(plc: z.output<typeof plcSection>): PlcConfig | null {
  if (plc === undefined) return null;
  const { url, unit, read_at: readAt, write_at: writeAt, silent_seconds: silentSeconds, fixtures, recipes } = plc;
  return { url, unit, readAt, writeAt, silentSeconds, fixtures, recipes };
}
