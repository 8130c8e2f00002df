import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import type { CallAnswers, CallFault, CallInput, CallName } from '../../main/contract/contract.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { faultOf } from './follow.ts';
import { type AppState, may, type Place } from './state.ts';
import { type Store, useSelected } from './store.ts';

export interface Seat {
  readonly bridge: Bridge;
  readonly store: Store;
}

export const SeatContext = createContext<Seat | null>(null);

export function useSeat(): Seat {
  const seat = useContext(SeatContext);
  if (seat === null) throw new Error('no seat');
  return seat;
}

export function useApp<Value>(select: (state: AppState) => Value): Value {
  return useSelected(useSeat().store, select);
}

export function useMay(call: CallName): boolean {
  return useApp((state) => may(state, call));
}

/** Makes a call for a person: its fault becomes an alarm until such a call succeeds, and the answer null. */
export function useAsk(): <Name extends CallName>(
  name: Name,
  input: CallInput<Name>,
) => Promise<CallAnswers[Name] | null> {
  const { bridge, store } = useSeat();
  return useCallback(
    async (name, input) => {
      try {
        const answer = await bridge.call(name, input);
        store.dispatch({ type: 'succeeded', call: name });
        return answer;
      } catch (error) {
        const kind = name === 'line.scan' || name === 'session.badge' ? 'scan' : 'fault';
        store.dispatch({ type: 'fault', fault: faultOf(error), call: name, kind });
        return null;
      }
    },
    [bridge, store],
  );
}

export interface Answer<Value> {
  readonly value: Value | null;
  readonly fault: CallFault | null;
  readonly waiting: boolean;
  again(): void;
}

/** Answers that are asked for again and again, by who sits here and by question. */
const kept = new WeakMap<Bridge, Map<string, { readonly value: unknown; readonly at: number }>>();

const mostKept = 16;

function keep(bridge: Bridge, key: string, value: unknown): void {
  const answers = kept.get(bridge) ?? new Map();
  if (answers.size >= mostKept) answers.clear();
  kept.set(bridge, answers.set(key, { value, at: performance.now() }));
}

/** The last answer, where it is hardly older than one that stands on a screen. */
function recent<Value>(bridge: Bridge, key: string, everyMs: number): Value | null {
  const last = kept.get(bridge)?.get(key);
  return last === undefined || performance.now() - last.at > 2 * everyMs ? null : (last.value as Value);
}

/**
 * Reads an answer for a view and keeps the last one while the next is on its way. Null as input asks nothing. `everyMs` asks again for
 * ever, and another view of the same begins with the last answer; a link that comes back asks again too. Late answers of earlier
 * questions are dropped.
 */
export function useAnswer<Name extends CallName>(
  name: Name,
  input: CallInput<Name> | null,
  options: { readonly everyMs?: number; readonly debounceMs?: number } = {},
): Answer<CallAnswers[Name]> {
  const { bridge } = useSeat();
  const open = useApp((state) => state.link === 'open');
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const question = input === null ? null : JSON.stringify(input);
  const { everyMs, debounceMs } = options;
  const key = question === null || everyMs === undefined ? null : JSON.stringify([person, name, question]);
  const [state, setState] = useState<{ value: CallAnswers[Name] | null; fault: CallFault | null; waiting: boolean }>(
    () => ({
      value: key === null || everyMs === undefined ? null : recent(bridge, key, everyMs),
      fault: null,
      waiting: input !== null,
    }),
  );
  const [turn, setTurn] = useState(0);
  const asked = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: turn asks again on purpose
  useEffect(() => {
    if (question === null || !open) return;
    const mine = ++asked.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      setState((last) => ({ ...last, waiting: true }));
      try {
        const value = await bridge.call(name, JSON.parse(question) as CallInput<Name>);
        if (mine === asked.current) {
          setState({ value, fault: null, waiting: false });
          if (key !== null) keep(bridge, key, value);
        }
      } catch (error) {
        if (mine === asked.current) setState((last) => ({ ...last, fault: faultOf(error), waiting: false }));
      }
      if (everyMs !== undefined && mine === asked.current) timer = setTimeout(() => void ask(), everyMs);
    };
    if (debounceMs === undefined) void ask();
    else timer = setTimeout(() => void ask(), debounceMs);
    return () => {
      asked.current++;
      clearTimeout(timer);
    };
  }, [bridge, name, question, key, open, everyMs, debounceMs, turn]);
  return { ...state, again: useCallback(() => setTurn((last) => last + 1), []) };
}

const screens: readonly Place['screen'][] = [
  ...(['line', 'throughput', 'devices', 'batches', 'runs', 'compare', 'recipes', 'station'] as const),
];

/** The place that an address names; the line for anything else. */
export function placeOf(hash: string): Place {
  const [screen = '', item = ''] = hash.replace(/^#\/?/, '').split('/');
  const known = screens.find((name) => name === screen);
  return { screen: known ?? 'line', item: known !== undefined && item !== '' ? decodeURIComponent(item) : null };
}

export function addressOf({ screen, item }: Place): string {
  return `#/${screen}${item === null ? '' : `/${encodeURIComponent(item)}`}`;
}

/** Goes to a place by the address, so that back and forward work. */
export function goTo(screen: Place['screen'], item: string | null = null): void {
  const address = addressOf({ screen, item });
  if (address === location.hash) return;
  // told at once: the browser tells of another address only behind the next frame
  history.pushState(null, '', address);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
