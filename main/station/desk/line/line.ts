import { isoTime } from '../../../base/clock.ts';
import type { LineChange } from '../../../contract/contract.ts';
import type { BatchView, FixtureView, LineSnapshot } from '../../../contract/views.ts';
import { type FaultRecord, faultOf, RecipeFault } from '../../../model/fault.ts';
import { type Told, told } from '../../../words/told.ts';
import type { StationEvent } from '../../events.ts';
import type { FixtureSpec } from '../../fixture.ts';
import type { Station } from '../../station.ts';
import { Choices } from './choices.ts';
import { LineBatch, type LineStart } from './line-batch.ts';
import { lineForPlc } from './line-for-plc.ts';
import { LineNews } from './line-news.ts';
import { readScan, type Scan, type ScanAnswer } from './line-scan.ts';
import { rememberedRuns, StepHistory } from './step-history.ts';
import { Tile } from './tile.ts';
import { Troubles } from './verdict-act.ts';

/** For so long a scan can be taken back before its board starts, in ms. */
const usualUndoMs = 3000;

/** How far back a step's usual time is looked for, in ms: the runs of a month. */
const historyMs = 30 * 86_400_000;

export interface LineOptions {
  readonly fixtures: readonly FixtureSpec[];
  readonly demonstration: boolean;
  readonly development: boolean;
  /** Left out: there is no plant to look at. */
  readonly showsPlant?: boolean;
  /** For so long a scan can be taken back before its board starts, in ms; left out: long enough to see it and to press. */
  readonly undoMs?: number;
  /** How often in a row a board must answer at this address before its contact counts as stable. */
  contacts(address: string): number;
  /** Name of another recipe to whose products a scanned text belongs, or null. */
  foreign(text: string, recipe: string): string | null;
  /** A board was sealed: its label is printed. `needed`: the board is not done without it. */
  print(mac: string, needed: boolean): void;
  /** Why the last label did not come out; null: nothing is wrong. */
  printerFault(): FaultRecord | null;
  /** What of the plant needs somebody; left out: there is no plant. */
  plantFaults?(): readonly FaultRecord[];
  /** A batch is over for good: its order is done, or a person stopped it. Not called where the station closes or a fault ended it. */
  ended?(): void;
}

/** The taught fixtures of a station, batch after batch, as people at it see and lead them. */
export class Line {
  readonly #station: Station;
  readonly #options: LineOptions;
  readonly #history = new StepHistory();
  readonly #news: LineNews;
  readonly #unlisten: () => void;
  #tiles: Map<string, Tile>;
  readonly #choices = new Choices();
  readonly #troubles = new Troubles();
  #batch: LineBatch | null = null;
  #ended: Promise<void> = Promise.resolve();
  #isLent = false;
  #isClosing = false;
  /** What is shown of the batch that ended last. */
  #lastBatch: BatchView | null = null;

