import { toHex } from '../base/bytes.ts';
import { type Clock, isoTime, unlessAborted } from '../base/clock.ts';
import { type Log, type OpenLog, silentLog } from '../base/log.ts';
import { Mutex } from '../base/mutex.ts';
import type { RandomSource } from '../base/random.ts';
import { anyBoard } from '../config/station-file.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FactoryEvents, FactorySystem } from '../model/factory.ts';
import { faultOf, isFault } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { PlantOfStation } from '../model/plant.ts';
import type { PlcOfStation } from '../model/plc.ts';
import type { SealedRecord } from '../model/record.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import { requireDeviceCa } from '../recipe/making/device-ca.ts';
import { buildRelease, type Release } from '../recipe/making/release.ts';
import type { Signer } from '../signing/signer.ts';
import { noOtherToken, type OpenToken, TokenRing } from '../signing/token-ring.ts';
import type { OpenPort } from '../transport/port.ts';
import { awaitedLedger } from './awaited-ledger.ts';
import { awaitedSigner } from './awaited-signer.ts';
import { allowanceOf, type BoardRules } from './board-rules.ts';
import { bookedSigner } from './booked-signer.ts';
import { type BatchCertificate, type BirthCertificate, batchCertificate, birthCertificate } from './certificates.ts';
import { Checkpoints } from './checkpoints.ts';
import { CredentialShelf } from './credential-shelf.ts';
import type { StationEvent, StationListener } from './events.ts';
import { Fixture, type FixtureGate, type FixtureSpec } from './fixture.ts';
import { FixtureHealth } from './fixture-health.ts';
import { LeaseOpening } from './leases.ts';
import { OrderPlaces } from './order-places.ts';
import { PlantWitnesses } from './plant-witnesses.ts';
import type { RunJob } from './run.ts';
import { requireStationClock } from './station-clock.ts';
import type { TokenOfStation } from './token-ceremony.ts';
import { askWitness } from './witnessing.ts';
import { admitWork, type PeopleOfStation, refuseBesidePlc } from './work-gate.ts';

/** The parts a station is made of; compose opens the real ones. */
export interface StationParts {
  readonly name: string;
  readonly software: SealedRecord['software'];
  readonly ledger: Ledger;
  readonly signer: Signer;
  /** The same token as people accept it in a ceremony; left out: it is held to nothing. */
  readonly token?: TokenOfStation;
  /** Other tokens that the station file lists; left out: there are none. */
  readonly openToken?: OpenToken;
  /** The token is the private SoftHSM of the data folder, in which a missing key may be made without asking. */
  readonly embeddedToken?: boolean;
  readonly openPort: OpenPort;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Who is known here. */
  readonly people: PeopleOfStation;
  /** The station file says that this station is for development: it asks nobody before real boards. */
  readonly development: boolean;
  /** What is asked of boards beside the recipe; left out: nothing. */
  readonly boards?: BoardRules;
  /** Where the ledger's rows are sent beside; left out: nowhere. No board waits for it. */
  readonly plant?: PlantOfStation;
  /** Verifier keys of witnesses whose word is booked as the plant brings it; left out: nobody's. */
  readonly witnesses?: readonly string[];
  /** The factory's own system: asked before a board starts, told every result; left out: there is none. */
  readonly factory?: FactorySystem;
  /** Whoever is told what comes of each board; left out: nobody. No board waits for them. */
  readonly events?: readonly FactoryEvents[];
  /** Starts the boards of some fixtures, alone; left out: people start all. */
  readonly plc?: PlcOfStation;
  /** The program log; left out: none is kept. */
  readonly log?: OpenLog;
}

/** An order for this station: these fixtures, this recipe, so many boards. */
export interface ProvisionJob {
  readonly loaded: LoadedRecipe;
  readonly fixtures: readonly FixtureSpec[];
  /** Boards to try in all; default one a fixture. */
  readonly count: number | null;
  readonly order: string | null;
  readonly operator: string | null;
  /** Serial numbers, given to boards in the order in which they start. */
  readonly serials: readonly string[];
  readonly resetBy: 'lines' | 'operator';
  /** The one board that may be worked on, by MAC or serial number: for a shut board that cannot say which one it is. */
  readonly device?: string;
  /** Decides when an inserted board starts and with which serial number; without one boards start at once, with `serials`. */
  readonly gate?: FixtureGate;
  /** What `count` counts: boards tried (the default), or boards sealed, so that a failed one is made up for. */
  readonly aim?: 'tried' | 'sealed' | 'until-stopped';
  /** Ends the batch: no new board starts, running boards stop at the next step border. */
  readonly signal: AbortSignal;
}

