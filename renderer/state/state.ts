import type { CallFault, CallName, LineChange, SessionState } from '../../main/contract/contract.ts';
import type { LineSnapshot, TokenView } from '../../main/contract/views.ts';
import type { Link } from '../bridge/bridge.ts';

export type ScreenName = 'line' | 'throughput' | 'devices' | 'recipes' | 'station';
export type Scheme = 'light' | 'dark' | 'auto';

/** Where the person is: a screen, and what of it is open (a MAC, a recipe). */
export interface Place {
  readonly screen: ScreenName;
  readonly item: string | null;
}

/** One thing said to the person, until the next or until put away. */
export interface Notice {
  readonly kind: 'said' | 'fault';
  readonly what: string;
  readonly next: string;
  readonly code: string;
}

export interface Preferences {
  readonly scheme: Scheme;
  readonly muted: boolean;
}

export type Verdicts = LineChange['verdicts'];

/** All that the window knows. One value; views look at it through selectors. */
export interface AppState {
  readonly link: Link;
  readonly session: SessionState | null;
  readonly line: LineSnapshot | null;
  readonly token: TokenView | null;
  readonly place: Place;
  /** The guide of the first start stays until its end, also when its person is known already. */
  readonly guided: boolean;
  /** Fixture whose details are open. */
  readonly opened: string | null;
  readonly dialog: 'start' | 'stop' | 'sign-in' | 'help' | null;
  readonly notice: Notice | null;
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
  | { readonly type: 'fault'; readonly fault: CallFault }
  | { readonly type: 'guide-ended' }
  | { readonly type: 'put-away' }
  | { readonly type: 'preferences'; readonly preferences: Partial<Preferences> };

export function initialState(place: Place, preferences: Preferences): AppState {
  return {
    link: 'connecting',
    session: null,
    line: null,
    token: null,
    place,
    guided: false,
    opened: null,
    dialog: null,
    notice: null,
    verdicts: [],
    preferences,
  };
}

/** The one place where what the window knows is changed. Pure. */
export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case 'link':
      return { ...state, link: action.link };
    case 'session':
      return { ...state, session: action.session, guided: state.guided || action.session.firstStart };
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
      return { ...state, notice: { kind: 'said', what: action.words, next: '', code: '' } };
    case 'fault':
      return { ...state, notice: { kind: 'fault', ...action.fault } };
    case 'guide-ended':
      return { ...state, guided: false };
    case 'put-away':
      return { ...state, notice: null };
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
    line: { ...state.line, seq: last.seq, batch: last.batch, printerFault: last.printerFault, fixtures },
    verdicts: verdicts.length > 0 ? verdicts : state.verdicts,
  };
}

// selectors

/** Whether this session may make the call, as far as the station said. */
export function may(state: AppState, call: CallName): boolean {
  return state.session?.may?.includes(call) ?? true;
}

export function isRunning(state: AppState): boolean {
  return state.line?.batch != null && state.line.batch.endedAt === null;
}

export function fixtureOf(state: AppState, name: string | null) {
  return state.line?.fixtures.find((fixture) => fixture.name === name) ?? null;
}
