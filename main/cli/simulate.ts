import type { LedgerReader } from '../ledger/ledger.ts';
import { RecipeFault } from '../model/fault.ts';
import { fixturesKeptBusy } from '../station/desk/reports/operator-pace.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { table, wordsOf } from './words.ts';

export interface SimulateOptions extends OpenOptions {
  readonly json?: boolean;
  readonly recipe?: string;
  readonly seconds?: number;
  readonly hands?: number;
  readonly fixtures?: number;
}

/** Seconds in which a hand changes a board, where nobody measured it. */
const usualChange = 6;
/** Boards of the ledger whose times are gone through. */
const boards = 500;

/** How many fixtures one person keeps busy, by the times of this station's last boards or by a time that is told. */
export async function simulate(options: SimulateOptions, context: CliContext): Promise<Exit> {
  const { hands = usualChange, fixtures = 32 } = options;
  const boardSeconds = options.seconds === undefined ? await lastBoards(options, context) : [options.seconds];
  if (fixtures > 256)
    throw new RecipeFault({
      code: 'simulate.values',
      what: `Nobody has ${fixtures} fixtures at one line.`,
      next: 'Give 256 --fixtures at most.',
    });
  const { kept, reports } = fixturesKeptBusy({ boardSeconds, changeSeconds: hands, hours: 8 }, fixtures);
  const words = wordsOf(context).terminal.simulate;
  const mean = boardSeconds.reduce((sum, seconds) => sum + seconds, 0) / boardSeconds.length;
  if (options.json)
    for (const report of reports)
      context.streams.answer(JSON.stringify({ type: 'hands', ...report, meanSeconds: mean, hands }));
  else {
    const percent = (share: number) => `${Math.round(100 * share)} %`;
    const shown = reports.filter(({ fixtures: count }) => count <= kept + 2 || count === reports.length);
    const rows = shown.map((one) => [
      ...[`${one.fixtures}`, one.boardsPerHour.toFixed(0), percent(one.handsBusy), percent(one.fixturesBusy)],
    ]);
    const head = [words.fixtures, words.boardsAnHour, words.handsBusy, words.fixturesBusy];
    for (const line of table([head, ...rows])) context.streams.answer(line);
  }
  const from = options.seconds === undefined ? words.lastBoards({ count: boardSeconds.length }) : words.given;
  context.streams.say(words.sum({ hands, kept, mean, from }));
  return exit.passed;
}

/** Seconds of the newest boards that were sealed or failed, of a recipe where one is named. RecipeFault `simulate.no-boards`. */
async function lastBoards({ recipe, ...options }: SimulateOptions, context: CliContext): Promise<number[]> {
  const ledger = await context.openLedger(options);
  try {
    const query: Parameters<LedgerReader['findRuns']>[0] = {
      limit: boards,
      ...(recipe === undefined ? {} : { recipe }),
    };
    const { runs } = await ledger.findRuns(query);
    const seconds = runs
      .filter(({ outcome, endedAt }) => endedAt !== null && (outcome === 'passed' || outcome === 'failed'))
      .map(({ startedAt, endedAt }) => (Date.parse(endedAt!) - Date.parse(startedAt)) / 1000)
      .filter((one) => one > 0);
    if (seconds.length > 0) return seconds;
    throw new RecipeFault({
      code: 'simulate.no-boards',
      what: 'No board of this ledger says how long one takes.',
      next: 'Give the time: --seconds 31.',
    });
  } finally {
    await ledger.close();
  }
}
