import { type Clock, isoTime, unlessAborted } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RandomSource } from '../base/random.ts';
import type { Board } from '../chip/board.ts';
import { grantBurnPermit } from '../chip/permit.ts';
import { decodeSnapshot } from '../efuse/snapshot.ts';
import type { EfuseSnapshot } from '../efuse/types.ts';
import type { DeviceHistory, Ledger } from '../ledger/ledger.ts';
import type { ChipIdentity } from '../model/chip.ts';
import type { KeyRole, RunEvent, StepEvent, StoredEvent, WrappedKey } from '../model/event.ts';
import type { ContactFact } from '../model/evidence/fixture.ts';
import type { FactorySystem } from '../model/factory.ts';
import { BoardFault, type Fault, faultOf, isFault, LedgerFault, sameFault } from '../model/fault.ts';
import { type Outcome, outcomeOfFault } from '../model/outcome.ts';
import { requireClock } from '../model/program-date.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import { firmwareFactsOf } from '../recipe/firmware-facts.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import type { Release } from '../recipe/making/release.ts';
import { devicePartsOf } from '../recipe/plan/device-parts.ts';
import { makePlan, planDigest, planFacts } from '../recipe/plan/plan.ts';
import { stepOf } from '../recipe/steps/index.ts';
import { destroyCredentials, destroyKeys, newWorkspace, type Step, type StepContext } from '../recipe/steps/step.ts';
import type { Plan } from '../recipe/types.ts';
import type { Signer } from '../signing/signer.ts';
import { refuseBoard, refuseSerial, refuseWithoutReset } from './admission.ts';
import type { BoardAllowance } from './board-rules.ts';
import { bookedSigner } from './booked-signer.ts';
import { type BurnHistory, burnHistoryOf, pastOfPlan, recordedBefore } from './burn-history.ts';
import { refusedPlan } from './condemning.ts';
import type { CredentialShelf } from './credential-shelf.ts';
import { chooseCustomMac, givenMacs, type MacSeeker } from './custom-mac.ts';
import { rowsForBoard } from './device-rows.ts';
import type { StationListener } from './events.ts';
import type { FixtureHealth } from './fixture-health.ts';
import { refuseOtherChip } from './known-chip.ts';
import { isOfLedger } from './locked-board.ts';
import { refuseProduct } from './product-gates.ts';
import { identityIn, sealedRecordOf } from './sealed-record.ts';
import { drawnBefore, drawSerial, refuseGivenSerial } from './serial-number.ts';
import { waiversOf } from './waivers.ts';

/** What every run of a station shares. */
export interface RunParts {
  readonly station: string;
  readonly software: SealedRecord['software'];
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly listen: StationListener;
  /** Where credentials wait for the label once the board is sealed. */
  readonly shelf: CredentialShelf;
  readonly health: FixtureHealth;
  /** The factory's own system, asked before a board starts; left out: there is none. */
  readonly factory?: FactorySystem;
}

/** What this run is about. */
export interface RunJob {
  readonly loaded: LoadedRecipe;
  /** What is asked of each board beside the recipe. */
  readonly allowance: BoardAllowance;
  readonly release: Release;
  /** Of its batch; left out: none. */
  readonly order?: string | null;
  readonly resetBy: 'lines' | 'operator';
  /** Whether the port can reset its board; where it cannot, a person has to. */
  readonly canReset: boolean;
  /** Serial number for this board, as scanned; null: none was. */
  readonly serial: string | null;
  /** Stops between steps, never inside an irreversible one. */
  readonly signal: AbortSignal;
}

/** How it ended, for displays and counts. */
export interface RunEnd {
  readonly outcome: Outcome;
  readonly fault: Fault | null;
  readonly mac: string | null;
  readonly serial: string | null;
  readonly seal: { readonly row: number; readonly hash: string } | null;
}

/**
 * One board, one plan, one try: admit, plan, perform, seal. Every event is durable in the ledger before the step that said it is asked to
 * go on (LAW 2), so no burn can happen whose intention is not on disk. The run record must be open in the ledger.
 */
