import type { FixtureView, VerdictAct } from '../../../contract/views.ts';
import type { FixtureAtPlc } from '../../../model/plc.ts';
import { stepTitle } from '../../../recipe/steps/index.ts';
import type { StepId } from '../../../recipe/types.ts';
import type { FixtureState, StationEvent } from '../../events.ts';
import type { FixtureSpec } from '../../fixture.ts';
import type { StepHistory } from './step-history.ts';

type Verdict = NonNullable<FixtureView['verdict']>;

/** What people have said of the fixture, and what its board waits for. */
export type Said = Pick<FixtureView, 'needs' | 'chosen' | 'bound'>;

/** What a tile shows of one fixture: a fold over the station's events. The last verdict stays until the next board is in. */
export class Tile {
  readonly spec: FixtureSpec;
  readonly #history: StepHistory;
  #state: FixtureState = 'idle';
  #run: string | null = null;
  #mac: string | null = null;
  #serial: string | null = null;
  #recipe = '';
  #steps: readonly string[] = [];
  #at = -1;
  #share: number | null = null;
  #stepSince = 0;
  #irreversible = false;
  #tokenIsSilent = false;
  #ledgerIsSlow = false;
  #burned: Verdict['burned'] = null;
  #verdict: Verdict | null = null;
  #end: FixtureAtPlc['end'] = null;
  #passed = 0;
  #tried = 0;

  constructor(spec: FixtureSpec, history: StepHistory) {
    this.spec = spec;
    this.#history = history;
  }

  get isRunning(): boolean {
    return this.#state === 'running' || this.#state === 'parked' || this.#state === 'mes-away';
  }

  get state(): FixtureState {
    return this.#state;
  }

  /** The board was planned, so that a burn may be under way at any moment. */
  get mustStay(): boolean {
    return this.isRunning && this.#steps.length > 0;
  }

  /** How the last board ended. */
  get end(): FixtureAtPlc['end'] {
    return this.#end;
  }

  /** Counts start anew with a batch. */
  beginBatch(recipe: string): void {
    this.#recipe = recipe;
    this.#passed = 0;
    this.#tried = 0;
  }

  /** The batch is over, also where the fixture could not say so itself. */
  rest(): void {
    this.#state = 'idle';
    this.#tokenIsSilent = false;
    this.#ledgerIsSlow = false;
  }

  /** A person has seen the verdict. */
  acknowledge(): void {
    if (!this.isRunning) this.#verdict = null;
  }

  /** Takes in one event of this fixture; `now`: monotonic ms, `at`: ISO 8601; `judge` says what is to be done with a board first. */
  hear(
    event: Exclude<StationEvent, { type: 'batch' }>,
    now: number,
    at: string,
    judge: (verdict: Extract<StationEvent, { type: 'verdict' }>) => VerdictAct,
  ): void {
    if (event.type === 'fixture') this.#enter(event.state);
    else if (event.type === 'token') this.#tokenIsSilent = event.isSilent;
    else if (event.type === 'ledger') this.#ledgerIsSlow = event.isSlow;
    else if (event.type === 'verdict') {
      const { outcome, fault, seal } = event;
      const burned = outcome === 'passed' ? 'yes' : this.#burned;
      this.#verdict = { outcome, fault, at, sealRow: seal?.row ?? null, act: judge(event), burned };
      this.#end = { number: (this.#end?.number ?? 0) + 1, outcome, mac: event.mac };
      this.#mac = event.mac ?? this.#mac;
      this.#serial = event.serial ?? this.#serial;
      this.#tried++;
      if (outcome === 'passed') this.#passed++;
    } else this.#hearRun(event, now);
  }

  #enter(state: FixtureState): void {
    this.#state = state;
    if (state !== 'ready' && state !== 'running') return;
    this.#verdict = null;
    this.#forget();
  }

  #forget(): void {
    this.#run = null;
    this.#mac = null;
    this.#serial = null;
    this.#steps = [];
    this.#at = -1;
    this.#share = null;
    this.#burned = null;
  }

  #hearRun({ run, event }: Extract<StationEvent, { type: 'run' }>, now: number): void {
    this.#run = run;
    switch (event.type) {
      case 'identified':
        this.#mac = event.identity.mac;
        return;
      case 'planned':
        this.#steps = event.steps;
        this.#serial = event.facts.serial;
        this.#burned = event.resumes === null ? 'no' : 'begun';
        return;
      case 'intend':
        // what was meant may have been done, also where nothing came after it
        if (this.#burned !== 'yes') this.#burned = 'begun';
        return;
      case 'burned':
        this.#burned = 'yes';
        return;
      case 'step-started':
        this.#at = this.#steps.indexOf(event.step);
        this.#irreversible = event.irreversible;
        this.#share = null;
        this.#stepSince = now;
        return;
      case 'progress':
        this.#share = event.total > 0 ? event.done / event.total : null;
        return;
      case 'step-passed':
        this.#history.add(this.#recipe, event.step, event.ms);
        return;
      case 'parked':
        this.#state = event.fault.code.startsWith('mes.') ? 'mes-away' : 'parked';
        return;
      case 'resumed':
        this.#state = 'running';
        this.#stepSince = now;
    }
  }

  view(now: number, said: Said): FixtureView {
    const id = this.#steps[this.#at];
    const isUnderWay = this.isRunning && id !== undefined;
    const progress = isUnderWay
      ? this.#history.progress(this.#recipe, this.#steps, this.#at, {
          share: this.#share,
          ranMs: now - this.#stepSince,
        })
      : null;
    return {
      name: this.spec.name,
      address: this.spec.address,
      state: this.#verdict !== null && !this.isRunning ? 'shown' : this.#state,
      ...said,
      tokenIsSilent: this.#tokenIsSilent,
      ledgerIsSlow: this.#ledgerIsSlow,
      run: this.#run,
      mac: this.#mac,
      serial: this.#serial,
      step: isUnderWay
        ? {
            id,
            title: stepTitle(id as StepId),
            at: this.#at + 1,
            of: this.#steps.length,
            irreversible: this.#irreversible,
          }
        : null,
      fraction: progress?.fraction ?? null,
      secondsLeft: progress?.secondsLeft ?? null,
      verdict: this.#verdict,
      passed: this.#passed,
      tried: this.#tried,
    };
  }
}
