import { isoTime } from '../../../base/clock.ts';
import type { BatchView } from '../../../contract/views.ts';
import type { LoadedRecipe } from '../../../recipe/load.ts';
import type { FixtureGate } from '../../fixture.ts';
import type { StationParts } from '../../station.ts';
import { LabelReturns } from '../labels/label-returns.ts';
import { BatchTally } from './batch-tally.ts';
import { StartGate, type StartMode } from './start-gate.ts';

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

export interface LineBatchOptions {
  /** How often in a row a board must answer in this fixture before its contact counts as stable. */
  contacts(fixture: string): number;
  readonly fixtures: number;
  /** For so long a scan can be taken back before its board starts, in ms. */
  readonly undoMs: number;
  /** Something that is shown has changed. */
  changed(...fixtures: readonly string[]): void;
  /** A board was sealed: its label is printed. `needed`: the board is not done without it. */
  print(mac: string, needed: boolean): void;
}

/** A batch under way on a line: what it counts, which board starts when, whose label is awaited. */
export class LineBatch {
  readonly start: LineStart;
  readonly tally: BatchTally;
  readonly gate: StartGate;
  readonly labels: LabelReturns;
  readonly scansLabels: boolean;
  readonly #options: LineBatchOptions;
  readonly #stop = new AbortController();

  constructor(start: LineStart, { ledger, clock, plc }: StationParts, options: LineBatchOptions) {
    const { recipe } = start.loaded;
    const wantsSerial = recipe.serial.from === 'scan';
    this.start = start;
    this.#options = options;
    this.tally = new BatchTally(isoTime(clock.now()));
    this.labels = new LabelReturns(ledger);
    this.scansLabels = recipe.label?.scanBack === true;
    this.gate = new StartGate({
      mode: start.mode ?? (wantsSerial ? 'scan' : 'insertion'),
      wantsSerial,
      fixtures: options.fixtures,
      clock,
      undoMs: options.undoMs,
      startedByPlc: (fixture) => plc?.fixtures.some(({ name }) => name === fixture) ?? false,
      contacts: options.contacts,
      // The serial number that the board got in a run that did not finish it.
      knownSerial: async (mac) => (await ledger.runs({ mac, limit: 1 }))[0]?.serial ?? null,
      changed: options.changed,
    });
  }

  /** What its fixtures ask of people. */
  get fixtureGate(): FixtureGate {
    const { gate, labels, scansLabels, start } = this;
    return {
      contacts: (fixture) => gate.contacts(fixture),
      admit: (board, signal) => gate.admit(board, signal),
      gone: (fixture) => gate.gone(fixture),
      named: (fixture, isOne) => gate.named(fixture, isOne),
      scansLabels,
      finish: async (board, signal) => {
        // A serial number that was scanned stands on a label that the board has already.
        this.#options.print(board.mac, scansLabels && start.loaded.recipe.serial.from !== 'scan');
        if (scansLabels) await labels.expect(board, signal);
      },
    };
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** No new board starts; boards under way end after their current irreversible step. */
  stop(): void {
    this.#stop.abort(new Error('stopped by a person'));
  }

  /** Null until it stands in the ledger. */
  get view(): BatchView | null {
    const { tally, start, gate } = this;
    if (tally.id === null) return null;
    const { order, count, operator, fingerprint, targetPerHour } = start;
    const { counts } = tally;
    return {
      ...counts,
      left: count === null ? null : Math.max(0, count - counts.passed),
      id: tally.id,
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
      stopping: this.signal.aborted,
      nextScan: gate.nextScan,
      serialsWaiting: gate.serials,
      wantsSerial: gate.wantsSerial,
    };
  }
}
