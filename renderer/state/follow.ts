import type { CallFault, CallName, LineChange } from '../../main/contract/contract.ts';
import { type Bridge, CallError, lostCode } from '../bridge/bridge.ts';
import type { Store } from './store.ts';

/** Longest wait for a frame, in ms: a hidden window draws none, and its state shall not grow old. */
const hiddenFrameMs = 200;

/**
 * Keeps the store up to date: a snapshot whenever the link opens, then events, gathered to the animation frame. A message that is
 * missing asks for a snapshot again. Gives back the way to stop.
 */
export function followStation(bridge: Bridge, store: Store): () => void {
  let waiting: LineChange[] = [];
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const refuse = (error: unknown) => {
    const fault = faultOf(error);
    // a link that is lost is an alarm of its own
    if (fault.code !== lostCode) store.dispatch({ type: 'fault', fault, call: 'line.snapshot', kind: 'fault' });
  };

  const takeSnapshot = async () => {
    waiting = [];
    store.dispatch({ type: 'snapshot', line: await bridge.call('line.snapshot', {}) });
  };

  const flush = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = 0;
    timer = undefined;
    const line = store.get().line;
    const fresh = line === null ? [] : waiting.filter(({ seq }) => seq > line.seq);
    waiting = [];
    if (line === null || fresh.length === 0) return;
    const missing = fresh.some(({ seq }, index) => seq !== line.seq + index + 1);
    store.dispatch({ type: 'changes', changes: fresh });
    if (missing) takeSnapshot().catch(refuse);
  };

  const hear = (change: LineChange) => {
    waiting.push(change);
    if (frame !== 0 || timer !== undefined) return;
    if (document.hidden) timer = setTimeout(flush, hiddenFrameMs);
    else frame = requestAnimationFrame(flush);
  };

  const begin = async () => {
    waiting = [];
    // asked in one go, since the first picture waits for both; who sits here says which picture that is
    const asked = [bridge.call('session.state', {}), bridge.call('line.snapshot', {})] as const;
    const [session, line] = await Promise.all(asked);
    store.dispatch({ type: 'session', session });
    store.dispatch({ type: 'snapshot', line });
    await readToken(bridge, store);
  };

  const stops = [
    bridge.on('line.change', hear),
    bridge.on('token.change', (token) => store.dispatch({ type: 'token', token })),
    bridge.on('session.change', (session) => {
      store.dispatch({ type: 'session', session });
      readToken(bridge, store).catch(refuse);
    }),
    bridge.onLink((link) => {
      store.dispatch({ type: 'link', link });
      if (link === 'open') begin().catch(refuse);
    }),
    () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    },
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** The token's health stands in the top bar for whoever may see it. */
async function readToken(bridge: Bridge, store: Store) {
  const { session } = store.get();
  const allowed: readonly CallName[] | undefined = session?.may;
  if (session?.operator === null && allowed === undefined) return;
  if (allowed !== undefined && !allowed.includes('token.view')) return;
  store.dispatch({ type: 'token', token: await bridge.call('token.view', {}) });
}

/** Any thrown thing as a fault for people. */
export function faultOf(error: unknown): CallFault {
  if (error instanceof CallError) return error.fault;
  const what = error instanceof Error ? error.message : String(error);
  return { code: 'window.unexpected', what, next: 'window.unexpected' };
}
