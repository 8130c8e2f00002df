import { secondsText } from '../base/number-text.ts';
import { faultOf, RecipeFault } from '../model/fault.ts';
import { forRehearsal } from '../recipe/making/token-keys.ts';
import type { Recipe } from '../recipe/types.ts';
import type { FixtureSpec } from '../station/fixture.ts';
import type { BatchResult, Station } from '../station/station.ts';
import { asksOfVirtual, isVirtual } from '../station/work-gate.ts';
import { parseAddress } from '../transport/address.ts';
import { parseVirtualAddress } from '../virtual/bench/address.ts';
import { BoardsInHand } from './boards-in-hand.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { ProgressDisplay } from './progress.ts';
import { makeMissingKeys, type RecipeOptions, requireRecipe } from './recipe-input.ts';
import { signIn } from './sign-in.ts';
import { wordsOf } from './words.ts';

export interface ProvisionOptions extends OpenOptions, RecipeOptions {
  readonly recipe: string;
  readonly port?: readonly string[];
  readonly count?: number;
  readonly operator?: string;
  readonly credential?: string;
  readonly order?: string;
  readonly serial?: readonly string[];
  /** The one board that may be worked on, by MAC or serial number. */
  readonly device?: string;
  readonly resetByOperator?: boolean;
  /** With keys of the private token's own in place of those that the recipe names: see `forRehearsal`. */
  readonly rehearsal?: boolean;
  readonly json?: boolean;
}

/** How long a program that is ended waits for its ledger, ms. */
const leaveMs = 2000;

/** Provisions boards on many fixtures at once; the exit status tells the worst that happened. */
export async function provision(options: ProvisionOptions, context: CliContext): Promise<Exit> {
  const read = requireRecipe(options.recipe, options, context);
  const loaded = options.rehearsal ? { ...read, recipe: forRehearsal(read.recipe) } : read;
  const fixtures = fixturesOf(options, context);
  refuseSerials(loaded.recipe, options.serial ?? []);
  refuseDeviceAmongMany(options, fixtures.length);
  const station = await context.openStation(options);
  const stop = new AbortController();
  const words = wordsOf(context).terminal.provision;
  const display = new ProgressDisplay(
    context.streams,
    fixtures.map((fixture) => fixture.name),
  );
  const boards = new BoardsInHand();
  const unlisten = station.listen((event) => {
    display.hear(event);
    boards.hear(event);
    if (options.json && !(event.type === 'run' && event.event.type === 'progress')) {
      context.streams.answer(JSON.stringify(event));
    }
  });
  const ignore = context.onInterrupt((time) => {
    if (time === 1) {
      stop.abort(new Error('stopped by a person'));
      display.note(words.stopping);
      return;
    }
    display.close();
    for (const line of [words.left, ...boards.lines(wordsOf(context))]) context.streams.say(line);
    // A moment for what is on its way to the disk; the ledger stands a program that is killed.
    const leave = () => context.leave(exit.board);
    void Promise.race([station.close(), context.clock.sleep(leaveMs)]).then(leave, leave);
  });
  try {
    const operator = await operatorOf(options, fixtures, station, context);
    if (context.hasEmbeddedToken(options)) await makeMissingKeys(loaded.recipe, station.parts.signer, context);
    const result = await station.provision({
      loaded,
      fixtures,
      count: options.count ?? null,
      order: options.order ?? null,
      operator,
      serials: options.serial ?? [],
      resetBy: options.resetByOperator ? 'operator' : 'lines',
      ...(options.device === undefined ? {} : { device: options.device }),
      signal: stop.signal,
    });
    display.close();
    summarize(result, options, context);
    return exitStatus(result);
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    context.streams.say(words.none);
    return exit.board;
  } finally {
    ignore();
    unlisten();
    display.close();
    await station.close();
  }
}

