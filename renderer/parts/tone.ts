import type { FixtureView, RecoveryView } from '../../main/contract/views.ts';
import { words } from '../words/words.ts';

/** What a colour asks of a person: nothing (calm, dim), an act (ask), care. Shape and word always say the same. */
export type Tone = 'calm' | 'dim' | 'ask' | 'pass' | 'fail' | 'warn' | 'fault' | 'burn' | 'stale';
export type Shape =
  | 'ring'
  | 'slot'
  | 'eye'
  | 'play'
  | 'turn'
  | 'pause'
  | 'check'
  | 'cross'
  | 'bar'
  | 'bolt'
  | 'stop'
  | 'label'
  | 'gap'
  | 'hand'
  | 'bin'
  | 'eject'
  | 'call'
  | 'codes'
  | 'unknown';

type Verdict = NonNullable<FixtureView['verdict']>;
export type Outcome = NonNullable<FixtureView['verdict']>['outcome'];
type FixtureState = FixtureView['state'];

export interface Look {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly word: string;
}

/** While something is burned into a board: louder than anything else that a tile can show. */
const burning: Look = { tone: 'burn', shape: 'hand', word: words.tile.burning };
/** Nobody knows how the fixture stands now. */
const unknown: Look = { tone: 'stale', shape: 'unknown', word: words.tile.unknown };

/** The work waits for an answer of the token. */
const silent: Look = { tone: 'warn', shape: 'pause', word: words.tile.tokenSilent };

/** What a board that is ready asks of a person. */
const needLooks: Readonly<Record<NonNullable<FixtureView['needs']>, Look>> = {
  serial: { tone: 'ask', shape: 'codes', word: words.needs.serial },
  key: { tone: 'ask', shape: 'play', word: words.needs.key },
  name: { tone: 'ask', shape: 'codes', word: words.needs.name },
};

/** Each state of a fixture: its colour, its shape, its word. */
const looks: Readonly<Record<FixtureState, Look>> = {
  idle: { tone: 'dim', shape: 'ring', word: words.state.idle },
  waiting: { tone: 'calm', shape: 'slot', word: words.state.waiting },
  identifying: { tone: 'calm', shape: 'eye', word: words.state.identifying },
  ready: needLooks.key,
  held: { tone: 'calm', shape: 'pause', word: words.state.held },
  running: { tone: 'calm', shape: 'turn', word: words.state.running },
  parked: { tone: 'warn', shape: 'pause', word: words.state.parked },
  labelling: { tone: 'ask', shape: 'label', word: words.state.labelling },
  shown: { tone: 'calm', shape: 'ring', word: words.state.shown },
  mute: { tone: 'warn', shape: 'unknown', word: words.state.mute },
  absent: { tone: 'dim', shape: 'gap', word: words.state.absent },
};

/** What to do first with a board that did not pass. */
export const actShapes: Readonly<Record<Verdict['act'], Shape>> = {
  'take-out': 'eject',
  'insert-again': 'slot',
  'put-aside': 'bin',
  'call-engineer': 'call',
};

/** Each verdict: its colour, its shape, its word. */
export const outcomeLooks: Readonly<Record<Outcome, Look>> = {
  passed: { tone: 'pass', shape: 'check', word: words.outcome.passed },
  failed: { tone: 'fail', shape: 'cross', word: words.outcome.failed },
  refused: { tone: 'warn', shape: 'bar', word: words.outcome.refused },
  errored: { tone: 'fault', shape: 'bolt', word: words.outcome.errored },
  aborted: { tone: 'dim', shape: 'stop', word: words.outcome.aborted },
};

/** States in which the last verdict stays on the tile: until the next board. */
const verdictStays: ReadonlySet<FixtureState> = new Set(['shown', 'waiting', 'idle', 'absent']);

export function showsVerdict(fixture: FixtureView): boolean {
  return fixture.verdict !== null && verdictStays.has(fixture.state);
}

/** Whether something is being burned into the board at this moment, as far as was heard. */
export function isBurning({ state, step }: FixtureView): boolean {
  return state === 'running' && step?.irreversible === true;
}

/** Of a board that did not pass the act stands first, in the colour of its outcome. */
export function lookOf(fixture: FixtureView, known = true): Look {
  const { verdict, needs, bound } = fixture;
  if (!known) return unknown;
  if (isBurning(fixture)) return burning;
  if (verdict !== null && showsVerdict(fixture)) {
    const look = outcomeLooks[verdict.outcome];
    return verdict.outcome === 'passed'
      ? look
      : { tone: look.tone, shape: actShapes[verdict.act], word: words.acts[verdict.act] };
  }
  if (fixture.tokenIsSilent && fixture.state === 'running') return silent;
  if (fixture.state !== 'ready') return looks[fixture.state];
  if (bound?.startsIn != null) return { tone: 'ask', shape: 'turn', word: words.tile.startsIn(bound.startsIn) };
  return needs === null ? looks.running : needLooks[needs];
}

/** Whether somebody should look here. */
export function needsPerson(fixture: FixtureView): boolean {
  const { tone } = lookOf(fixture);
  return tone === 'fail' || tone === 'warn' || tone === 'fault' || tone === 'ask';
}

/** Every state that a device's record can have. */
export const deviceLooks: Readonly<Record<Outcome | 'sealed' | 'condemned' | 'open', Look>> = {
  ...outcomeLooks,
  sealed: { tone: 'pass', shape: 'check', word: words.outcome.sealed },
  condemned: { tone: 'fail', shape: 'cross', word: words.outcome.condemned },
  open: { tone: 'calm', shape: 'turn', word: words.outcome.open },
};

/** What a board in the recovery bay is. */
export const recoveryLooks: Readonly<Record<RecoveryView['report']['state'], Look>> = {
  blank: { tone: 'calm', shape: 'slot', word: words.recovery.state.blank },
  met: { tone: 'calm', shape: 'ring', word: words.recovery.state.met },
  'half-done': { tone: 'ask', shape: 'turn', word: words.recovery.state['half-done'] },
  sealed: { tone: 'pass', shape: 'check', word: words.recovery.state.sealed },
  condemned: { tone: 'fail', shape: 'cross', word: words.recovery.state.condemned },
  foreign: { tone: 'warn', shape: 'bar', word: words.recovery.state.foreign },
  'other-chip': { tone: 'fail', shape: 'bar', word: words.recovery.state['other-chip'] },
  shut: { tone: 'warn', shape: 'pause', word: words.recovery.state.shut },
};