/** What became of a batch. */
export interface BatchResult {
  readonly batch: string;
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Boards per hour over the batch's own time. */
  readonly boardsPerHour: number;
  readonly ms: number;
}

/** One computer, its fixtures, its token, its ledger. The only writer to the ledger. */
export class Station {
  readonly parts: StationParts;
  /** Credentials of sealed boards, for whoever prints their labels. */
  readonly shelf = new CredentialShelf();
  /** How each fixture stands with the boards that lay in it. */
  readonly health = new FixtureHealth();
  readonly log: Log;
  readonly #listeners = new Set<StationListener>();
  /** Boards are counted to their orders one at a time. */
  readonly #countingTurn = new Mutex();

  readonly #leaseOpening: LeaseOpening;
  readonly #checkpoints: Checkpoints;
  readonly #plantWitnesses: PlantWitnesses | null;

  constructor(parts: StationParts) {
    this.parts = parts;
    this.log = parts.log ?? silentLog;
    this.#leaseOpening = new LeaseOpening(parts);
    this.#checkpoints = new Checkpoints({ ...parts, log: this.log });
    const { plant, witnesses = [] } = parts;
    this.#plantWitnesses =
      plant === undefined || witnesses.length === 0
        ? null
        : new PlantWitnesses({ ...parts, log: this.log }, plant, witnesses);
  }

