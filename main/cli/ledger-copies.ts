import { RecipeFault } from '../model/fault.ts';
import { agreedByTwo } from '../station/desk/access/people.ts';
import { proven } from '../station/desk/access/second.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { askPin, nobodySignedIn, secondOf } from './sign-in.ts';
import { wordsOf } from './words.ts';

interface CopyOptions extends OpenOptions {
  readonly json?: boolean;
}

/** A checked copy of the ledger. */
export async function backup(options: CopyOptions & { readonly out: string }, context: CliContext): Promise<Exit> {
  const ledger = await context.openLedger(options);
  const words = wordsOf(context).terminal.copies;
  try {
    const { rows, head, signed } = await ledger.backup(options.out);
    if (options.json) context.streams.answer(JSON.stringify({ file: options.out, rows, head, signed }));
    else context.streams.answer(words.backup({ file: options.out, rows, head }));
    context.streams.say(words.keep);
    return exit.passed;
  } finally {
    await ledger.close();
  }
}

interface RestoreOptions extends CopyOptions {
  readonly by?: string;
  readonly second?: string;
}

/**
 * Puts a backup in the place of the ledger, and says what is missing from it. What was approved, condemned and counted since is not in it:
 * where the station knows people it is two custodians' word, which the restored ledger then holds.
 */
export async function restore(from: string, options: RestoreOptions, context: CliContext): Promise<Exit> {
  const by = await twoCustodians(options, context);
  const report = await context.restoreLedger(options, from, by);
  if (options.json) {
    context.streams.answer(JSON.stringify(report));
    return exit.passed;
  }
  const { answer } = context.streams;
  const words = wordsOf(context).terminal.copies;
  const { row: rows, hash: head } = report.head;
  answer(words.restored({ station: report.station, rows, head }));
  if (report.aside !== null) answer(words.aside({ file: report.aside }));
  if (report.lostRows === 0) {
    answer(report.before === null ? words.noneBefore : words.complete);
    return exit.passed;
  }
  answer(words.missing({ from: rows + 1, to: String(report.before?.row) }));
  for (const { mac, serial } of report.lostDevices)
    answer(`  ${words.sealed({ mac, serial: serial ?? '' })}`.trimEnd());
  if (report.lostDevices.length === 0) answer(`  ${words.unknown}`);
  answer(words.hold);
  return exit.passed;
}

/** Who agreed; nobody where the station knows nobody. No ledger is open yet that could hold a refusal; wrong tries are counted as ever. */
async function twoCustodians(options: RestoreOptions, context: CliContext): Promise<readonly string[]> {
  const operators = context.people(options);
  if (operators.isEmpty || context.settings(options).development) return [];
  const { by: id } = options;
  if (id === undefined) throw nobodySignedIn('--by ID --second ID, each with a PIN');
  const ledger = { acts: async () => [], noteAct: async () => undefined, noteSession: async () => undefined };
  const unfit = new RecipeFault({
    code: 'people.second',
    what: `${id} is no custodian.`,
    next: 'Ask one of those who keep the people of this station.',
  });
  await proven(
    { operators, ledger },
    { id, pin: await askPin(id, context) },
    { roles: ['custodian'], unfit, about: 'restore' },
  );
  return await agreedByTwo({ operators, ledger }, 'ledger', id, await secondOf(options.second, context));
}
