import { toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import type { Board } from '../chip/board.ts';
import { connectBoard } from '../chip/connect.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Fault, isFault } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import type { Signer } from '../signing/signer.ts';
import type { OpenPort } from '../transport/port.ts';
import { refuseBoard } from './admission.ts';
import type { FixtureState, StationListener } from './events.ts';
import { finishLockedBoard, isLocked } from './locked-board.ts';
import { Run, type RunEnd, type RunJob } from './run.ts';

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
}

export interface FixtureParts {
  readonly station: string;
  readonly software: SealedRecord['software'];
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly openPort: OpenPort;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly listen: StationListener;
  readonly job: Omit<RunJob, 'serial' | 'canReset'> & { readonly operator: string | null; readonly batch: string };
  /** Null: boards start as they are found, and the first one has to be there. */
  readonly gate: FixtureGate | null;
  /** Claims the next board of the batch, or null: no more. */
  claim(): { readonly serial: string | null } | null;
  /** Gives a claimed board back that was never started. */
  giveBack(): void;
  done(outcome: Outcome): void;
}

/** How often an empty fixture is asked for a board, in ms: quick for a hand that inserts one, slow for the port. */
const insertionPollMs = 500;

/** A fixture and its life: board after board until the batch has no more for it. */
export class Fixture {
  readonly #spec: FixtureSpec;
  readonly #parts: FixtureParts;
  /** MAC of the board that lies in it and is done. */
  #lastMac: string | null = null;
  /** Code of the fault with which the last look ended that was told as a verdict; the same one is not told twice. */
  #lastFault: string | null = null;

  constructor(spec: FixtureSpec, parts: FixtureParts) {
    this.#spec = spec;
    this.#parts = parts;
  }

  /** Works until the batch is done or aborted. Rejects only with a LedgerFault or a defect of the program. */
  async work(): Promise<void> {
    let first = true;
    for (let claim = this.#parts.claim(); claim !== null; claim = this.#parts.claim()) {
      const handled = await this.#handleOne(claim.serial, first);
      if (!handled) {
        this.#parts.giveBack();
        break;
      }
      first = false;
    }
    this.#state('idle');
  }

