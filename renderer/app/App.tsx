import { useMantineColorScheme } from '@mantine/core';
import { Suspense, useEffect, useRef } from 'react';
import { hearScanner } from '../state/scanner.ts';
import { soundBatchEnd, soundScan, soundVerdicts, wakeSound } from '../state/sound.ts';
import { useApp, useAsk, useSeat } from '../state/station.ts';
import { LineView } from '../views/LineView.tsx';
import {
  BatchesView,
  CompareView,
  DevicesView,
  FirstStart,
  FixtureDetail,
  GroupsView,
  Help,
  loadScreens,
  PlantView,
  RecipesView,
  RunsView,
  ShiftView,
  SignIn,
  StartBatch,
  StationScreen,
  StopBatch,
  ThroughputView,
} from '../views/later.ts';
import { answerText, words } from '../words/words.ts';
import { useKeys } from './keys.ts';
import { NoticeBar } from './NoticeBar.tsx';
import { TopBar } from './TopBar.tsx';

/** The window: the bar that is always there, one screen, and what lies over it. */
export function App() {
  const { store } = useSeat();
  const place = useApp((state) => state.place);
  const opened = useApp((state) => state.opened);
  const dialog = useApp((state) => state.dialog);
  const guided = useApp((state) => state.guided);
  useScheme();
  useSound();
  useScanner();
  useKeys();
  useScreens();
  const closeDialog = () => store.dispatch({ type: 'dialog', dialog: null });

  return (
    <>
      <button type="button" className="skip" onClick={focusContent}>
        {words.skip}
      </button>
      <TopBar />
      <NoticeBar />
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<p className="calm-note page-note">{words.loading}</p>}>
          {guided ? (
            <FirstStart />
          ) : (
            <>
              {place.screen === 'line' && <LineView />}
              {place.screen === 'throughput' && <Throughput part={place.item} />}
              {place.screen === 'devices' && <DevicesView mac={place.item} />}
              {place.screen === 'batches' && <BatchesView batch={place.item} />}
              {place.screen === 'runs' && <RunsView item={place.item} />}
              {place.screen === 'compare' && <CompareView key={place.item} item={place.item ?? ''} />}
              {place.screen === 'recipes' && <RecipesView chosen={place.item} />}
              {place.screen === 'station' && <StationScreen key={place.item} tab={place.item} />}
            </>
          )}
        </Suspense>
      </main>
      <Suspense fallback={null}>
        {opened !== null && (
          <FixtureDetail key={opened} name={opened} onClose={() => store.dispatch({ type: 'open', fixture: null })} />
        )}
        {dialog === 'start' && <StartBatch onClose={closeDialog} />}
        {dialog === 'stop' && <StopBatch onClose={closeDialog} />}
        {dialog === 'sign-in' && <SignIn onClose={closeDialog} />}
        {dialog === 'help' && <Help onClose={closeDialog} />}
      </Suspense>
      <Verdicts />
    </>
  );
}

function Throughput({ part }: { readonly part: string | null }) {
  if (part === 'groups') return <GroupsView />;
  if (part === 'plant') return <PlantView />;
  return part === 'shift' ? <ShiftView /> : <ThroughputView />;
}

/** A link would change the address, which names the screen. */
function focusContent() {
  document.getElementById('content')?.focus();
}

/** A scanned fixture gets the focus, so that Enter opens it. */
function focusFixture(name: string) {
  document.querySelector<HTMLElement>(`[data-fixture="${CSS.escape(name)}"]`)?.focus();
}

/** Speaks verdicts to screen readers. */
function Verdicts() {
  const verdicts = useApp((state) => state.verdicts);
  return (
    <div className="unseen" role="status" aria-live="polite">
      {verdicts
        .map(({ fixture, outcome, serial }) =>
          serial === null
            ? words.verdictSaid({ fixture, outcome: words.outcome[outcome] })
            : words.verdictSaidOf({ fixture, outcome: words.outcome[outcome], serial }),
        )
        .join('. ')}
    </div>
  );
}

/** The other screens are there before somebody asks for them, and when the station is away: fetched as soon as the first picture stands. */
function useScreens() {
  const isDrawn = useApp((state) => state.line !== null);
  useEffect(() => {
    if (isDrawn) requestIdleCallback(() => void loadScreens(), { timeout: 200 });
  }, [isDrawn]);
}

function useScheme() {
  const scheme = useApp((state) => state.preferences.scheme);
  // holding transitions back would put a style element into the page
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the setter is a new one each time
  useEffect(() => setColorScheme(scheme), [scheme]);
}

function useSound() {
  const verdicts = useApp((state) => state.verdicts);
  const muted = useApp((state) => state.preferences.muted);
  // a batch that ends while somebody is here; what had ended before is no news
  const endedAt = useApp((state) => state.line?.batch?.endedAt ?? null);
  const isRunning = useApp((state) => state.line?.batch?.endedAt === null);
  const ran = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: switching the sound on again is no end
  useEffect(() => {
    if (ran.current && endedAt !== null && !muted) soundBatchEnd();
    ran.current = isRunning;
  }, [endedAt, isRunning]);
  useEffect(() => {
    window.addEventListener('pointerdown', wakeSound);
    window.addEventListener('keydown', wakeSound);
    return () => {
      window.removeEventListener('pointerdown', wakeSound);
      window.removeEventListener('keydown', wakeSound);
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: switching the sound on again is no verdict
  useEffect(() => {
    if (!muted) soundVerdicts(verdicts.map(({ outcome }) => outcome));
  }, [verdicts]);
}

/** A scan is a badge while nobody sits here; otherwise the station knows what it is. Each one is answered: by words, sound and light. */
function useScanner() {
  const { store } = useSeat();
  const ask = useAsk();
  useEffect(() => {
    const taken = (isTaken: boolean) => {
      if (!store.get().preferences.muted) soundScan(isTaken ? 'taken' : 'refused');
    };
    const lost = (what: string, next: string) => {
      store.dispatch({
        type: 'fault',
        fault: { code: 'window.scan-lost', what, next },
        call: 'line.scan',
        kind: 'scan',
      });
      taken(false);
    };
    const take = async (text: string) => {
      const { session, opened, dialog, guided } = store.get();
      if (guided) return lost(words.scanRule.guided, '');
      if (session?.operator == null || dialog === 'sign-in') {
        const next = await ask('session.badge', { badge: text });
        taken(next !== null);
        if (next === null) return;
        store.dispatch({ type: 'session', session: next });
        if (dialog === 'sign-in') store.dispatch({ type: 'dialog', dialog: null });
        return;
      }
      const answer = await ask('line.scan', { text, fixture: opened });
      taken(answer !== null);
      if (answer === null) return;
      store.dispatch({ type: 'said', words: answerText(answer) });
      if (answer.fixture !== null) focusFixture(answer.fixture);
    };
    return hearScanner(document, {
      heard: (text) => void take(text),
      isName: (text) =>
        store.get().line?.fixtures.some(({ name }) => name.toLowerCase() === text.toLowerCase()) ?? false,
      slow: (text) => lost(words.scanRule.slow({ text: JSON.stringify(text) }), words.scanRule.slowNext),
      endless: (text) => lost(words.scanRule.noEnter({ text: JSON.stringify(text) }), words.scanRule.noEnterNext),
    });
  }, [store, ask]);
}
