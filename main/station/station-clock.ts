import { type Clock, isoTime } from '../base/clock.ts';
import type { Ledger, LedgerReader } from '../ledger/ledger.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import { requireClock } from '../model/program-date.ts';
import { agreedByTwo, type PeopleParts } from './desk/access/people.ts';
import type { Second } from './desk/access/second.ts';

interface ClockParts {
  readonly ledger: Pick<LedgerReader, 'runs' | 'acts'>;
  readonly clock: Clock;
}

/** What the ledger knows of the time, by its newest run, its newest signature, and what custodians said of the clock since. */
async function newestIn(
  ledger: ClockParts['ledger'],
): Promise<{ readonly run: string | null; readonly last: string | null }> {
  const [run] = await ledger.runs({ limit: 1 });
  const [signed] = await ledger.acts({ what: 'signed', limit: 1 });
  const [set] = await ledger.acts({ what: 'clock-set', limit: 1 });
  const times = [
    // what custodians said to be of a clock ahead counts no more; what came later does
    run !== undefined && set?.detail.run !== run.id ? (run.endedAt ?? run.startedAt) : '',
    signed !== undefined && (set === undefined || signed.row > set.row) ? signed.at : '',
    set?.at ?? '',
  ];
  const last = times.sort().at(-1)!;
  return { run: run?.id ?? null, last: last === '' ? null : last };
}

/**
 * Whether the computer's clock can be right by the program's date and by the ledger: before any signature and before any board, since what
 * is written bears its time. RecipeFault `clock.wrong`.
 */
export async function requireStationClock({ ledger, clock }: ClockParts): Promise<void> {
  requireClock(clock.now(), (await newestIn(ledger)).last);
}

/**
 * The clock is right, at the word of two custodians (`by` null where the station knows nobody), and what stands in the ledger with later times
 * was written while it stood ahead: a row that says so, and by which the clock is judged from here on. RecipeFault `clock.right` where
 * nothing stands against it, `clock.wrong` where it stands before the program, `clock.reason`, `people.two`, `people.second`.
 */
export async function acceptClock(
  parts: PeopleParts & { readonly ledger: Pick<Ledger, 'runs' | 'acts' | 'noteAct'>; readonly clock: Clock },
  { by, second, reason }: { readonly by: string | null; readonly second: Second | null; readonly reason: string },
): Promise<void> {
  const { ledger, clock } = parts;
  requireClock(clock.now());
  const { run, last } = await newestIn(ledger);
  if (isRight(clock, last))
    throw new RecipeFault({
      code: 'clock.right',
      what: `The computer's clock says ${isoTime(clock.now())}, and nothing in the ledger stands against it.`,
      next: 'Go on working.',
    });
  if (reason.trim() === '')
    throw new RecipeFault({
      code: 'clock.reason',
      what: 'A clock is taken for right against the ledger with a reason, and none was given.',
      next: 'Say in a sentence why it stood ahead (--reason TEXT).',
    });
  const who = by === null ? [] : await agreedByTwo(parts, 'clock of this station', by, second);
  await ledger.noteAct({ what: 'clock-set', by: who, about: null, detail: { run, last, reason: reason.trim() } });
}

function isRight(clock: Clock, last: string | null): boolean {
  try {
    requireClock(clock.now(), last);
    return true;
  } catch (error) {
    if (isFault(error, 'clock.wrong')) return false;
    throw error;
  }
}
