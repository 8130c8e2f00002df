import { isoTime } from '../../base/clock.ts';
import type { LineChange } from '../../contract/contract.ts';
import type { BatchView, FixtureView, LineSnapshot } from '../../contract/views.ts';
import { faultOf, RecipeFault } from '../../model/fault.ts';
import type { LoadedRecipe } from '../../recipe/load.ts';
import type { StationEvent } from '../events.ts';
import type { FixtureSpec } from '../fixture.ts';
import type { Station } from '../station.ts';
import { BatchTally } from './batch-tally.ts';
import { judgeSerial } from './serials.ts';
import { StartGate, type StartMode } from './start-gate.ts';
import { rememberedRuns, StepHistory } from './step-history.ts';
import { Tile } from './tile.ts';

/** Faces hear of changes at most this often, in ms. */
const gatherMs = 50;
/** While boards run their bars move at least this often, in ms. */
const tickMs = 250;
/** How far back a step's usual time is looked for, in ms: the runs of a month. */
const historyMs = 30 * 86_400_000;

export interface LineOptions {
  readonly fixtures: readonly FixtureSpec[];
  readonly demonstration: boolean;
  /** How often in a row a board must answer at this address before its contact counts as stable. */
  contacts(address: string): number;
  /** Name of another recipe to whose products a scanned text belongs, or null. */
  foreign(text: string, recipe: string): string | null;
}

/** What a batch is started with. The recipe was approved, and its keys are in the token. */
export interface LineStart {
  readonly loaded: LoadedRecipe;
  readonly fingerprint: string;
  readonly order: string | null;
  readonly count: number | null;
  readonly operator: string | null;
  readonly mode: StartMode | null;
  readonly targetPerHour: number | null;
}

interface RunningBatch {
  readonly tally: BatchTally;
  readonly start: LineStart;
  readonly gate: StartGate;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** The taught fixtures of a station, batch after batch, as people at it see and lead them. */
export class Line {
  readonly #station: Station;
  readonly #options: LineOptions;
  readonly #history = new StepHistory();
  readonly #listeners = new Set<(change: LineChange) => void>();
  readonly #unlisten: () => void;
  #tiles: Map<string, Tile>;
  #batch: RunningBatch | null = null;
  /** What is shown of the batch that ended last. */
  #lastBatch: BatchView | null = null;
  #changed = new Set<string>();
  #batchChanged = false;
  #verdicts: LineChange['verdicts'][number][] = [];
  #seq = 0;
  #gathering: NodeJS.Timeout | null = null;
  #ticking: NodeJS.Timeout | null = null;

  constructor(station: Station, options: LineOptions) {
    this.#station = station;
    this.#options = options;
    this.#tiles = this.#tilesOf(options.fixtures);
    this.#unlisten = station.listen((event) => this.#hear(event));
  }

