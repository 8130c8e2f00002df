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

/** Its word is that of the language in use when it is drawn. */
export function lookOfWord(tone: Tone, shape: Shape, say: () => string): Look {
  return {
    tone,
    shape,
    get word() {
      return say();
    },
  };
}

/** While something is burned into a board: louder than anything else that a tile can show. */
const burning: Look = lookOfWord('burn', 'hand', () => words.tile.burning);
/** Nobody knows how the fixture stands now. */
const unknown: Look = lookOfWord('stale', 'unknown', () => words.tile.unknown);

/** The work waits for an answer of the token. */
const silent: Look = lookOfWord('warn', 'pause', () => words.tile.tokenSilent);
const slow: Look = lookOfWord('warn', 'pause', () => words.tile.ledgerSlow);

/** What a board that is ready asks of a person, or of the PLC. */
const needLooks: Readonly<Record<NonNullable<FixtureView['needs']>, Look>> = {
  serial: lookOfWord('ask', 'codes', () => words.needs.serial),
  key: lookOfWord('ask', 'play', () => words.needs.key),
  name: lookOfWord('ask', 'codes', () => words.needs.name),
  plc: lookOfWord('calm', 'pause', () => words.needs.plc),
};

/** Each state of a fixture: its colour, its shape, its word. */
const looks: Readonly<Record<FixtureState, Look>> = {
  idle: lookOfWord('dim', 'ring', () => words.state.idle),
  waiting: lookOfWord('calm', 'slot', () => words.state.waiting),
  identifying: lookOfWord('calm', 'eye', () => words.state.identifying),
  ready: needLooks.key,
  held: lookOfWord('calm', 'pause', () => words.state.held),
  running: lookOfWord('calm', 'turn', () => words.state.running),
  parked: lookOfWord('warn', 'pause', () => words.state.parked),
  'mes-away': lookOfWord('warn', 'pause', () => words.state.mesAway),
  labelling: lookOfWord('ask', 'label', () => words.state.labelling),
  shown: lookOfWord('calm', 'ring', () => words.state.shown),
  mute: lookOfWord('warn', 'unknown', () => words.state.mute),
  absent: lookOfWord('dim', 'gap', () => words.state.absent),
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
  passed: lookOfWord('pass', 'check', () => words.outcome.passed),
  failed: lookOfWord('fail', 'cross', () => words.outcome.failed),
  refused: lookOfWord('warn', 'bar', () => words.outcome.refused),
  errored: lookOfWord('fault', 'bolt', () => words.outcome.errored),
  aborted: lookOfWord('dim', 'stop', () => words.outcome.aborted),
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
    const outcome = outcomeLooks[verdict.outcome];
    return verdict.outcome === 'passed'
      ? outcome
      : { tone: outcome.tone, shape: actShapes[verdict.act], word: words.acts[verdict.act] };
  }
  if (fixture.tokenIsSilent && fixture.state === 'running') return silent;
  if (fixture.ledgerIsSlow) return slow;
  if (fixture.state !== 'ready') return looks[fixture.state];
  if (bound?.startsIn != null)
    return { tone: 'ask', shape: 'turn', word: words.tile.startsIn({ seconds: bound.startsIn }) };
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
  sealed: lookOfWord('pass', 'check', () => words.outcome.sealed),
  condemned: lookOfWord('fail', 'cross', () => words.outcome.condemned),
  open: lookOfWord('calm', 'turn', () => words.outcome.open),
};

/** What a board in the recovery bay is. */
export const recoveryLooks: Readonly<Record<RecoveryView['report']['state'], Look>> = {
  blank: lookOfWord('calm', 'slot', () => words.recovery.state.blank),
  met: lookOfWord('calm', 'ring', () => words.recovery.state.met),
  'half-done': lookOfWord('ask', 'turn', () => words.recovery.state['half-done']),
  sealed: lookOfWord('pass', 'check', () => words.recovery.state.sealed),
  condemned: lookOfWord('fail', 'cross', () => words.recovery.state.condemned),
  foreign: lookOfWord('warn', 'bar', () => words.recovery.state.foreign),
  'other-chip': lookOfWord('fail', 'bar', () => words.recovery.state['other-chip']),
  shut: lookOfWord('warn', 'pause', () => words.recovery.state.shut),
};
