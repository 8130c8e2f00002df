import type { DeviceHistory } from '../ledger/ledger.ts';
import { type Fault, RecipeFault } from '../model/fault.ts';
import type { Recipe } from '../recipe/types.ts';
import type { Signer } from '../signing/signer.ts';

/** Crockford's base 32: no I, L, O and U, which are misread. 32 letters, so that 5 random bits are one without bias. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A serial number that nobody can guess: the recipe's format with `length` letters of 5 bits each of the token's generator. */
export async function drawSerial(signer: Signer, { format, length }: Recipe['serial']): Promise<string> {
  using random = await signer.random(length);
  const drawn = random.use((bytes) => Array.from(bytes, (byte) => letters[byte & 31]).join(''));
  return format.replace('{random}', drawn);
}

/** The number that an earlier run of this board drew in the same form: a board that comes again keeps it. Null: none did. */
export function drawnBefore({ runs }: DeviceHistory, { format, length }: Recipe['serial']): string | null {
  const [before = '', after = ''] = format.split('{random}');
  const fits = (serial: string) =>
    serial.length === before.length + length + after.length &&
    serial.startsWith(before) &&
    serial.endsWith(after) &&
    [...serial.slice(before.length, before.length + length)].every((letter) => letters.includes(letter));
  return runs.findLast(({ run }) => run.serial !== null && fits(run.serial))?.run.serial ?? null;
}

/** A number that was given for a board whose recipe draws one would be one that somebody chose. Null: none was, or it is the board's own. */
export function refuseGivenSerial(recipe: Recipe, given: string | null, drawn: string | null): Fault | null {
  if (recipe.serial.from !== 'random' || given === null || given === drawn) return null;
  return new RecipeFault({
    code: 'admission.serial-drawn',
    what: `The recipe ${recipe.name} draws serial numbers that nobody can guess, and ${JSON.stringify(given)} was given for this board.`,
    next: 'Start the board without a serial number, or use a recipe whose serial.from is scan.',
    safety: 'untouched',
  });
}