/** Who works: for virtual boards whoever is named (but nobody who is known), for real ones whoever proves it, but on a station for development. */
async function operatorOf(
  { operator, ...options }: ProvisionOptions,
  fixtures: readonly FixtureSpec[],
  station: Station,
  context: CliContext,
): Promise<string | null> {
  const isFree = fixtures.every(({ address }) => isVirtual(address)) && !asksOfVirtual(station.parts);
  // nobody works under the name of somebody who is known
  if (isFree && (operator === undefined || station.parts.people.find(operator) === null)) return operator ?? null;
  if (station.parts.development) {
    context.streams.say(wordsOf(context).terminal.provision.development);
    return operator ?? null;
  }
  const who = operator === undefined ? options : { ...options, by: operator };
  return await signIn(station.parts.ledger, who, ['operator', 'engineer'], context);
}

/** A number that nobody would check is a mistake: only scanned ones come from outside. */
function refuseSerials({ name, serial: { from } }: Recipe, serials: readonly string[]): void {
  if (from === 'scan' || serials.length === 0) return;
  throw new RecipeFault({
    code: 'cli.serial',
    what: `Serial numbers were given, but the recipe ${name} makes its own (serial.from: ${from}).`,
    next: 'Leave --serial out, or set serial.from to scan in the recipe. A shut board that waits for its seal is named by --device.',
  });
}

/** A name is said of one board in one fixture; among many nobody would know of which. */
function refuseDeviceAmongMany({ device, count }: ProvisionOptions, fixtures: number): void {
  if (device === undefined || (fixtures === 1 && (count ?? 1) === 1)) return;
  throw new RecipeFault({
    code: 'cli.device',
    what: '--device names one board, and more than one would be worked on.',
    next: 'Give one --port and no --count with it.',
  });
}

function fixturesOf(options: ProvisionOptions, context: CliContext): FixtureSpec[] {
  const ports = options.port ?? [];
  if (ports.length === 0) {
    const configured = context.fixtures(options);
    if (configured.length > 0) return [...configured];
    throw new RecipeFault({
      code: 'cli.no-port',
      what: 'No fixture was named.',
      next: 'Give --port PORT once for each fixture (e.g. /dev/ttyUSB0 or virtual:esp32p4), or name fixtures in the station file.',
    });
  }
  const twice = ports.find((port, at) => !port.startsWith('virtual:') && ports.indexOf(port) !== at);
  if (twice !== undefined) {
    throw new RecipeFault({
      code: 'cli.port-twice',
      what: `The port ${twice} is named twice.`,
      next: 'Name each fixture once.',
    });
  }
  for (const port of ports) refuseNonsense(port);
  return ports.map((address, at) => ({ name: `F${at + 1}`, address }));
}

/** An address that can lead nowhere is a mistake of the command line, and is told before anything starts. */
function refuseNonsense(port: string): void {
  try {
    if (parseAddress(port).kind === 'virtual') parseVirtualAddress(port);
  } catch (error) {
    const { code, what, next } = faultOf(error);
    throw new RecipeFault({ code, what, next, cause: error });
  }
}

function summarize(result: BatchResult, options: ProvisionOptions, context: CliContext): void {
  const { passed, failed, refused, errored, aborted } = result.counts;
  const tried = passed + failed + refused + errored + aborted;
  if (options.json) {
    context.streams.answer(JSON.stringify({ type: 'result', ...result }));
  }
  const words = wordsOf(context).terminal.provision;
  const counts = (['passed', 'failed', 'refused', 'errored', 'aborted'] as const)
    .filter((outcome) => outcome === 'passed' || result.counts[outcome] > 0)
    .map((outcome) => words.counts[outcome]({ count: result.counts[outcome] }));
  context.streams.say(
    words.end({
      batch: result.batch,
      counts: counts.join(', '),
      yield: tried > 0 ? words.yield({ share: ((100 * passed) / tried).toFixed(1) }) : words.untried,
      boards: result.boardsPerHour.toFixed(0),
      time: secondsText(result.ms),
    }),
  );
}

/** 0 all passed; 3 when the station was at fault anywhere; else 1. */
function exitStatus({ counts }: BatchResult): Exit {
  if (counts.errored > 0) return exit.station;
  if (counts.failed > 0 || counts.refused > 0 || counts.aborted > 0) return exit.board;
  return exit.passed;
}
