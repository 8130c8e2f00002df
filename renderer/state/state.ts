import type { CallFault, CallName, LineChange, SessionState } from '../../main/contract/contract.ts';
import type { LineSnapshot, TokenView } from '../../main/contract/views.ts';
import type { Language } from '../../main/words/languages.ts';
import type { Link } from '../bridge/bridge.ts';
import { type Alarm, addAlarm, followState, mayPutAway } from './alarms.ts';

export type ScreenName = 'line' | 'throughput' | 'devices' | 'batches' | 'runs' | 'compare' | 'recipes' | 'station';
export type Scheme = 'light' | 'dark' | 'auto';

/** Where the person is: a screen, and what of it is open (a MAC, a recipe). */
export interface Place {
  readonly screen: ScreenName;
  readonly item: string | null;
}

export interface Preferences {
  /** Chosen at this seat, for whoever has no language of their own; null: none was. */
  readonly language: Language | null;
  readonly scheme: Scheme;
  readonly muted: boolean;
}

export type Verdicts = LineChange['verdicts'];

/** All that the window knows. One value; views look at it through selectors. */
export interface AppState {
  readonly link: Link;
  /** When the station was heard last, in ms since 1970; null: it can be heard now, or was not yet. */
  readonly lastWordAt: number | null;
  readonly session: SessionState | null;
  readonly line: LineSnapshot | null;
  readonly token: TokenView | null;
  readonly place: Place;
  /** The guide of the first start stays until its end, also when its person is known already. */
  readonly guided: boolean;
  /** Fixture whose details are open. */
  readonly opened: string | null;
  readonly dialog: 'start' | 'stop' | 'sign-in' | 'help' | null;
  /** What the station answered last, in words, until the next. */
  readonly said: string | null;
  /** What needs somebody, the gravest first. */
  readonly alarms: readonly Alarm[];
  /** How many scans were refused, so that each one can be seen and heard. */
  readonly refusedScans: number;
  /** The newest verdicts, for sound and for the screen reader. */
  readonly verdicts: Verdicts;
  readonly preferences: Preferences;
}

export type Action =
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'session'; readonly session: SessionState }
  | { readonly type: 'snapshot'; readonly line: LineSnapshot }
  | { readonly type: 'changes'; readonly changes: readonly LineChange[] }
  | { readonly type: 'token'; readonly token: TokenView }
  | { readonly type: 'place'; readonly place: Place }
  | { readonly type: 'open'; readonly fixture: string | null }
  | { readonly type: 'dialog'; readonly dialog: AppState['dialog'] }
  | { readonly type: 'said'; readonly words: string }
  /** A call was refused or failed; `kind` scan: what was scanned was not taken. */
  | { readonly type: 'fault'; readonly fault: CallFault; readonly call: string; readonly kind: 'scan' | 'fault' }
  /** A call succeeded: what was wrong with the one before is mended. */
  | { readonly type: 'succeeded'; readonly call: string }
  | { readonly type: 'guide-ended' }
  | { readonly type: 'said-enough' }
  | { readonly type: 'put-away'; readonly alarm: string }
  | { readonly type: 'preferences'; readonly preferences: Partial<Preferences> };

export function initialState(place: Place, preferences: Preferences): AppState {
  return {
    link: 'connecting',
    lastWordAt: null,
    session: null,
    line: null,
    token: null,
    place,
    guided: false,
    opened: null,
    dialog: null,
    said: null,
    alarms: [],
    refusedScans: 0,
    verdicts: [],
    preferences,
  };
}

/** The one place where what the window knows is changed. Pure. `at`: ms since 1970. */
export function reduce(state: AppState, action: Action, at: number): AppState {
  const next = step(state, action, at);
  if (next === state) return state;
  const alarms = followState(next, at);
  return alarms === next.alarms ? next : { ...next, alarms };
}

