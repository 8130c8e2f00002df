import { Button } from '@mantine/core';
import { useCallback } from 'react';
import type { BatchView, FixtureView } from '../../main/contract/views.ts';
import { Glyph } from '../parts/Glyph.tsx';
import { type AppState, isKnown } from '../state/state.ts';
import { useApp, useAsk, useMay, useSeat } from '../state/station.ts';
import { answerText, words } from '../words/words.ts';

/** What can be taken back now: the fixture, or null for a number that waits for whichever board comes next. */
type Undoable = { readonly fixture: string | null };

/** The newest scan that can be taken back: a board that counts down, then a choice of this person, then what waits for a board. */
export function undoable({ line, session }: AppState): Undoable | null {
  if (line === null) return null;
  const counting = line.fixtures
    .filter(({ bound }) => bound !== null && bound.startsIn !== null)
    .sort((a, b) => (b.bound!.startsIn ?? 0) - (a.bound!.startsIn ?? 0))[0];
  const chosen = line.fixtures.find(({ chosen }) => chosen !== null && chosen.by === session?.operator?.id);
  const bound = line.fixtures.find((fixture) => fixture.bound !== null);
  const found = counting ?? chosen ?? bound;
  if (found !== undefined) return { fixture: found.name };
  return (line.batch?.serialsWaiting.length ?? 0) > 0 ? { fixture: null } : null;
}

export function useUndo(): () => void {
  const { store } = useSeat();
  const ask = useAsk();
  return useCallback(() => {
    const found = undoable(store.get());
    if (found === null) return;
    void ask('line.undo', found).then((answer) => {
      if (answer !== null) store.dispatch({ type: 'said', words: answerText(answer) });
    });
  }, [store, ask]);
}

/** Where the next scan goes, said before it is made, in a row whose place is always kept. */
export function ScanRule({
  batch,
  fixtures,
}: {
  readonly batch: BatchView | null;
  readonly fixtures: readonly FixtureView[];
}) {
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const mayUndo = useMay('line.undo');
  const known = useApp(isKnown);
  const canUndo = useApp((state) => isKnown(state) && undoable(state) !== null);
  const undo = useUndo();
  const { text, loud } = known ? ruleOf(batch, fixtures, person) : { text: words.scanRule.unknown, loud: false };
  return (
    <section className="scan-rule" aria-label={words.scanRule.title} data-loud={loud ? '' : undefined}>
      <Glyph shape="codes" />
      <p>{text}</p>
      {canUndo && mayUndo && (
        <Button variant="default" size="compact-md" onClick={undo}>
          {words.scanRule.undo} (F7)
        </Button>
      )}
    </section>
  );
}

function ruleOf(
  batch: BatchView | null,
  fixtures: readonly FixtureView[],
  person: string | null,
): { readonly text: string; readonly loud: boolean } {
  const say = words.scanRule;
  if (batch === null || batch.endedAt !== null) return { text: say.none, loud: false };
  const counting = fixtures.find(({ bound }) => bound !== null && bound.startsIn !== null);
  if (counting?.bound?.startsIn != null) {
    const { serial, startsIn: seconds } = counting.bound;
    return { text: say.boundStarts({ serial, fixture: counting.name, seconds }), loud: true };
  }
  const mine = fixtures.find(({ chosen }) => chosen !== null && chosen.by === person);
  if (mine?.chosen) return { text: say.chosen({ fixture: mine.name, seconds: mine.chosen.secondsLeft }), loud: true };
  const { nextScan } = batch;
  if (nextScan === null) return { text: batch.mode === 'scan' ? say.name : say[batch.mode], loud: false };
  const { rule, fixture } = nextScan;
  if (rule === 'only' || rule === 'longest') return { text: say[rule]({ fixture: fixture ?? '' }), loud: true };
  return rule === 'held'
    ? { text: say.held({ serial: batch.serialsWaiting[0] ?? '' }), loud: true }
    : { text: say.next, loud: true };
}
