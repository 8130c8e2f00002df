import { type BoardSafety, RecipeFault } from './fault.ts';

/**
 * A day that lies before every use of this program: that of the newest dated thing in it, its table of advisories. Moved forward with
 * that table (a test holds them together), so that it is the same for everyone who has this source: no build machine's clock has a say.
 */
export const programDate = '2026-11-26';

/** How far a clock may be set back between two starts (ms): a time server corrects by less. */
const correction = 5 * 60_000;

/**
 * Whether the computer's clock (ms) can be right: not before this program was, and not before `last` (ISO 8601), the newest entry of the
 * ledger, where there is one. Certificates and records would bear a time that never was. RecipeFault `clock.wrong`.
 */
export function requireClock(now: number, last: string | null = null, safety: BoardSafety = 'untouched'): void {
  const wrong = (what: string, next: string) => new RecipeFault({ code: 'clock.wrong', what, next, safety });
  const says = `The computer's clock says ${new Date(now).toISOString()}`;
  if (now < Date.parse(`${programDate}T00:00:00Z`))
    throw wrong(
      `${says}, and this program was made after ${programDate}: certificates and records would bear a time that never was.`,
      'Set the clock (a computer without a battery begins in 1970; a time server sets it), then start again.',
    );
  if (last !== null && now < Date.parse(last) - correction)
    throw wrong(
      `${says}, and the ledger has an entry of ${last} already: it would go back in time.`,
      'Set the clock, then start again. Only where that entry was made while the clock stood ahead, let two custodians say so: clock accept --by ID --second ID --reason TEXT, or Station, About in the window.',
    );
}
