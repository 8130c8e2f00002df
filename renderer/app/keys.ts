import { useEffect } from 'react';
import { needsPerson } from '../parts/tone.ts';
import { type AppState, isRunning, may } from '../state/state.ts';
import { goTo, useAsk, useSeat } from '../state/station.ts';
import type { Store } from '../state/store.ts';
import { useUndo } from '../views/ScanRule.tsx';

const screens = ['line', 'throughput', 'devices', 'recipes', 'station'] as const;

/** The keys that work on every screen; words.help lists them. */
export function useKeys(): void {
  const { store } = useSeat();
  const ask = useAsk();
  const undo = useUndo();
  useEffect(() => {
    const toggle = (dialog: NonNullable<AppState['dialog']>) =>
      store.dispatch({ type: 'dialog', dialog: store.get().dialog === dialog ? null : dialog });
    const signInOrOut = async () => {
      if (store.get().session?.operator == null) return toggle('sign-in');
      const session = await ask('session.logout', {});
      if (session !== null) store.dispatch({ type: 'session', session });
    };
    const keys: Readonly<Record<string, () => void>> = {
      F1: () => toggle('help'),
      F2: () => {
        const state = store.get();
        // nobody is signed in: that comes first, and the key does not seem dead
        if (state.session?.operator == null && !may(state, 'line.start')) toggle('sign-in');
        else if (may(state, 'line.start') && !isRunning(state)) toggle('start');
      },
      F3: () => void signInOrOut(),
      F4: () => {
        const state = store.get();
        if (may(state, 'line.stop') && isRunning(state)) toggle('stop');
      },
      F6: () => nextInNeed(store),
      F7: undo,
      F8: () => {
        store.dispatch({ type: 'preferences', preferences: { muted: !store.get().preferences.muted } });
      },
      F9: () => {
        const dark = document.documentElement.dataset.mantineColorScheme === 'dark';
        store.dispatch({ type: 'preferences', preferences: { scheme: dark ? 'light' : 'dark' } });
      },
    };
    const onKey = (event: KeyboardEvent) => {
      const screen = event.altKey && !event.ctrlKey ? screens[Number(event.key) - 1] : undefined;
      const act = event.altKey || event.ctrlKey || event.metaKey ? undefined : keys[event.key];
      if (screen !== undefined) {
        event.preventDefault();
        goTo(screen);
      } else if (act !== undefined) {
        event.preventDefault();
        if (store.get().guided && event.key !== 'F8' && event.key !== 'F9') return;
        act();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [store, ask, undo]);
}

/** Goes to the next tile that asks for somebody, after the one that has the focus. */
function nextInNeed(store: Store): void {
  const fixtures = store.get().line?.fixtures ?? [];
  const here = document.activeElement instanceof HTMLElement ? (document.activeElement.dataset.fixture ?? '') : '';
  const at = fixtures.findIndex(({ name }) => name === here);
  const next = [...fixtures.slice(at + 1), ...fixtures.slice(0, at + 1)].find(needsPerson);
  if (next !== undefined) document.querySelector<HTMLElement>(`[data-fixture="${CSS.escape(next.name)}"]`)?.focus();
}
