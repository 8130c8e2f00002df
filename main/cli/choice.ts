import { RecipeFault } from '../model/fault.ts';

/** The one of `known` that was given on the command line. RecipeFault `cli.value` for another word. */
export function oneOf<T extends string>(value: string, known: readonly T[], option: string): T {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new RecipeFault({
    code: 'cli.value',
    what: `${option} does not know ${JSON.stringify(value)}.`,
    next: `Use one of ${known.join(', ')}.`,
  });
}
