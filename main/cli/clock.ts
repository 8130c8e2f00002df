import { acceptClock } from '../station/station-clock.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { type SignInOptions, secondOf, signInWhereKnown } from './sign-in.ts';
import { wordsOf } from './words.ts';

export interface ClockOptions extends SignInOptions {
  readonly second?: string;
  readonly reason?: string;
}

/** The clock is right, whatever later times the ledger has, at the word of two custodians. */
export async function clockAccept(options: ClockOptions, context: CliContext): Promise<Exit> {
  const station = await context.openStation(options);
  const { ledger, clock } = station.parts;
  try {
    const by = await signInWhereKnown(ledger, options, ['custodian'], context);
    const second = await secondOf(options.second, context);
    const operators = context.people(options);
    await acceptClock({ operators, ledger, clock }, { by, second, reason: options.reason ?? '' });
    context.streams.answer(wordsOf(context).terminal.clock.accepted);
    return exit.passed;
  } finally {
    await station.close();
  }
}
