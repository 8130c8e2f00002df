// One product on one line: its recipe, its release, a real ledger on a throw-away folder and a token in memory; and one visit of one board.
import type { Clock } from '../../../main/base/clock.ts';
import type { Log } from '../../../main/base/log.ts';
import { plainOf } from '../../../main/base/log.ts';
import { type RandomSource, seededRandom } from '../../../main/base/random.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import type { Release } from '../../../main/recipe/making/release.ts';
import { CredentialShelf } from '../../../main/station/credential-shelf.ts';
import type { StationEvent } from '../../../main/station/events.ts';
import { Fixture, type FixtureGate } from '../../../main/station/fixture.ts';
import { FixtureHealth } from '../../../main/station/fixture-health.ts';
import type { Port } from '../../../main/transport/port.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import { clockOfItsOwn } from '../../unit/chip/clocks.ts';
import { takesAll } from '../../unit/station/parts.ts';
import type { ScriptedSigner } from '../../unit/station/scripted-signer.ts';
import { Killed, type Life } from './life.ts';
import { farEnd, isByHand, type Way } from './ways.ts';

export type Verdict = Extract<StationEvent, { type: 'verdict' }>;

/** How a visit ended, for the list of a board's visits. */
export function endWords(verdict: Verdict | null): string {
  if (verdict === null) return 'no verdict';
  const { fault, outcome } = verdict;
  return fault ? `${fault.code} (${fault.safety}): ${fault.what}` : outcome;
}

/** What a visit came to: a verdict, or null where the process died or its ledger stopped it. */
export interface Visited {
  readonly verdict: Verdict | null;
  /** Everything that was said to anybody, for a search. */
  readonly heard: string;
}

export interface Line {
  readonly loaded: LoadedRecipe;
  readonly release: Release;
  readonly ledger: Ledger;
  readonly token: ScriptedSigner;
}

export interface VisitTask {
  readonly way: Way;
  readonly life: Life;
  readonly seed: number;
  /** What a person says that the board is; null: nothing. */
  readonly device: string | null;
  /** A person puts a label on it, which takes a moment. */
  readonly labels: boolean;
}

/** How long a hand needs at a board's buttons, ms. */
const handMs = 15;
/**
 * How long people look at a board that does not answer, ms, and so many acts of the station at least: on a busy machine it may have asked nothing
 * yet. They give up in the end.
 */
const emptyMs = 1500;
const emptyActs = 60;
const mostLooks = 20;

/** One board is put in and worked off by a station that has just started; null verdict: that was killed. */
export async function visit(line: Line, chip: VirtualChip, task: VisitTask): Promise<Visited> {
  const { way, life } = task;
  const heard: string[] = [];
  let verdict: Verdict | null = null;
  const byHand = isByHand(way);
  const strap = (low: boolean) => {
    chip.setLines({ dtr: low, rts: false });
    chip.reset();
  };
  chip.powerOn();
  if (byHand) strap(true);
  const listen = (event: StationEvent) => {
    heard.push(JSON.stringify(event));
    if (event.type === 'verdict') verdict = event;
    if (event.type === 'fixture') {
      // Where people stand a fixture waits for ever; they take a board out that does not answer.
      clearInterval(patience);
      if (event.state !== 'waiting') return;
      const enough = life.acts + emptyActs;
      let looks = 0;
      patience = setInterval(() => {
        if (life.acts >= enough || ++looks >= mostLooks) stop.abort(new Error('nobody answers'));
      }, emptyMs);
    }
    if (!byHand || event.type !== 'run' || event.event.type !== 'observed') return;
    if (event.event.what === 'awaits-reset') setTimeout(() => strap(false), handMs);
  };
  const end = await farEnd(chip, way);
  const open: Port[] = [];
  const openIt = async (): Promise<Port> => {
    const port = await end.open();
    open.push(port);
    return life.port(port);
  };
  const clock: Clock = clockOfItsOwn({ turns: 4, times: 6, least: 60 });
  const random: RandomSource = seededRandom(task.seed);
  const { loaded } = line;
  const recipe = byHand && loaded.recipe.bootProof.when !== 'none' ? afterDoor(loaded) : loaded;
  const stop = new AbortController();
  let claimed = false;
  let patience: NodeJS.Timeout | undefined;
  const fixture = new Fixture(
    { name: 'nest', address: 'virtual:soak' },
    {
      station: 'line-1',
      software: { name: 'fuseline', version: '0.0.0' },
      ledger: life.ledger(line.ledger),
      signer: life.signer(line.token.signer),
      openPort: () => life.act('port open', openIt),
      clock,
      random,
      log: listeningLog(heard),
      listen,
      shelf: new CredentialShelf(),
      health: new FixtureHealth(),
      job: {
        loaded: recipe,
        allowance: takesAll,
        release: line.release,
        resetBy: byHand ? 'operator' : 'lines',
        signal: stop.signal,
        operator: 'op-7',
        batch: 'B-1',
        device: task.device,
      },
      gate: task.labels ? labelGate(life) : null,
      claim: () => {
        if (claimed) return null;
        claimed = true;
        return { serial: null };
      },
      claimLater: async () => null,
      isFull: () => claimed,
      whenFree: (ended) => aborted(ended),
      giveBack: () => {
        claimed = false;
      },
      done: () => stop.abort(new Error('the order is done')),
    },
  );
  try {
    await fixture.work();
  } catch (error) {
    if (!life.isDead && !isFault(error)) throw error;
    if (isFault(error)) heard.push(JSON.stringify(error.toJSON()));
    verdict = null;
  } finally {
    clearInterval(patience);
    for (const port of open) await port.close().catch(() => undefined);
    await end.close();
  }
  return { verdict: life.isDead ? null : verdict, heard: heard.join('\n') };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Where a person resets the board it is booted once, behind the door. */
function afterDoor(loaded: LoadedRecipe): LoadedRecipe {
  return { ...loaded, recipe: { ...loaded.recipe, bootProof: { ...loaded.recipe.bootProof, when: 'after-door' } } };
}

/** People at the line: boards start at once, and a sealed one waits for its label. */
function labelGate(life: Life): FixtureGate {
  return {
    contacts: () => 1,
    admit: async () => ({ serial: null }),
    gone: () => undefined,
    scansLabels: true,
    named: () => null,
    finish: () => life.act('label', async () => undefined).catch(ifKilled),
  };
}

function ifKilled(error: unknown): void {
  if (!(error instanceof Killed)) throw error;
}

/** A log whose entries are heard. */
function listeningLog(heard: string[]): Log {
  const hear = (event: string, facts?: object) => void heard.push(`${event} ${JSON.stringify(plainOf(facts))}`);
  const log: Log = { debug: hear, info: hear, warn: hear, error: hear, debugs: false, with: () => log };
  return log;
}