  /** Hears everything the station says; gives back the way to stop hearing. What a listener throws is logged, and it hears on. */
  listen(listener: StationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly #publish = (event: StationEvent): void => {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.log.error('listener-failed', { event: event.type, error: faultOf(error) });
      }
    }
  };

  /** Images signed and digests at hand, before a board is in. */
  async prepareRelease(loaded: LoadedRecipe, by: string | null = null): Promise<Release> {
    const { signer, clock } = this.parts;
    await using tokens = this.bookedTokens(by);
    await requireDeviceCa(loaded.recipe, loaded.files, bookedSigner(signer, this.parts, by), clock.now());
    return await buildRelease(loaded, tokens);
  }

  /** The station's tokens, each of whose signatures is booked at the word of `by`. The caller closes the ring. */
  bookedTokens(by: string | null): TokenRing {
    const { signer, openToken = noOtherToken } = this.parts;
    return new TokenRing(bookedSigner(signer, this.parts, by), async (label) => {
      const opened = await openToken(label);
      return opened === null ? null : bookedSigner(opened, this.parts, by);
    });
  }

  /**
   * Provisions boards on many fixtures at once. One fixture's trouble never stops another's (LAW 10); only the ledger's does,
   * since without it nothing may be burned, and a clock that was set back. Rejects with the fault that kept the batch from starting: those of
   * `admitWork` first, then those of `allowanceOf`.
   */
  async provision(job: ProvisionJob): Promise<BatchResult> {
    const { clock, random } = this.parts;
    // token and ledger may be long in answering: whoever stops the work waits for neither
    const { allowance, release } = await unlessAborted(this.#admit(job), job.signal);
    const ledger = this.#ledgerFor(job, () => undefined);
    const startedAt = clock.monotonic();
    const batch = `B-${isoTime(clock.now()).slice(0, 10).replaceAll('-', '')}-${toHex(random(4))}`;
    const total = job.aim === 'until-stopped' ? null : (job.count ?? job.fixtures.length);
    await ledger.putRecipe(job.loaded.ref, job.loaded.canonicalText);
    await ledger.openBatch({
      id: batch,
      order: job.order,
      recipe: job.loaded.ref,
      count: total,
      openedAt: isoTime(clock.now()),
      closedAt: null,
    });
    const counts: Record<Outcome, number> = { passed: 0, failed: 0, refused: 0, errored: 0, aborted: 0 };
    const halt = new AbortController();
    const signal = AbortSignal.any([job.signal, halt.signal]);
    const places = new OrderPlaces(total, job.serials);
    const fixtures = job.fixtures.map(
      (spec) =>
        new Fixture(spec, {
          ...this.parts,
          ledger: this.#ledgerFor(job, (isSlow) => this.#publish({ type: 'ledger', fixture: spec.name, isSlow })),
          signer: awaitedSigner(this.parts.signer, (isSilent) =>
            this.#publish({ type: 'token', fixture: spec.name, isSilent }),
          ),
          log: this.log,
          shelf: this.shelf,
          health: this.health,
          station: this.parts.name,
          listen: this.#publish,
          job: {
            loaded: job.loaded,
            allowance,
            release,
            order: job.order,
            resetBy: job.resetBy,
            signal,
            operator: job.operator,
            batch,
            device: job.device ?? null,
          },
          gate: job.gate ?? null,
          claim: () => (signal.aborted ? null : places.claim()),
          claimLater: (ended) => places.claimLater(ended),
          isFull: () => places.isFull,
          whenFree: (ended) => places.whenFree(ended),
          giveBack: () => places.giveBack(true),
          done: (outcome) => {
            counts[outcome]++;
            if (outcome === 'passed') this.#checkpoints.sealed();
            if (job.aim === 'sealed' && outcome !== 'passed') places.giveBack(false);
            const done = Object.values(counts).reduce((sum, count) => sum + count, 0);
            this.#publish({ type: 'batch', batch, done, passed: counts.passed, of: total });
            // nobody waits for boards any more that the order does not want
            if ((job.aim === 'sealed' ? counts.passed : done) === total) halt.abort(new Error('the order is done'));
          },
        }),
    );
    this.#publish({ type: 'batch', batch, done: 0, passed: 0, of: total });
    const ends = await Promise.allSettled(
      fixtures.map((fixture) =>
        fixture.work().catch((error: unknown) => {
          if (isFault(error) && (error.faultClass === 'ledger' || error.code === 'clock.wrong')) halt.abort(error);
          throw error;
        }),
      ),
    );
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) throw faultOf(failure.reason);
    await ledger.closeBatch(batch, isoTime(clock.now()));
    await this.#checkpoints.sign(`the end of batch ${batch}`, job.signal);
    const ms = clock.monotonic() - startedAt;
    return { batch, counts, ms, boardsPerHour: ms > 0 ? (counts.passed * 3_600_000) / ms : 0 };
  }

  async #admit(job: ProvisionJob): Promise<Pick<RunJob, 'allowance' | 'release'>> {
    await requireStationClock(this.parts);
    await admitWork(job, this.parts);
    refuseBesidePlc(job.fixtures, this.parts.plc);
    const { boards = anyBoard } = this.parts;
    const ledger = this.#ledgerFor(job, () => undefined);
    const allowance = await allowanceOf(
      job,
      boards,
      { ...this.parts, ledger, opening: this.#leaseOpening },
      this.#countingTurn,
    );
    const release = await this.prepareRelease(job.loaded, job.operator);
    await this.health.learn(this.parts.ledger);
    return { allowance, release };
  }

  /** The ledger as a batch asks it: a stop by people, not the end of an order, leaves a disk that hangs. */
  #ledgerFor({ signal }: ProvisionJob, tell: (isSlow: boolean) => void): Ledger {
    return awaitedLedger(this.parts.ledger, { tell, signal });
  }

  /** One signed file that says what a sealed device is. Faults as birthCertificate. */
  certifyDevice(mac: string, by: string | null): Promise<BirthCertificate> {
    return birthCertificate(this.parts, mac, by, () => this.#checkpoints.sign('a certificate'));
  }

  /** One signed file that says what became of each board of a batch. Faults as batchCertificate. */
  certifyBatch(batch: string, by: string | null): Promise<BatchCertificate> {
    return batchCertificate(this.parts, batch, by, () => this.#checkpoints.sign('a certificate'));
  }

  /** The newest head on its way to a witness, as a file. Faults as askWitness. */
  askWitness(of: { readonly old?: number; readonly of?: string }): Promise<string> {
    return askWitness(this.parts, of, () => this.#checkpoints.sign('a witness'));
  }

  async close(): Promise<void> {
    this.shelf.close();
    await this.parts.plc?.close();
    await this.#checkpoints.close();
    await this.#plantWitnesses?.close();
    await this.parts.signer.close();
    await this.parts.plant?.close();
    await this.parts.factory?.close();
    for (const one of this.parts.events ?? []) await one.close();
    await this.parts.ledger.close();
    this.log.info('station-closed');
    await this.parts.log?.close();
  }
}