  #state(state: FixtureState): void {
    this.#parts.listen({ type: 'fixture', fixture: this.#spec.name, state });
  }

  /** One board. False when the batch was stopped while the fixture waited for it. */
  async #handleOne(claimed: string | null, first: boolean): Promise<boolean> {
    const { ledger, clock, job } = this.#parts;
    const inserted = await this.#awaitBoard(first);
    if (inserted === null) return false;
    const admitted = await this.#admit(inserted, claimed);
    if (admitted === null) return false;
    const { serial } = admitted;
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
    await ledger.openRun(record);
    await ledger.append(record.id, null, { type: 'run-started', fixture: this.#spec.name, operator: job.operator });
    this.#state('running');
    const canReset = 'board' in inserted ? inserted.canReset : true;
    const run = new Run(this.#parts, { ...job, serial, canReset }, record);
    const end = await this.#carryOut(run, record, inserted, serial, startedAt);
    this.#lastMac = end.mac ?? this.#lastMac;
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

  /** Asks the gate where there is one and a board that can be worked on. Null when the batch ended while it was asked. */
  async #admit(inserted: Inserted, claimed: string | null): Promise<{ readonly serial: string | null } | null> {
    const { gate, job } = this.#parts;
    if (gate === null || !('board' in inserted)) return { serial: claimed };
    this.#state('ready');
    const admitted = await gate.admit({ fixture: this.#spec.name, mac: inserted.board.identity.mac }, job.signal);
    if (admitted === null) await inserted.board.close();
    return admitted;
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
        return await run.perform(inserted.board);
      } finally {
        await inserted.board.close();
      }
    }
    const fault = 'board' in inserted ? await this.#closeLocked(inserted.board) : inserted.fault;
    if (isLocked(fault)) {
      try {
        const finished = await this.#finishLocked(record, serial);
        if (finished !== null) return finished;
      } catch (error) {
        return run.fail(error, startedAt);
      }
    }
    return run.fail(fault, startedAt);
  }

  async #finishLocked(record: RunRecord, serial: string | null): Promise<RunEnd | null> {
    const { job } = this.#parts;
    const finished = await finishLockedBoard(this.#parts, {
      recipe: job.loaded.recipe,
      offersProof: job.release.offersProof,
      resetBy: job.resetBy,
      serial,
      address: this.#spec.address,
      run: record,
      signal: job.signal,
    });
    if (finished === null) return null;
    const { mac, serial: bound } = finished.run.run;
    return { outcome: 'passed', fault: null, mac, serial: bound, seal: finished.seal };
  }

  /** A board in Secure Download Mode says no more than that; the fault is what admission says of it. */
  async #closeLocked(board: Board): Promise<Fault> {
    const fault = refuseBoard(this.#parts.job.loaded.recipe, board.identity, null);
    await board.close();
    return fault!;
  }

  /**
   * Without a gate the first board has to be there; every other is waited for: another chip than the last one, or the same place empty
   * and then taken again. A sealed board that is still in shows itself as silent or locked, and is waited out. Where boards bring their
   * USB port with them it goes and comes with each: waited for as well. With a gate whatever ails a port is waited out.
   */
  async #awaitBoard(first: boolean): Promise<Inserted | null> {
    const { job, clock, gate } = this.#parts;
    let wasEmpty = first;
    let state: FixtureState = first && gate === null ? 'identifying' : 'waiting';
    this.#state(state);
    while (!job.signal.aborted) {
      const inserted = await this.#connect();
      if ('board' in inserted) {
        const mac = inserted.board.identity.mac;
        const isNew = wasEmpty || mac === null || mac !== this.#lastMac;
        const stable = isNew ? await this.#stable(inserted) : null;
        if (stable !== null) {
          this.#lastFault = null;
          return stable;
        }
        if (!isNew) await inserted.board.close();
      } else if (job.signal.aborted) {
        return null;
      } else {
        const { fault } = inserted;
        const locked = isLocked(fault);
        const absent =
          isFault(fault) && (gate !== null ? fault.code.startsWith('transport.') : !first && isUnplugged(fault));
        const empty = isFault(fault, 'protocol.no-answer') || absent;
        const told = gate !== null && isFault(fault) && fault.code === this.#lastFault;
        if (locked ? wasEmpty && !told : !(empty && (gate !== null || !first)) && !told) {
          this.#lastFault = isFault(fault) ? fault.code : null;
          return inserted;
        }
        if (empty) {
          wasEmpty = true;
          this.#lastFault = null;
        }
        const now = absent ? 'absent' : 'waiting';
        if (now !== state && !(first && gate === null)) {
          state = now;
          this.#state(state);
        }
      }
      try {
        await clock.sleep(insertionPollMs, job.signal);
      } catch {
        return null;
      }
    }
    return null;
  }

  /** The board met as often in a row as the gate asks for; null (and closed) when another look finds another one or none. */
  async #stable(met: Found): Promise<Found | null> {
    let held = met.board;
    for (let looks = 1; looks < (this.#parts.gate?.contacts(this.#spec.name) ?? 1); looks++) {
      const { mac } = held.identity;
      await held.close();
      const again = await this.#connect();
      if (!('board' in again)) return null;
      held = again.board;
      if (held.identity.mac !== mac) {
        await held.close();
        return null;
      }
    }
    return { board: held, canReset: met.canReset };
  }

  async #connect(): Promise<Inserted> {
    const { openPort, clock, job } = this.#parts;
    try {
      const port = await openPort(this.#spec.address, { baudRate: 115200 });
      return { board: await connectBoard(port, { clock, signal: job.signal }), canReset: port.hasControlLines };
    } catch (fault) {
      return { fault };
    }
  }

  #newRunId(): string {
    return `R-${isoTime(this.#parts.clock.now()).replace(/[-:]|\.\d+Z/g, '')}-${toHex(this.#parts.random(4))}`;
  }
}

/** There is no port where one was: pulled out, to be put in again. */
function isUnplugged(fault: unknown): boolean {
  return isFault(fault, 'transport.not-found') || isFault(fault, 'transport.gone');
}

/** A board met in the fixture. */
interface Found {
  readonly board: Board;
  readonly canReset: boolean;
}

/** What a look into the fixture gave. */
type Inserted = Found | { readonly fault: unknown };