  #tilesOf(fixtures: readonly FixtureSpec[]): Map<string, Tile> {
    return new Map(fixtures.map((spec) => [spec.name, new Tile(spec, this.#history)]));
  }

  get fixtures(): readonly FixtureSpec[] {
    return [...this.#tiles.values()].map((tile) => tile.spec);
  }

  get isRunning(): boolean {
    return this.#batch !== null;
  }

  /** Whether a board is being worked on: a burn may be under way. */
  get hasBoardUnderWay(): boolean {
    return [...this.#tiles.values()].some((tile) => tile.isRunning);
  }

  get targetPerHour(): number | null {
    return this.#batch?.start.targetPerHour ?? null;
  }

  /** Other fixtures from now on. RecipeFault `line.busy` while a batch runs. */
  setFixtures(fixtures: readonly FixtureSpec[]): void {
    this.mustBeIdle();
    const before = this.#tiles;
    this.#tiles = new Map(
      [...this.#tilesOf(fixtures)].map(([name, tile]) => {
        const old = before.get(name);
        return [name, old?.spec.address === tile.spec.address ? old : tile];
      }),
    );
    for (const name of this.#tiles.keys()) this.#changed.add(name);
    // Told also when none is left.
    this.#batchChanged = true;
    this.#gather();
  }

  mustBeIdle(): void {
    if (this.#batch === null) return;
    throw new RecipeFault({
      code: 'line.busy',
      what: `The batch ${this.#batch.tally.id ?? ''} is running.`,
      next: 'Stop the batch first.',
    });
  }

  /** Starts a batch; resolves once it stands in the ledger. Faults: RecipeFault `line.busy`, `line.no-fixtures`, and what keeps it from starting. */
  async start(start: LineStart): Promise<BatchView> {
    this.mustBeIdle();
    if (this.#tiles.size === 0)
      throw new RecipeFault({
        code: 'line.no-fixtures',
        what: 'This station has no fixtures yet.',
        next: 'Teach it one: Station, Fixtures.',
      });
    const { clock } = this.#station.parts;
    const { recipe } = start.loaded;
    const wantsSerial = recipe.serial.from === 'scan';
    const stop = new AbortController();
    const gate = new StartGate({
      mode: start.mode ?? (wantsSerial ? 'scan' : 'insertion'),
      wantsSerial,
      contacts: (fixture) => this.#options.contacts(this.#tiles.get(fixture)?.spec.address ?? ''),
      knownSerial: (mac) => this.#openSerialOf(mac),
      changed: () => this.#showBatch(),
    });
    const tally = new BatchTally(isoTime(clock.now()));
    let opened: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => {
      opened = resolve;
    });
    for (const tile of this.#tiles.values()) tile.beginBatch(recipe.name);
    const work = this.#station.provision({
      loaded: start.loaded,
      fixtures: this.fixtures,
      count: start.count,
      order: start.order,
      operator: start.operator,
      serials: [],
      resetBy: 'lines',
      gate,
      aim: start.count === null ? 'until-stopped' : 'sealed',
      signal: stop.signal,
    });
    const ended = work.then(
      () => this.#end(null),
      (error: unknown) => this.#end(error),
    );
    this.#batch = { tally, start, gate, stop, ended };
    tally.onOpen = opened;
    await this.#recall(recipe.name).catch(() => undefined);
    await Promise.race([isOpen, work]);
    this.#showBatch();
    this.#tick();
    return this.#batchView() ?? this.#lastBatch!;
  }

  /** The serial number that the board got in a run that did not finish it. */
  async #openSerialOf(mac: string): Promise<string | null> {
    const { ledger } = this.#station.parts;
    const [run] = await ledger.runs({ mac, limit: 1 });
    return run?.serial ?? null;
  }

  /** Takes the usual times of steps from the ledger, so that a restart knows them. */
  async #recall(recipe: string): Promise<void> {
    if (this.#history.knows(recipe)) return;
    const { ledger, clock } = this.#station.parts;
    const from = isoTime(clock.now() - historyMs);
    const paces = await ledger.recentPaces({ from, recipe, limit: rememberedRuns });
    for (const pace of [...paces].reverse())
      for (const { step, ms } of pace.steps) if (ms !== null) this.#history.add(recipe, step, ms);
  }

  #end(error: unknown): void {
    const batch = this.#batchView();
    this.#batch = null;
    for (const [name, tile] of this.#tiles) {
      tile.rest();
      this.#changed.add(name);
    }
    if (batch !== null) {
      const fault = error === null ? null : faultOf(error).toJSON();
      this.#lastBatch = { ...batch, stopping: false, endedAt: isoTime(this.#station.parts.clock.now()), fault };
    }
    this.#batchChanged = true;
    this.#gather();
  }

  /** No new board starts; boards under way end after their current irreversible step. Null when no batch runs. */
  stop(): BatchView | null {
    this.#batch?.stop.abort(new Error('stopped by a person'));
    this.#showBatch();
    return this.#batchView();
  }

  /** Resolves when no batch runs any more. */
  async whenIdle(): Promise<void> {
    await this.#batch?.ended;
  }

  #mustRun(): RunningBatch {
    if (this.#batch !== null && !this.#batch.stop.signal.aborted) return this.#batch;
    throw new RecipeFault({
      code: 'line.no-batch',
      what: 'No batch is running, so nothing can be started with this.',
      next: 'Start a batch: choose the recipe and the number of boards.',
    });
  }

  #mustKnow(fixture: string): Tile {
    const tile = this.#tiles.get(fixture);
    if (tile !== undefined) return tile;
    throw new RecipeFault({
      code: 'line.no-fixture',
      what: `This station has no fixture ${JSON.stringify(fixture)}.`,
      next: `Name one of: ${[...this.#tiles.keys()].join(', ')}.`,
    });
  }

  /**
   * A scanned or typed text: the name of a fixture (chooses it, and starts its board where boards start by key), or a serial number.
   * Answers in words; faults as `judgeSerial`, and `line.no-batch`.
   */
  async scan(
    text: string,
    fixture: string | null,
  ): Promise<{ readonly said: string; readonly fixture: string | null }> {
    const read = text.trim();
    const named = [...this.#tiles.keys()].find((name) => name.toLowerCase() === read.toLowerCase());
    if (named !== undefined) {
      const started = this.#batch?.gate.mode === 'key' && this.#batch.gate.press(named);
      return { said: started ? `Fixture ${named} starts.` : `Fixture ${named} is chosen.`, fixture: named };
    }
    const { gate, start } = this.#mustRun();
    if (fixture !== null) this.#mustKnow(fixture);
    const { recipe } = start.loaded;
    await judgeSerial(read, {
      recipe,
      ledger: this.#station.parts.ledger,
      taken: gate.taken,
      foreign: (candidate) => this.#options.foreign(candidate, recipe.name),
    });
    // While the ledger was asked another face may have given the same one.
    if (gate.taken.includes(read)) return { said: `${read} waits already.`, fixture };
    gate.give(read, fixture);
    return {
      said: `${read} ${fixture === null ? 'goes on the next board' : `goes on the board in ${fixture}`}.`,
      fixture,
    };
  }

  /** Starts the board in this fixture where boards start by key. RecipeFault `line.nothing-waits` when none does. */
  go(fixture: string): FixtureView {
    const tile = this.#mustKnow(fixture);
    if (!this.#mustRun().gate.press(fixture))
      throw new RecipeFault({
        code: 'line.nothing-waits',
        what: `No board waits in fixture ${fixture}.`,
        next: 'Insert a board, and wait until the tile says that it is ready.',
      });
    return tile.view(this.#now());
  }

  /** A person has seen the verdict of this fixture. */
  acknowledge(fixture: string): FixtureView {
    const tile = this.#mustKnow(fixture);
    tile.acknowledge();
    this.#show(fixture);
    return tile.view(this.#now());
  }

  snapshot(): LineSnapshot {
    const now = this.#now();
    return {
      seq: this.#seq,
      fixtures: [...this.#tiles.values()].map((tile) => tile.view(now)),
      batch: this.#batchView() ?? this.#lastBatch,
      demonstration: this.#options.demonstration,
    };
  }

  /** Hears changes, gathered; gives back the way to stop hearing. */
  listen(listener: (change: LineChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the batch after the current irreversible steps and stops hearing the station. */
  async close(): Promise<void> {
    this.stop();
    await this.whenIdle();
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#tell();
    if (this.#ticking !== null) clearTimeout(this.#ticking);
    this.#listeners.clear();
    this.#unlisten();
  }

  #now(): number {
    return this.#station.parts.clock.monotonic();
  }

  #hear(event: StationEvent): void {
    if (event.type === 'batch') {
      this.#batch?.tally.begin(event.batch);
      this.#showBatch();
      return;
    }
    const tile = this.#tiles.get(event.fixture);
    if (tile === undefined) return;
    tile.hear(event, this.#now(), isoTime(this.#station.parts.clock.now()));
    if (event.type === 'verdict') {
      const { fixture, outcome, serial, mac } = event;
      this.#batch?.tally.add(outcome, mac);
      this.#batch?.gate.finished(fixture);
      this.#verdicts.push({ fixture, outcome, serial, mac });
      this.#batchChanged = true;
    }
    this.#show(event.fixture);
  }

  #batchView(): BatchView | null {
    const batch = this.#batch;
    if (batch === null || batch.tally.id === null) return null;
    const { tally, start, gate, stop } = batch;
    const { order, count, operator, fingerprint, targetPerHour } = start;
    return {
      ...tally.counts,
      id: tally.id!,
      order,
      recipe: start.loaded.ref,
      fingerprint,
      count,
      operator,
      targetPerHour,
      mode: gate.mode,
      startedAt: tally.startedAt,
      endedAt: null,
      fault: null,
      stopping: stop.signal.aborted,
      serialsWaiting: gate.serials,
      wantsSerial: gate.wantsSerial,
    };
  }

  #show(fixture: string): void {
    this.#changed.add(fixture);
    this.#gather();
  }

  #showBatch(): void {
    this.#batchChanged = true;
    this.#gather();
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => this.#tell(), gatherMs);
  }

  #tell(): void {
    this.#gathering = null;
    if (this.#changed.size === 0 && !this.#batchChanged && this.#verdicts.length === 0) return;
    const now = this.#now();
    const change: LineChange = {
      seq: ++this.#seq,
      fixtures: [...this.#changed].flatMap((name) => this.#tiles.get(name)?.view(now) ?? []),
      batch: this.#batchView() ?? this.#lastBatch,
      names: [...this.#tiles.keys()],
      verdicts: this.#verdicts,
    };
    this.#changed = new Set();
    this.#verdicts = [];
    this.#batchChanged = false;
    for (const listener of this.#listeners) listener(change);
  }

  /** Bars move by time where a step tells nothing of itself. */
  #tick(): void {
    this.#ticking ??= setTimeout(() => {
      this.#ticking = null;
      for (const [name, tile] of this.#tiles) if (tile.isRunning) this.#show(name);
      if (this.#batch !== null) this.#tick();
    }, tickMs);
  }
}