function step(state: AppState, action: Action, at: number): AppState {
  switch (action.type) {
    case 'link':
      return {
        ...state,
        link: action.link,
        lastWordAt: action.link === 'open' ? null : (state.lastWordAt ?? (state.line === null ? null : at)),
      };
    case 'session': {
      const person = action.session.operator?.id ?? null;
      // what concerned whoever has left concerns nobody here any more
      const alarms = state.alarms.filter(({ by }) => by === null || by === person);
      return {
        ...state,
        session: action.session,
        guided: state.guided || action.session.firstStart,
        alarms: alarms.length === state.alarms.length ? state.alarms : alarms,
      };
    }
    case 'snapshot':
      return { ...state, line: action.line };
    case 'changes':
      return applyChanges(state, action.changes);
    case 'token':
      return { ...state, token: action.token };
    case 'place':
      return { ...state, place: action.place, opened: null };
    case 'open':
      return { ...state, opened: action.fixture };
    case 'dialog':
      return { ...state, dialog: action.dialog };
    case 'said':
      return { ...state, said: action.words };
    case 'said-enough':
      return { ...state, said: null };
    case 'fault': {
      const { fault, call, kind } = action;
      const by = state.session?.operator?.id ?? null;
      const alarm = { id: `${call} ${fault.code} ${fault.what}`, kind, at, by, ...fault };
      return {
        ...state,
        said: null,
        alarms: addAlarm(state.alarms, alarm),
        refusedScans: state.refusedScans + (kind === 'scan' ? 1 : 0),
      };
    }
    case 'succeeded': {
      const mended = ({ id }: Alarm) => id.startsWith(`${action.call} `);
      return state.alarms.some(mended) ? { ...state, alarms: state.alarms.filter((alarm) => !mended(alarm)) } : state;
    }
    case 'guide-ended':
      return { ...state, guided: false };
    case 'put-away': {
      const person = state.session?.operator?.id ?? null;
      return {
        ...state,
        alarms: state.alarms.filter((alarm) => alarm.id !== action.alarm || !mayPutAway(alarm, person)),
      };
    }
    case 'preferences':
      return { ...state, preferences: { ...state.preferences, ...action.preferences } };
  }
}

/** Fixtures that did not change stay the same objects, so that their tiles are not drawn again. */
function applyChanges(state: AppState, changes: readonly LineChange[]): AppState {
  const last = changes.at(-1);
  if (state.line === null || last === undefined) return state;
  const changed = new Map(
    changes.flatMap(({ fixtures }) => fixtures.map((fixture) => [fixture.name, fixture] as const)),
  );
  const known = new Map(state.line.fixtures.map((fixture) => [fixture.name, fixture] as const));
  const fixtures = last.names.flatMap((name) => changed.get(name) ?? known.get(name) ?? []);
  const verdicts = changes.flatMap((change) => change.verdicts);
  return {
    ...state,
    line: {
      ...state.line,
      seq: last.seq,
      batch: last.batch,
      printerFault: last.printerFault,
      plantFaults: last.plantFaults,
      fixtures,
    },
    verdicts: verdicts.length > 0 ? verdicts : state.verdicts,
  };
}

// selectors

/** Whether this session may make the call, as far as the station said. */
export function may(state: AppState, call: CallName): boolean {
  return state.session?.may?.includes(call) ?? true;
}

/** The language of whoever sits here; else the one chosen at this seat; else the station's. */
export function languageOf({ session, preferences }: Pick<AppState, 'session' | 'preferences'>): Language {
  return session?.operator?.language ?? preferences.language ?? session?.language ?? 'en';
}

export function isRunning(state: AppState): boolean {
  return state.line?.batch != null && state.line.batch.endedAt === null;
}

/** Whether what is shown of the line is how it stands now. */
export function isKnown(state: AppState): boolean {
  return state.link === 'open';
}

export function fixtureOf(state: AppState, name: string | null) {
  return state.line?.fixtures.find((fixture) => fixture.name === name) ?? null;
}
