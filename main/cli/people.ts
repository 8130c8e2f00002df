import { toHex, utf8 } from '../base/bytes.ts';
import { makeCredential } from '../station/desk/access/people.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { writeOutput } from './files.ts';
import { type SignInOptions, secondOf, signIn } from './sign-in.ts';
import { table, wordsOf } from './words.ts';

export interface PeopleOptions extends SignInOptions {
  readonly json?: boolean;
  readonly out?: string;
  readonly second?: string;
}

/** Who is known to the station; nothing secret. */
export function peopleList(options: PeopleOptions, context: CliContext): Exit {
  const people = context.people(options).list();
  if (options.json) for (const person of people) context.streams.answer(JSON.stringify(person));
  else if (people.length === 0) context.streams.answer(wordsOf(context).terminal.people.none);
  else
    for (const line of table(
      people.map(({ id, name, roles }) => [
        id,
        name,
        roles.map((role) => wordsOf(context).page.session.roles[role]).join(', '),
      ]),
    ))
      context.streams.answer(line);
  return exit.passed;
}

/** Makes a file by which a script signs in as this person; an earlier one opens nothing any more. Two custodians say so, by their PINs. */
export async function peopleCredential(id: string, options: PeopleOptions, context: CliContext): Promise<Exit> {
  const station = await context.openStation(options);
  const { ledger } = station.parts;
  try {
    const operators = context.people(options);
    const by = await signIn(ledger, options, ['custodian'], context);
    const second = await secondOf(options.second, context);
    const key = toHex(context.random(32));
    await makeCredential({ operators, ledger }, { id, key }, by, second);
    writeOutput(options.out, utf8(`${JSON.stringify({ id, key })}\n`), context, true);
    return exit.passed;
  } finally {
    await station.close();
  }
}
