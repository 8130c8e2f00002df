import { Button } from '@mantine/core';
import { useState } from 'react';
import type { BatchView, InterruptedBatch } from '../../main/contract/views.ts';
import { Figure } from '../parts/Figure.tsx';
import { Gauge } from '../parts/Gauge.tsx';
import { isKnown } from '../state/state.ts';
import { addressOf, useAnswer, useApp, useAsk, useMay, useSeat } from '../state/station.ts';
import { countText, durationText, shareText, timeText } from '../words/format.ts';
import { causeText, words } from '../words/words.ts';

/** What is being made, by which recipe, and how far it is. */
export function BatchHeader({
  batch,
  interrupted,
}: {
  readonly batch: BatchView | null;
  readonly interrupted: InterruptedBatch | null;
}) {
  const { store } = useSeat();
  const mayStart = useMay('line.start');
  const mayStop = useMay('line.stop');
  const known = useApp(isKnown);
  const demonstration = useApp((state) => state.line?.demonstration ?? false);
  if (interrupted !== null && batch === null) return <Interrupted batch={interrupted} />;
  if (batch === null) {
    return (
      <section className="batch" aria-label={words.batch.title}>
        <div className="batch-what">
          <p className="batch-order">
            {words.batch.none}
            <span className="batch-ended">{words.batch.noneNext}</span>
          </p>
          {demonstration && <p className="calm-note">{words.demonstrationMeans}</p>}
        </div>
        <div className="batch-acts">{mayStart && <StartButton />}</div>
      </section>
    );
  }
  const running = batch.endedAt === null;
  return (
    <section
      className="batch"
      aria-label={words.batch.title}
      data-stale={known ? undefined : ''}
      data-ended={running ? undefined : ''}
    >
      <div className="batch-what">
        <p className="batch-order" title={batch.order ?? undefined}>
          {batch.order ?? words.batch.noOrder}
          {batch.endedAt !== null && (
            <span className="batch-ended">{words.batch.ended({ time: timeText(batch.endedAt) })}</span>
          )}
        </p>
        <p className="batch-recipe" title={`${batch.fingerprint} ${batch.recipe.hash}`}>
          {batch.recipe.name}{' '}
          <span className="batch-revision">{words.batch.revision({ revision: batch.recipe.revision })}</span>{' '}
          <span className="batch-words">{batch.fingerprint}</span>
        </p>
        {!running && <Summary batch={batch} />}
      </div>
      <dl className="figures">
        <Figure name={words.batch.passed}>{countText(batch.passed)}</Figure>
        <Figure name={words.batch.failed} tone={batch.failed > 0 ? 'fail' : undefined}>
          {countText(batch.failed)}
        </Figure>
        <Figure name={words.batch.refused}>{countText(batch.refused)}</Figure>
        {batch.unfinished > 0 && <Figure name={words.batch.unfinished}>{countText(batch.unfinished)}</Figure>}
        {batch.retries > 0 && <Figure name={words.batch.again}>{countText(batch.retries)}</Figure>}
        <Figure
          name={words.batch.left}
          note={batch.count === null ? undefined : words.batch.of({ count: batch.count })}
        >
          {batch.left === null ? '∞' : countText(batch.left)}
        </Figure>
        <Figure name={words.batch.yield}>{shareText(batch.firstPassYield)}</Figure>
      </dl>
      <div className="batch-acts">
        {!running && mayStart && <StartButton />}
        {batch.stopping ? (
          <p className="batch-stopping">{words.batch.stopping}</p>
        ) : (
          running &&
          mayStop && (
            <Button
              variant="default"
              size="lg"
              disabled={!known}
              onClick={() => store.dispatch({ type: 'dialog', dialog: 'stop' })}
            >
              {words.batch.stop}
            </Button>
          )
        )}
      </div>
      {batch.count !== null && (
        <div className="batch-gauge">
          <Gauge value={batch.passed} most={batch.count} label={words.batch.passed} />
        </div>
      )}
    </section>
  );
}

/** How a batch that has ended went, in one line, and the way to its report. */
function Summary({ batch }: { readonly batch: BatchView }) {
  const may = useMay('batches.show');
  const { value } = useAnswer('batches.show', may ? { batch: batch.id } : null);
  if (value === null || batch.endedAt === null) return null;
  const seconds = (Date.parse(batch.endedAt) - Date.parse(batch.startedAt)) / 1000;
  const [cause] = value.causes;
  const made = { sealed: value.counts.passed, time: durationText(seconds) };
  const said = [
    value.secondsPerBoard
      ? words.batch.summary({ ...made, boards: Math.round(3600 / value.secondsPerBoard) })
      : words.batch.summaryShort(made),
    cause === undefined
      ? ''
      : words.batch.summaryCause({
          boards: cause.boards,
          cause: causeText(cause.code, cause.words).replace(/[.。]$/, ''),
        }),
  ].join(' ');
  return (
    <p className="batch-summary" title={said}>
      <a href={addressOf({ screen: 'batches', item: batch.id })}>{words.batch.report}</a> {said}
    </p>
  );
}

/** What a restart or a power cut has ended: how far it came, which boards lie there unfinished, and whether to go on. */
function Interrupted({ batch }: { readonly batch: InterruptedBatch }) {
  const { bridge, store } = useSeat();
  const ask = useAsk();
  const mayResume = useMay('line.resume');
  const nobody = useApp((state) => state.session?.operator == null);
  const [busy, setBusy] = useState(false);
  const act = async (call: 'line.resume' | 'line.leave') => {
    setBusy(true);
    const answer = await ask(call, {});
    setBusy(false);
    if (answer !== null) store.dispatch({ type: 'snapshot', line: await bridge.call('line.snapshot', {}) });
  };
  const i = words.interrupted;
  const places = batch.boards.map(({ fixture, serial }) => (serial === null ? fixture : `${fixture} (${serial})`));
  return (
    <section className="batch" aria-label={i.title}>
      <div className="batch-what">
        <p className="batch-order">{i.said({ order: batch.order ?? batch.recipe, time: timeText(batch.startedAt) })}</p>
        <p>
          {batch.count === null ? i.far(batch) : i.farOf({ passed: batch.passed, count: batch.count })}{' '}
          {places.length > 0 && i.boards({ places: places.join(', ') })}
        </p>
        {nobody && <p className="calm-note">{i.signIn}</p>}
      </div>
      {mayResume && (
        <div className="batch-acts">
          <Button variant="default" size="lg" onClick={() => void act('line.leave')} disabled={busy}>
            {i.leave}
          </Button>
          <Button size="lg" onClick={() => void act('line.resume')} loading={busy}>
            {i.resume}
          </Button>
        </div>
      )}
    </section>
  );
}

function StartButton() {
  const { store } = useSeat();
  return (
    <Button size="lg" onClick={() => store.dispatch({ type: 'dialog', dialog: 'start' })}>
      {words.batch.start}
    </Button>
  );
}
