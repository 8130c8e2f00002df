import { useSyncExternalStore } from 'react';
import type { Action, AppState } from './state.ts';
import { reduce } from './state.ts';

/** Holds the state; tells whoever looks when it became another. */
export interface Store {
  get(): AppState;
  dispatch(action: Action): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(first: AppState): Store {
  let state = first;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    dispatch(action) {
      const next = reduce(state, action, Date.now());
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What a view sees of the state: drawn again only when this became another value. */
export function useSelected<Value>(store: Store, select: (state: AppState) => Value): Value {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
