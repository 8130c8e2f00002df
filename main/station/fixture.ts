import { toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RandomSource } from '../base/random.ts';
import type { Board } from '../chip/board.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FactorySystem } from '../model/factory.ts';
import type { Fault } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import type { Signer } from '../signing/signer.ts';
import type { OpenPort } from '../transport/port.ts';
import { refuseBoard, refuseOwnPort, refuseUnnamed } from './admission.ts';
import { BoardDetection, type Inserted } from './board-detection.ts';
import type { CredentialShelf } from './credential-shelf.ts';
import type { FixtureState, StationListener } from './events.ts';
import type { FixtureHealth } from './fixture-health.ts';
import { finishLockedBoard, isLocked, noneWaits } from './locked-board.ts';
import { Run, type RunEnd, type RunJob } from './run.ts';
import { requireStationClock } from './station-clock.ts';
import { isNamed } from './waiting-boards.ts';

/** One place for a board: its name for people, and the port that leads there. */
export interface FixtureSpec {
  readonly name: string;
  readonly address: string;
}

/** What a line with people at it adds to a fixture: it waits for boards with patience, and asks before one starts. */
export interface FixtureGate {
  /** How often in a row the same board must answer before its contact counts as stable. */
  contacts(fixture: string): number;
  /** Resolves when the board may start, with its serial number (null: the recipe scans none); null when the batch ended meanwhile. */
  admit(
    board: { readonly fixture: string; readonly mac: string | null },
    signal: AbortSignal,
  ): Promise<{ readonly serial: string | null } | null>;
  /** The board that was let in last is gone before it was touched: what it was given is free again. */
  gone(fixture: string): void;
  /** Whether a sealed board is done only when its label was scanned back. */
  readonly scansLabels: boolean;
  /** What a person has said that the shut board in this fixture is (a scanned label), where it is one of these; null: nothing. */
  named(fixture: string, isOne: (text: string) => boolean): string | null;
  /** A board was sealed. Resolves when it is done, or when the batch ended meanwhile; never rejects. */
  finish(board: SealedBoard, signal: AbortSignal): Promise<void>;
}

/** A board whose seal is in the ledger, in its fixture. */
export interface SealedBoard {
  readonly fixture: string;
  readonly run: string;
  readonly mac: string;
  readonly serial: string | null;
}

/** A board that may start. */
interface Started {
  readonly inserted: Inserted;
  readonly serial: string | null;
}

export interface FixtureParts {
  readonly station: string;
  readonly software: SealedRecord['software'];
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly openPort: OpenPort;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly listen: StationListener;
  readonly shelf: CredentialShelf;
  readonly health: FixtureHealth;
  readonly factory?: FactorySystem;
  readonly job: Omit<RunJob, 'serial' | 'canReset'> & {
    readonly operator: string | null;
    readonly batch: string;
    /** The one board that may be worked on, by MAC or serial number, where a person named it. */
    readonly device: string | null;
  };
  /** Null: boards start as they are found, and the first one has to be there. */
  readonly gate: FixtureGate | null;
  /** Claims the next board of the batch, or null: no more. */
  claim(): { readonly serial: string | null } | null;
  /** As `claim`, but where boards under way fill the order waits until one of them gives its place up; null: the signal ended that. */
  claimLater(signal: AbortSignal): Promise<{ readonly serial: string | null } | null>;
  /** Whether boards under way fill the order, and when that is over (or the signal ended the wait). */
  isFull(): boolean;
  whenFree(signal: AbortSignal): Promise<void>;
  /** Gives a claimed board back that was never started. */
  giveBack(): void;
  done(outcome: Outcome): void;
}

/** A fixture and its life: board after board until the batch has no more for it. */
export class Fixture {
  readonly #spec: FixtureSpec;
  readonly #parts: FixtureParts;
  readonly #place: BoardDetection;