  constructor(station: Station, options: LineOptions) {
    this.#station = station;
    this.#options = options;
    this.#tiles = this.#tilesOf(options.fixtures);
    this.#news = new LineNews({
      look: (changed) => ({
        fixtures: [...changed].flatMap((name) => this.#view(this.#tiles.get(name))),
        names: [...this.#tiles.keys()],
        batch: this.#batchView,
        printerFault: options.printerFault(),
        plantFaults: options.plantFaults?.() ?? [],
      }),
      moving: () => [
        ...this.fixtures.map(({ name }) => name).filter((name) => this.#tiles.get(name)?.isRunning),
        ...(this.#batch?.gate.counting ?? []),
        ...this.#choices.fixtures,
      ],
      isAlive: () => this.isRunning,
    });
    this.#unlisten = station.listen((event) => this.#hear(event));
    station.parts.plc?.lead(
      lineForPlc(station.parts, {
        batch: () => this.#batch,
        tile: (fixture) => this.#tiles.get(fixture),
        isByHand: () => this.#isLent,
        changed: (fixture) => this.#news.show(fixture),
      }),
    );
  }

  #tilesOf(fixtures: readonly FixtureSpec[]): Map<string, Tile> {
    return new Map(fixtures.map((spec) => [spec.name, new Tile(spec, this.#history)]));
  }

  /** A tile with what people have said of its fixture. */
  #view(tile: Tile | undefined, now = this.#now()): FixtureView[] {
    if (tile === undefined) return [];
    const { name } = tile.spec;
    const chosen = this.#choices.on(name, now);
    const bound = this.#batch?.gate.bound(name) ?? null;
    return [
      tile.view(now, {
        needs: this.#batch?.gate.needs(name) ?? null,
        chosen: chosen === null ? null : { by: chosen.by, secondsLeft: Math.ceil(chosen.msLeft / 1000) },
        bound:
          bound === null
            ? null
            : {
                serial: bound.serial,
                startsIn: bound.startsInMs === null ? null : Math.ceil(bound.startsInMs / 1000),
              },
      }),
    ];
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

  get #batchView(): BatchView | null {
    return this.#batch?.view ?? this.#lastBatch;
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
    this.#news.show(...this.#tiles.keys());
  }

  /** Works on one board beside a batch's: none runs, and none is started meanwhile. RecipeFault `line.busy`. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.mustBeIdle();
    this.#isLent = true;
    try {
      return await work();
    } finally {
      this.#isLent = false;
    }
  }

  mustBeIdle(): void {
    if (this.#isLent)
      throw new RecipeFault({
        code: 'line.busy',
        what: 'A single board is being looked at or finished.',
        next: 'Wait until that has ended.',
      });
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
    const { recipe } = start.loaded;
    const batch = new LineBatch(start, this.#station.parts, {
      contacts: (fixture) => this.#options.contacts(this.#tiles.get(fixture)?.spec.address ?? ''),
      changed: (...fixtures) => this.#news.show(...fixtures),
      fixtures: this.#tiles.size,
      undoMs: this.#options.undoMs ?? usualUndoMs,
      print: (mac, needed) => this.#options.print(mac, needed),
    });
    const isOpen = new Promise<void>((resolve) => {
      batch.tally.onOpen = resolve;
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
      gate: batch.fixtureGate,
      aim: start.count === null ? 'until-stopped' : 'sealed',
      signal: batch.signal,
    });
    this.#batch = batch;
    this.#ended = work.then(
      () => this.#end(null),
      (error: unknown) => this.#end(error),
    );
    await this.#recall(recipe.name).catch(() => undefined);
    await Promise.race([isOpen, work]);
    this.#news.show();
    this.#news.tick();
    return this.#batchView!;
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
    const batch = this.#batch?.view ?? null;
    this.#batch = null;
    for (const tile of this.#tiles.values()) tile.rest();
    if (error === null && !this.#isClosing) this.#options.ended?.();
    if (batch !== null) {
      const fault = error === null ? null : faultOf(error).toJSON();
      this.#lastBatch = { ...batch, stopping: false, endedAt: isoTime(this.#station.parts.clock.now()), fault };
    }
    this.#news.show(...this.#tiles.keys());
  }

  /** No new board starts; boards under way end after their current irreversible step. Null when no batch runs. */
  stop(): BatchView | null {
    this.#batch?.stop();
    this.#news.show();
    return this.#batch?.view ?? null;
  }

  /** Resolves when no batch runs any more. */
  whenIdle(): Promise<void> {
    return this.#ended;
  }

  #mustRun(): LineBatch {
    if (this.#batch !== null && !this.#batch.signal.aborted) return this.#batch;
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
   * A scanned or typed text: the name of a fixture (starts its board where boards start so, else chooses the fixture: the person's next scan
   * is for it and no other), the label of a sealed board, or a serial number. Answers in words; faults as `readScan`, `Choices.of`, and
   * `line.no-batch`, `line.no-fixture`.
   */
  async scan(scan: Scan): Promise<ScanAnswer> {
    const text = scan.text.trim();
    const named = [...this.#tiles.keys()].find((name) => name.toLowerCase() === text.toLowerCase());
    if (named !== undefined) return this.#choose(named, scan.by);
    const batch = this.#mustRun();
    if (scan.fixture !== null) this.#mustKnow(scan.fixture);
    // before anything is waited for: what is chosen meanwhile is chosen for the next scan
    const fixture = scan.fixture ?? this.#choices.of(scan.by, this.#now());
    const answer = await readScan({ ...scan, text, fixture }, batch, {
      ledger: this.#station.parts.ledger,
      foreign: (candidate, recipe) => this.#options.foreign(candidate, recipe),
    });
    if (fixture !== null) this.#choices.spend(scan.by, fixture);
    this.#news.show(...(fixture === null ? [] : [fixture]));
    return answer;
  }

  #choose(fixture: string, by: string): ScanAnswer {
    if (this.#batch?.gate.press(fixture) === 'starts') return { ...told('starts', { fixture }), fixture };
    const before = this.#choices.fixtures;
    this.#choices.choose(by, fixture, this.#now());
    this.#news.show(fixture, ...before);
    return { ...told('chosen', { fixture }), fixture };
  }

  /**
   * Starts the board in this fixture where boards start by key. RecipeFault `line.nothing-waits` when none does, `line.scan-first` when its
   * serial number has not been scanned yet.
   */
  go(fixture: string): FixtureView {
    const tile = this.#mustKnow(fixture);
    const pressed = this.#mustRun().gate.press(fixture);
    if (pressed === 'plc-starts')
      throw new RecipeFault({
        code: 'line.plc-starts',
        what: `The PLC starts the boards of fixture ${fixture}, and nobody else.`,
        next: 'Start it there. Without the PLC: take the fixture out of plc.fixtures in the station file, and start the program anew.',
        safety: 'untouched',
      });
    if (pressed === 'nothing-waits')
      throw new RecipeFault({
        code: 'line.nothing-waits',
        what: `No board waits in fixture ${fixture}.`,
        next: 'Insert a board, and wait until the tile says that it is ready.',
      });
    if (pressed === 'needs-serial')
      throw new RecipeFault({
        code: 'line.scan-first',
        what: `The board in ${fixture} has no serial number yet.`,
        next: `Scan the name ${fixture}, then the label of the board; then start it.`,
      });
    return this.#view(tile)[0]!;
  }

  /**
   * Takes back what was scanned for this fixture (null: for whichever board comes next), else its choice. RecipeFault `line.nothing-to-undo`
   * when there is nothing, or the board has started.
   */
  undo(fixture: string | null): Told {
    if (fixture !== null) this.#mustKnow(fixture);
    const serial = this.#batch?.gate.undo(fixture) ?? null;
    const isForgotten = fixture !== null && this.#choices.forget(fixture);
    this.#news.show(...(fixture === null ? [] : [fixture]));
    if (serial !== null) return told('takenBack', { serial });
    if (isForgotten) return told('notChosen', { fixture });
    throw new RecipeFault({
      code: 'line.nothing-to-undo',
      what:
        fixture === null
          ? 'No scan waits that could be taken back.'
          : `Nothing can be taken back in ${fixture}: no scan waits there, or its board has started.`,
      next: 'Look at the tile. A board that has started is stopped by stopping the batch.',
    });
  }

  /** A person has seen the verdict of this fixture. */
  acknowledge(fixture: string): FixtureView {
    const tile = this.#mustKnow(fixture);
    tile.acknowledge();
    this.#news.show(fixture);
    return this.#view(tile)[0]!;
  }

  snapshot(): LineSnapshot {
    const now = this.#now();
    return {
      seq: this.#news.seq,
      fixtures: [...this.#tiles.values()].flatMap((tile) => this.#view(tile, now)),
      batch: this.#batchView,
      printerFault: this.#options.printerFault(),
      plantFaults: this.#options.plantFaults?.() ?? [],
      interrupted: null,
      demonstration: this.#options.demonstration,
      showsPlant: this.#options.showsPlant ?? false,
      development: this.#options.development,
    };
  }

  /** Hears changes, gathered; gives back the way to stop hearing. */
  listen(listener: (change: LineChange) => void): () => void {
    return this.#news.listen(listener);
  }

  /** Something beside the line that it shows has changed: the printer. */
  show(): void {
    this.#news.show();
  }

  /** Ends the batch after the current irreversible steps and stops hearing the station. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.stop();
    await this.whenIdle();
    this.#news.close();
    this.#unlisten();
  }

  #now(): number {
    return this.#station.parts.clock.monotonic();
  }

  #hear(event: StationEvent): void {
    if (event.type === 'batch') {
      this.#batch?.tally.begin(event.batch);
      this.#news.show();
      return;
    }
    const tile = this.#tiles.get(event.fixture);
    if (tile === undefined) return;
    tile.hear(event, this.#now(), isoTime(this.#station.parts.clock.now()), ({ fixture, outcome, fault, mac }) =>
      this.#troubles.judge({ outcome, fault }, { mac, fixture }),
    );
    if (event.type !== 'verdict') {
      this.#news.show(event.fixture);
      return;
    }
    const { fixture, outcome, serial, mac } = event;
    this.#batch?.tally.add(outcome, mac);
    this.#batch?.gate.finished(fixture);
    this.#news.verdict({ fixture, outcome, serial, mac });
  }
}
