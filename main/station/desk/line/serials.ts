import type { LedgerReader } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { Recipe } from '../../../recipe/types.ts';
import { refuseSerial } from '../../admission.ts';

/** What a scanned serial number is judged by. */
export interface SerialRules {
  readonly recipe: Recipe;
  readonly ledger: Pick<LedgerReader, 'claimedBy' | 'history'>;
  /** Serial numbers that wait for a board or are on one under way. */
  readonly taken: readonly string[];
  /** Name of another recipe whose pattern the text fits, or null. */
  foreign(text: string): string | null;
}

/**
 * Whether this serial number may go on the next board. RecipeFaults: `serial.not-wanted`, `serial.foreign` (it fits another product),
 * `admission.serial-pattern`, `serial.waits` (scanned already), `serial.used` (a sealed device has it).
 */
export async function judgeSerial(text: string, rules: SerialRules): Promise<void> {
  const { recipe, ledger, taken } = rules;
  if (recipe.serial.from !== 'scan')
    throw refusal(
      'serial.not-wanted',
      `The recipe ${recipe.name} makes serial numbers itself, so ${JSON.stringify(text)} is not needed.`,
      'Insert the board; scan nothing.',
    );
  const misfit = refuseSerial(recipe, text);
  if (misfit !== null) {
    const other = rules.foreign(text);
    if (other === null) throw misfit;
    throw refusal(
      'serial.foreign',
      `${JSON.stringify(text)} is a serial number of another product (recipe ${other}), and this batch makes ${recipe.name}.`,
      'Put this board aside: it belongs to another order. Scan the label of the right one.',
    );
  }
  if (taken.includes(text))
    throw refusal(
      'serial.waits',
      `${JSON.stringify(text)} was scanned already and waits for its board or is on one.`,
      'Scan the label of the next board.',
    );
  const mac = await ledger.claimedBy('serial', text);
  if (mac === null) return;
  const { sealed, condemned } = await ledger.history(mac);
  if (sealed === null && condemned === null) return; // its board was not finished: it may come again, and only it will be let through
  throw refusal(
    'serial.used',
    `${JSON.stringify(text)} is the serial number of the board ${mac}, which was ${sealed ? `sealed on ${sealed.sealedAt}` : 'condemned'}.`,
    'Two devices must never share a serial number: put this label aside and tell QA.',
  );
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next, safety: 'untouched' });
}