  constructor(spec: FixtureSpec, parts: FixtureParts) {
    this.#spec = spec;
    this.#parts = parts;
    this.#place = new BoardDetection({
      ...parts,
      address: spec.address,
      log: parts.log.with({ fixture: spec.name }),
      patience: parts.gate === null ? null : { contacts: parts.gate.contacts(spec.name) },
      signal: parts.job.signal,
      show: (state) => this.#state(state),
    });
  }

  /** Works until the batch is done or aborted. Rejects only with a LedgerFault, `clock.wrong`, or a defect of the program. */
  async work(): Promise<void> {
    let first = true;
    while (await this.#handleOne(first)) first = false;
    this.#state('idle');
  }

  #state(state: FixtureState): void {
    this.#parts.listen({ type: 'fixture', fixture: this.#spec.name, state });
  }

  /** One board. False when the batch has no more for this fixture, or was stopped while it waited. */
  async #handleOne(first: boolean): Promise<boolean> {
    const { ledger, clock, job } = this.#parts;
    const started =
      this.#parts.gate === null ? await this.#claimAndAwait(first) : await this.#awaitStart(this.#parts.gate, first);
    if (started === null) return false;
    const { inserted, serial } = started;
    const startedAt = clock.monotonic();
    const record: RunRecord = {
      id: this.#newRunId(),
      batch: job.batch,
      fixture: this.#spec.name,
      operator: job.operator,
      recipe: job.loaded.ref,
      mac: null,
      serial: null,
      startedAt: isoTime(clock.now()),
      endedAt: null,
      outcome: null,
      fault: null,
    };
    try {
      // before the run stands in the ledger: by the newest one the clock is judged
      await requireStationClock(this.#parts);
      await ledger.openRun(record);
      await ledger.append(record.id, null, { type: 'run-started', fixture: this.#spec.name, operator: job.operator });
    } catch (error) {
      // The next batch finds its port free.
      if ('board' in inserted) await inserted.board.close();
      throw error;
    }
    this.#state('running');
    const canReset = 'board' in inserted ? inserted.canReset : true;
    const run = new Run(this.#parts, { ...job, serial, canReset }, record);
    const end = await this.#carryOut(run, record, inserted, serial, startedAt);
    this.#place.done(end.mac);
    await this.#label(record.id, end);
    this.#parts.listen({
      type: 'verdict',
      fixture: this.#spec.name,
      run: record.id,
      mac: end.mac,
      serial: end.serial,
      outcome: end.outcome,
      fault: end.fault?.toJSON() ?? null,
      seal: end.seal,
      ms: Math.round(clock.monotonic() - startedAt),
    });
    this.#parts.done(end.outcome);
    this.#state('shown');
    return true;
  }

  /** Without people at the line a place in the batch is claimed first, and a board awaited for it. */
  async #claimAndAwait(first: boolean): Promise<Started | null> {
    const claim = this.#parts.claim();
    if (claim === null) return null;
    const inserted = await this.#place.next(first);
    if (inserted !== null) return { inserted, serial: claim.serial };
    this.#parts.giveBack();
    return null;
  }

  /**
   * With people every fixture waits for boards until the order is done, and a board claims its place when it may start: an empty fixture
   * keeps none from another. Null when the batch ended first.
   */
  async #awaitStart(gate: FixtureGate, first: boolean): Promise<Started | null> {
    const { job, claimLater, isFull, whenFree } = this.#parts;
    for (let isFirst = first; !job.signal.aborted; isFirst = false) {
      if (isFull()) {
        // the verdict stays in sight: nobody looks for another board before one is wanted
        this.#state('held');
        await whenFree(job.signal);
        continue;
      }
      const inserted = await this.#place.next(isFirst);
      if (inserted === null) return null;
      if (!('board' in inserted)) {
        const claim = await claimLater(job.signal);
        return claim === null ? null : { inserted, serial: claim.serial };
      }
      const admitted = await this.#admit(gate, inserted.board);
      if (admitted !== null) return { inserted, serial: admitted.serial };
      await inserted.board.close();
      this.#place.emptied();
    }
    return null;
  }

  /** Asks the gate, and looks meanwhile whether the board is still there. Null: it was taken out, or the batch ended. */
  async #admit(gate: FixtureGate, board: Board): Promise<{ readonly serial: string | null } | null> {
    const fixture = this.#spec.name;
    this.#state('ready');
    const pulled = new AbortController();
    const watch = new AbortController();
    const { signal } = this.#parts.job;
    // Once the board starts the watch ends as well, and nobody hears of it any more.
    const watching = this.#place
      .watch(board, watch.signal)
      .finally(() => pulled.abort(new Error('the board was taken out')));
    // awaited behind the gate only
    watching.catch(() => undefined);
    const ended = AbortSignal.any([signal, pulled.signal]);
    const admitted = await gate.admit({ fixture, mac: board.identity.mac }, ended);
    const claim = admitted === null ? null : (this.#parts.claim() ?? (await this.#hold(ended)));
    watch.abort(new Error('the board starts'));
    await watching;
    if (admitted === null) return null;
    if (claim !== null && (await board.isStillThere())) return admitted;
    if (claim !== null) this.#parts.giveBack();
    gate.gone(fixture);
    return null;
  }

  /** The order is filled by boards under way: this one starts where one of them fails. */
  #hold(signal: AbortSignal): Promise<{ readonly serial: string | null } | null> {
    this.#state('held');
    return this.#parts.claimLater(signal);
  }

  /** A sealed board is done when the gate says so: with its label on it, where the recipe asks for that. */
  async #label(run: string, { outcome, mac, serial }: RunEnd): Promise<void> {
    const { gate, job } = this.#parts;
    if (gate === null || outcome !== 'passed' || mac === null) return;
    if (gate.scansLabels) this.#state('labelling');
    await gate.finish({ fixture: this.#spec.name, run, mac, serial }, job.signal);
  }

  async #carryOut(
    run: Run,
    record: RunRecord,
    inserted: Inserted,
    serial: string | null,
    startedAt: number,
  ): Promise<RunEnd> {
    if ('board' in inserted && !inserted.board.identity.security.secureDownload) {
      try {
        const { loaded, device } = this.#parts.job;
        const refused =
          refuseOwnPort(loaded.recipe, inserted.usb) ??
          (await refuseUnnamed(device, inserted.board.identity.mac, this.#parts.ledger));
        return refused ? await run.fail(refused, startedAt) : await run.perform(inserted.board);
      } finally {
        await inserted.board.close();
      }
    }
    const fault = 'board' in inserted ? await this.#closeLocked(inserted.board) : inserted.fault;
    if (isLocked(fault)) {
      try {
        const finished = await this.#finishLocked(record, serial, fault);
        return finished ?? (await run.fail(noneWaits(fault), startedAt));
      } catch (error) {
        return run.fail(error, startedAt);
      }
    }
    return run.fail(fault, startedAt);
  }

  async #finishLocked(record: RunRecord, serial: string | null, fault: unknown): Promise<RunEnd | null> {
    const { job } = this.#parts;
    const { ledger, gate, listen } = this.#parts;
    const finished = await finishLockedBoard(this.#parts, {
      loaded: job.loaded,
      offersProof: job.release.offersProof,
      resetBy: job.resetBy,
      named: (waiting) =>
        job.device ??
        serial ??
        gate?.named(this.#spec.name, (text) => waiting.some((board) => isNamed(board, text))) ??
        null,
      address: this.#spec.address,
      fault,
      run: record,
      say: async (step, event) => {
        await ledger.append(record.id, step, event);
        listen({ type: 'run', fixture: record.fixture, run: record.id, step, event });
      },
      signal: job.signal,
    });
    if (finished === null) return null;
    const { mac, run } = finished.board;
    const bound = run.serial;
    return { outcome: 'passed', fault: null, mac, serial: bound, seal: finished.seal };
  }

  /** A board in Secure Download Mode says no more than that; the fault is what admission says of it. */
  async #closeLocked(board: Board): Promise<Fault> {
    const fault = refuseBoard(this.#parts.job.loaded.recipe, board.identity, null);
    await board.close();
    return fault!;
  }

  #newRunId(): string {
    return `R-${isoTime(this.#parts.clock.now()).replace(/[-:]|\.\d+Z/g, '')}-${toHex(this.#parts.random(4))}`;
  }
}