export class Run {
  readonly #parts: RunParts;
  readonly #job: RunJob;
  readonly #record: RunRecord;
  /** The station's token; what it signs for this board is booked. */
  readonly #signer: Signer;
  #serial: string | null = null;
  #mac: string | null = null;
  /** Whether the ledger has this run among those of that board. */
  #isBound = false;
  /** Whether anything irreversible was done to the board, or meant to be: by an earlier run, or by this one. */
  #isTouched = false;
  /** Whether that was meant in this run. */
  #hasIntended = false;
  #contactSaid = false;
  /** Events of the earlier run that wrote the flash which this one finds encrypted by the device; else none. */
  #before: readonly StoredEvent[] = [];

  constructor(parts: RunParts, job: RunJob, record: RunRecord) {
    this.#parts = parts;
    this.#job = job;
    this.#record = record;
    this.#signer = bookedSigner(parts.signer, parts, record.operator, record.id);
  }

  /** Carries the run out and closes its record in the ledger, whatever happens. Rejects only when the ledger itself is gone. */
  async perform(board: Board): Promise<RunEnd> {
    const startedAt = this.#parts.clock.monotonic();
    const workspace = newWorkspace();
    board.heed(this.#job.signal);
    try {
      const plan = await this.#admitAndPlan(board);
      await this.#performSteps(board, plan, workspace);
      await this.#sayContact(board);
      const seal = await this.#seal(startedAt);
      this.#handOver(workspace);
      return this.#ended('passed', null, seal);
    } catch (error) {
      // A ledger that cannot take it says so at the end of the run.
      await this.#sayContact(board).catch(() => undefined);
      return await this.fail(error, startedAt);
    } finally {
      await workspace.cleaning?.stop();
      destroyKeys(workspace);
      destroyCredentials(workspace);
    }
  }

  /** How the contact with the board was, once a run: it counts for its fixture. */
  async #sayContact(board: Board): Promise<void> {
    if (this.#contactSaid) return;
    this.#contactSaid = true;
    const { fixture } = this.#record;
    const { health } = this.#parts;
    const fact = contactOf(board);
    const { wear } = health.note(fixture, fact);
    const value = wear === null ? fact : { ...fact, wear: `fixture ${fixture}: ${wear}` };
    await this.#say(null, { type: 'observed', what: 'contact', value });
  }

  /** Only a sealed board gets a label: now its credentials may wait for it. */
  #handOver(workspace: StepContext['workspace']): void {
    if (workspace.credentials === null || this.#mac === null) return;
    this.#parts.shelf.keep(this.#mac, workspace.credentials);
    workspace.credentials = null;
  }

  /** Closes the record with a fault (or an abort). */
  async fail(error: unknown, startedAt: number): Promise<RunEnd> {
    const { clock, ledger, log } = this.#parts;
    const aborted = this.#job.signal.aborted && error === this.#job.signal.reason;
    const fault = aborted ? null : this.#withMac(this.#withSafety(faultOf(error)));
    const outcome = fault === null ? 'aborted' : outcomeOfFault(fault);
    const ms = Math.round(clock.monotonic() - startedAt);
    const { id: run, fixture } = this.#record;
    const facts = { run, fixture, mac: this.#mac, ms };
    if (fault === null) log.info('run-aborted', facts);
    else log[outcome === 'refused' ? 'info' : 'error']('run-ended-with-fault', { ...facts, outcome, error: fault });
    await this.#say(null, { type: 'run-ended', outcome, fault: fault?.toJSON() ?? null, ms });
    await ledger.endRun(this.#record.id, { at: isoTime(clock.now()), outcome, fault: fault?.toJSON() ?? null });
    // One that comes again keeps the reason and the day on which it was condemned. Its keys stay: only people let them go.
    const isNew = fault?.safety === 'condemned' && fault.code !== 'admission.condemned';
    if (isNew && this.#mac !== null) {
      await ledger.condemn(this.#mac, this.#record.id, `${fault.code}: ${fault.what}`, { keepKeys: true });
    }
    return this.#ended(outcome, fault, null);
  }

  /** A fault of token, ledger or program says nothing of the board, which the run knows. */
  #withSafety(fault: Fault): Fault {
    // Whoever raised it may not have known what was burned before in this visit.
    if (fault.safety === 'untouched' && this.#hasIntended) return sameFault(fault, 'resumable');
    if (fault.safety !== 'no-board' || this.#mac === null) return fault;
    return sameFault(fault, this.#isTouched ? 'resumable' : 'untouched');
  }

  /** The ledger keeps no run of a board that was not let in among those of a device: which board it was goes with the reason. */
  #withMac(fault: Fault): Fault {
    if (this.#mac === null || this.#isBound || 'mac' in fault.details) return fault;
    return sameFault(fault, fault.safety, { mac: this.#mac });
  }

  #ended(outcome: Outcome, fault: Fault | null, seal: RunEnd['seal']): RunEnd {
    return { outcome, fault, mac: this.#mac, serial: this.#serial, seal };
  }

  async #say(step: string | null, event: StepEvent | RunEvent): Promise<void> {
    this.#isTouched ||= event.type === 'intend';
    this.#hasIntended ||= event.type === 'intend';
    if (event.type !== 'progress') await this.#parts.ledger.append(this.#record.id, step, event);
    this.#parts.listen({ type: 'run', fixture: this.#record.fixture, run: this.#record.id, step, event });
  }

  async #admitAndPlan(board: Board): Promise<Admitted> {
    const { ledger } = this.#parts;
    const { loaded, release, allowance } = this.#job;
    const { recipe } = loaded;
    requireClock(this.#parts.clock.now());
    this.#mac = board.identity.mac;
    const refusedEarly = refuseBoard(recipe, board.identity, null);
    if (refusedEarly) throw refusedEarly;
    const identity = readable(board.identity);
    const history = await ledger.history(identity.mac);
    const snapshot = await this.#readChipOf(history, board, identity);
    board.assertSupply();
    const past = burnHistoryOf(history);
    this.#isTouched = past.run !== null;
    const read = { board, identity, snapshot };
    const refused = await refuseProduct(loaded, read, { history, past, ledger }, this.#job, allowance.refuse);
    if (refused) throw refused;
    await this.#askRoute(identity, past.run === null ? 'untouched' : 'resumable');
    const serial = await allowance.count(identity.mac, () => this.#bind(identity, history));
    const plan = await this.#planWithMac({ mac: identity.mac, serial, isTouched: past.run !== null }, async (mac) => {
      const made = await this.#planTwiceBeforeRefusing(
        board,
        identity,
        snapshot,
        serial,
        { history, past },
        release,
        mac,
      );
      const cannot = refuseWithoutReset(made, this.#job);
      if (cannot) throw cannot;
      return made;
    });
    const rows = await rowsForBoard(
      loaded,
      { mac: identity.mac, serial, isTouched: past.run !== null, say: (event) => this.#say(null, event) },
      ledger,
    );
    const digest = planDigest(plan);
    await this.#say(null, {
      type: 'planned',
      planDigest: digest,
      steps: plan.steps.map((step) => step.id),
      resumes: plan.resumes,
      facts: planFacts(plan, recipe, release),
    });
    await this.#say(null, { type: 'observed', what: 'firmware', value: firmwareFactsOf(loaded) });
    for (const waiver of await waiversOf(loaded, this.#record.operator, ledger)) {
      await this.#say(null, { type: 'waived', ...waiver });
    }
    return { plan, digest, past, rows };
  }

  /** All eFuses of the chip that the ledger knows by this MAC. Another chip is refused by two looks: answers carry no checksum. */
  async #readChipOf(history: DeviceHistory, board: Board, identity: ReadableIdentity): Promise<EfuseSnapshot> {
    const look = async () => {
      const snapshot = await board.readEfuses();
      return { snapshot, refused: refuseOtherChip(history, identity, snapshot, this.#record.fixture) };
    };
    const first = await look();
    const { snapshot, refused } = first.refused === null ? first : await look();
    await this.#say(null, { type: 'identified', identity: identityFact(identity), efuses: decodeSnapshot(snapshot) });
    if (refused !== null) throw refused;
    return snapshot;
  }

  /** The number that is known of this board before one is drawn. */
  #givenSerial(mac: string): string | null {
    return this.#job.serial ?? (this.#job.loaded.recipe.serial.from === 'mac' ? mac.replaceAll(':', '') : null);
  }

  /** The factory's own system lets the board start, or nothing more is done to it. BoardFault `admission.route`. */
  async #askRoute({ mac, kind }: ReadableIdentity, safety: 'untouched' | 'resumable'): Promise<void> {
    const { factory, clock } = this.#parts;
    if (factory === undefined) return;
    const { id: run, batch, fixture, operator } = this.#record;
    const { order = null, signal, loaded } = this.#job;
    let heldAt: number | null = null;
    const value = await factory.ask(
      {
        ...{ run, fixture, operator, order, batch, recipe: loaded.ref, chip: kind, mac },
        serial: this.#givenSerial(mac),
      },
      signal,
      async (fault) => {
        heldAt = clock.monotonic();
        await this.#say(null, { type: 'parked', fault });
      },
    );
    if (heldAt !== null) await this.#say(null, { type: 'resumed', waitedMs: Math.round(clock.monotonic() - heldAt) });
    await this.#say(null, { type: 'observed', what: 'route', value });
    if (value.answer !== 'refused') return;
    throw new BoardFault({
      code: 'admission.route',
      what: `The factory's system does not let the board ${mac} start${value.words === null ? '' : `: ${JSON.stringify(value.words)}`}.`,
      next: 'Take the board out and bring it where it belongs. Nothing was done to it in this visit.',
      safety,
      details: { mac },
    });
  }

  /** Settles the serial number and binds the run to the board; gives the number. */
  async #bind({ mac, kind }: ReadableIdentity, history: DeviceHistory): Promise<string | null> {
    const { ledger, signer } = this.#parts;
    const { recipe } = this.#job.loaded;
    const draws = recipe.serial.from === 'random';
    const earlier = draws ? drawnBefore(history, recipe.serial) : null;
    const given = this.#givenSerial(mac);
    const refused =
      refuseGivenSerial(recipe, given, earlier) ??
      refuseSerial(recipe, given) ??
      this.#job.allowance.refuseSerial(given);
    if (refused) throw refused;
    for (let tries = 1; ; tries++) {
      const serial =
        given ?? earlier ?? (draws ? await unlessAborted(drawSerial(signer, recipe.serial), this.#job.signal) : null);
      try {
        await ledger.bindRun(this.#record.id, { mac, chip: kind, ...(serial ? { serial } : {}) });
        this.#serial = serial;
        this.#isBound = true;
        return serial;
      } catch (error) {
        // two boards may draw the same number once in a great while; a generator that does it again and again is told
        if (!draws || tries === drawTries || !isFault(error, 'ledger.duplicate')) throw error;
      }
    }
  }

  /**
   * The plan with the board's own MAC address in it, where the recipe gives one. It is claimed only for a plan that can be carried out, and
   * before anything is burned; where another fixture was quicker the next one is taken.
   */
  async #planWithMac(seeker: MacSeeker, plan: (mac: string | undefined) => Promise<Plan>): Promise<Plan> {
    for (;;) {
      const choice = await chooseCustomMac(this.#job.loaded, seeker, this.#parts.ledger);
      const made = await plan(choice?.mac);
      if (choice === null || !choice.isNew) return made;
      try {
        await this.#say(null, { type: 'row-taken', list: givenMacs, row: choice.mac });
        return made;
      } catch (error) {
        if (!isFault(error, 'ledger.duplicate')) throw error;
      }
    }
  }

  /** Answers of a loader carry no checksum: before a board is refused by what was read, it is read once more. */
  async #planTwiceBeforeRefusing(
    board: Board,
    identity: ReadableIdentity,
    snapshot: EfuseSnapshot,
    serial: string | null,
    { history, past }: { readonly history: DeviceHistory; readonly past: BurnHistory },
    release: Release,
    customMac: string | undefined,
  ): Promise<Plan> {
    const first = this.#plan(board, identity, snapshot, serial, past, release, customMac);
    if (first.burn.refusals.length === 0) return first;
    const again = await board.readEfuses();
    const plan = this.#plan(board, identity, again, serial, past, release, customMac);
    const { refusals } = plan.burn;
    if (refusals.length > 0)
      throw refusedPlan(refusals, { mac: identity.mac, ref: this.#job.loaded.ref, history, past });
    await this.#say(null, { type: 'identified', identity: identityFact(identity), efuses: decodeSnapshot(again) });
    return plan;
  }

  #plan(
    board: Board,
    identity: ReadableIdentity,
    snapshot: EfuseSnapshot,
    serial: string | null,
    past: BurnHistory,
    release: Release,
    customMac: string | undefined,
  ): Plan {
    const { recipe, ref, firmware, waivers } = this.#job.loaded;
    return makePlan({
      recipe,
      ref,
      release,
      deviceParts: devicePartsOf(recipe, firmware),
      profile: board.profile,
      identity,
      snapshot,
      serial,
      ...(customMac === undefined ? {} : { customMac }),
      waivers,
      past: pastOfPlan(past),
    });
  }

  async #performSteps(
    board: Board,
    { plan, digest, past, rows }: Admitted,
    workspace: StepContext['workspace'],
  ): Promise<void> {
    const { loaded, release, resetBy, signal } = this.#job;
    const earlierKeys = new Map<KeyRole, { wrapped: WrappedKey; fingerprint: string }>(past.keys);
    const context: StepContext = {
      board,
      plan,
      recipe: loaded.recipe,
      release,
      signer: this.#signer,
      clock: this.#parts.clock,
      random: this.#parts.random,
      permit: grantBurnPermit(this.#record.id, digest, plan.burn),
      workspace,
      earlierKeys,
      resetBy,
      batch: this.#record.batch,
      files: loaded.files,
      isOther: (mac) => isOfLedger(this.#parts.ledger, mac),
      rows,
    };
    this.#before = recordedBefore(
      past,
      plan.steps.some(({ id }) => id === 'write-flash'),
    );
    workspace.identity = identityIn(this.#before);
    let isTouched = past.run !== null;
    for (const { id } of plan.steps) {
      const step = stepOf(id);
      requireClock(this.#parts.clock.now(), this.#record.startedAt, isTouched ? 'resumable' : 'untouched');
      await this.#performStep(step, context, signal);
      isTouched ||= step.irreversible;
    }
  }

  /**
   * One step; where it touches no board and the token goes away in it, or its process ends, it waits for the token and is carried out anew. A
   * step in which the process ends again and again is what ends it: then it is given up.
   */
  async #performStep(step: Step, context: StepContext, signal: AbortSignal): Promise<void> {
    const { clock, signer } = this.#parts;
    for (let crashes = 0; ; ) {
      signal.throwIfAborted();
      const startedAt = clock.monotonic();
      const stop = step.irreversible ? undefined : signal;
      context.board.heed(stop ?? null);
      await this.#say(step.id, { type: 'step-started', step: step.id, irreversible: step.irreversible });
      try {
        for await (const event of this.#untilStopped(step.perform(context, stop), context.workspace, stop)) {
          await this.#say(step.id, event);
        }
        const ms = Math.round(clock.monotonic() - startedAt);
        await this.#say(step.id, { type: 'step-passed', step: step.id, ms });
        return;
      } catch (error) {
        const crashed = isFault(error, 'token.crashed');
        if (step.irreversible || !(crashed || isFault(error, 'token.gone'))) throw error;
        if (crashed && ++crashes > mostCrashes) throw error;
        await this.#say(step.id, { type: 'parked', fault: error.toJSON() });
        const parkedAt = clock.monotonic();
        await signer.whenBack(signal);
        await this.#say(step.id, { type: 'resumed', waitedMs: Math.round(clock.monotonic() - parkedAt) });
      }
    }
  }

  /**
   * The events of a step, which end with the signal's reason when it is aborted, also while the step waits for a part that does not
   * answer. What such a step makes afterwards is destroyed.
   */
  async *#untilStopped(
    events: AsyncGenerator<StepEvent, void, void>,
    workspace: StepContext['workspace'],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StepEvent, void, void> {
    try {
      for (;;) {
        const next = await unlessAborted(events.next(), signal);
        if (next.done) return;
        yield next.value;
      }
    } finally {
      const ended = events.return().catch(() => undefined);
      void ended.then(() => signal?.aborted && destroySecrets(workspace));
      await Promise.race([ended, this.#parts.clock.sleep(stepGraceMs)]);
    }
  }

  /** The last event and the record, in one transaction; only then is the board a passed one. */
  async #seal(startedAt: number): Promise<{ row: number; hash: string }> {
    const { ledger, clock, station, software } = this.#parts;
    requireClock(clock.now(), this.#record.startedAt, 'resumable');
    const events = [...this.#before, ...(await ledger.events(this.#record.id))];
    const sealedAt = isoTime(clock.now());
    const record = sealedRecordOf(this.#record, events, { station, sealedAt, software });
    const seal = await ledger.seal(record).catch((error: unknown) => {
      throw isFault(error, 'ledger.duplicate') ? burnedDuplicate(error) : error;
    });
    const ms = Math.round(clock.monotonic() - startedAt);
    this.#parts.listen({
      type: 'run',
      fixture: this.#record.fixture,
      run: this.#record.id,
      step: null,
      event: { type: 'run-ended', outcome: 'passed', fault: null, ms },
    });
    return seal;
  }
}

/** What the record states belongs to another board: found at the seal the ledger is unchanged, but the board is burned. */
function burnedDuplicate(cause: Fault): LedgerFault {
  const { code, what, details } = cause;
  return new LedgerFault({
    code,
    what: `The board is finished, but cannot be sealed: ${what}`,
    next: 'Set it aside and find out which of the two boards is right; this one is not sealed and has no record.',
    safety: 'resumable',
    details,
    cause,
  });
}

/** A board that may be worked on, and everything that was decided of it before. */
interface Admitted {
  readonly plan: Plan;
  readonly digest: string;
  readonly past: BurnHistory;
  readonly rows: StepContext['rows'];
}

/** How often a board waits in one step for a token whose process ended: more than a module that stumbles, fewer than for ever. */
const mostCrashes = 5;

/** How long a stopped step has to end by itself, ms: all but one that waits for a part that does not answer ends at once. */
const stepGraceMs = 1000;

function destroySecrets(workspace: StepContext['workspace']): void {
  destroyKeys(workspace);
  destroyCredentials(workspace);
}

/** How often a serial number is drawn before the generator is given up. */
const drawTries = 5;

/** What a board's counters say of its contact. */
export function contactOf(board: Pick<Board, 'counters' | 'start' | 'burnsRepeated' | 'brownOuts'>): ContactFact {
  const { retries, resyncs, contactRetries, slowerRates } = board.counters;
  const counts = {
    retries,
    resyncs,
    contactRetries,
    slowerRates,
    codingErrors: board.burnsRepeated,
    brownOuts: board.brownOuts,
  };
  const some = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return { start: board.start, ...some };
}

type ReadableIdentity = ChipIdentity & { readonly revision: number; readonly mac: string };

function readable(identity: ChipIdentity): ReadableIdentity {
  const { revision, mac } = identity;
  if (revision === null || mac === null) {
    throw new BoardFault({
      code: 'admission.unreadable',
      what: 'The chip tells neither its MAC nor its revision.',
      next: 'Take the board out. If it was sealed here, look it up by its serial number.',
      safety: 'untouched',
    });
  }
  return { ...identity, revision, mac };
}

function identityFact(identity: ReadableIdentity) {
  const { security, ...rest } = identity;
  return { ...rest, packageVersion: rest.packageVersion ?? 0, securityFlags: security.flags };
}
