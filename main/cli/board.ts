import { condemnBoard, endsBoards, releaseBoard } from '../station/desk/access/boards.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { type SignInOptions, secondOf, signIn } from './sign-in.ts';
import { wordsOf } from './words.ts';

export interface BoardActOptions extends SignInOptions {
  readonly json?: boolean;
  readonly reason: string;
  readonly second?: string;
}

/** Two people end what was begun of a board: as scrap, or for another recipe. Its wrapped keys go, and the ledger says who and why. */
export async function boardAct(
  what: 'condemn' | 'release',
  device: string,
  options: BoardActOptions,
  context: CliContext,
): Promise<Exit> {
  const station = await context.openStation(options);
  const { ledger } = station.parts;
  try {
    const operators = context.people(options);
    const by = await signIn(ledger, options, endsBoards, context);
    const second = await secondOf(options.second, context);
    const act = what === 'condemn' ? condemnBoard : releaseBoard;
    const { mac } = await act({ operators, ledger }, { device, reason: options.reason, by, second });
    const words = wordsOf(context).terminal.board;
    const told = what === 'condemn' ? words.condemned : words.released;
    if (options.json) context.streams.answer(JSON.stringify({ type: what, mac, by: [by, second?.id] }));
    else context.streams.answer(told({ mac, one: by, other: String(second?.id) }));
    return exit.passed;
  } finally {
    await station.close();
  }
}
