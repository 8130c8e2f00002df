import { RecipeFault } from '../model/fault.ts';

/** A file that does not hold what its format promises. `code` becomes `image.<code>`. */
export function formatFault(
  code: string,
  what: string,
  next: string,
  details: Readonly<Record<string, string | number | boolean | null>> = {},
): RecipeFault {
  return new RecipeFault({ code: `image.${code}`, what, next, details });
}

/** `0x2000`: how offsets and addresses are written for people. */
export function hexOf(value: number): string {
  return `0x${value.toString(16)}`;
}
