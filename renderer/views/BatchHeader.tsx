import { Button } from '@mantine/core';
import type { BatchView } from '../../main/contract/views.ts';
import { Figure } from '../parts/Figure.tsx';
import { Gauge } from '../parts/Gauge.tsx';
import { useMay, useSeat } from '../state/station.ts';
import { countText, shareText, timeText } from '../words/format.ts';
import { words } from '../words/words.ts';

/** What is being made, by which recipe, and how far it is. */
export function BatchHeader({ batch }: { readonly batch: BatchView | null }) {
  const { store } = useSeat();
  const mayStart = useMay('line.start');
  const mayStop = useMay('line.stop');
  if (batch === null) {
    return (
      <section className="batch" aria-label={words.batch.title}>
        <div className="batch-what">
          <p className="batch-order">{words.batch.none}</p>
          <p className="calm-note">{words.batch.noneNext}</p>
        </div>
        <div className="batch-acts">{mayStart && <StartButton />}</div>
      </section>
    );
  }
  const running = batch.endedAt === null;
  const left = batch.count === null ? null : Math.max(0, batch.count - batch.done);
  return (
    <section className="batch" aria-label={words.batch.title}>
      <div className="batch-what">
        <p className="batch-order">
          {batch.order ?? words.batch.noOrder}
          {batch.endedAt !== null && <span className="batch-ended">{words.batch.ended(timeText(batch.endedAt))}</span>}
        </p>
        <p className="batch-recipe">
          {batch.recipe.name} <span className="batch-revision">{words.batch.revision(batch.recipe.revision)}</span>
        </p>
        <p className="batch-words" title={batch.recipe.hash}>
          {batch.fingerprint}
        </p>
      </div>
      <dl className="figures">
        <Figure name={words.batch.passed}>{countText(batch.passed)}</Figure>
        <Figure name={words.batch.failed} tone={batch.failed > 0 ? 'fail' : undefined}>
          {countText(batch.failed)}
        </Figure>
        <Figure name={words.batch.left} note={batch.count === null ? undefined : words.batch.of(batch.count)}>
          {left === null ? '∞' : countText(left)}
        </Figure>
        <Figure name={words.batch.yield}>{shareText(batch.firstPassYield)}</Figure>
      </dl>
      <div className="batch-acts">
        {running && batch.wantsSerial && (
          <p className="batch-serials" data-wanting={batch.serialsWaiting.length === 0 ? '' : undefined}>
            {batch.serialsWaiting.length === 0
              ? words.batch.wantsSerial
              : words.batch.serials(batch.serialsWaiting.length)}
          </p>
        )}
        {!running && mayStart && <StartButton />}
        {batch.stopping ? (
          <p className="batch-stopping">{words.batch.stopping}</p>
        ) : (
          running &&
          mayStop && (
            <Button variant="default" size="lg" onClick={() => store.dispatch({ type: 'dialog', dialog: 'stop' })}>
              {words.batch.stop}
            </Button>
          )
        )}
      </div>
      {!running && batch.fault !== null && (
        <p className="batch-fault" role="alert">
          <strong>{batch.fault.what}</strong> {batch.fault.next} <span className="mono">{batch.fault.code}</span>
        </p>
      )}
      {batch.count !== null && (
        <div className="batch-gauge">
          <Gauge value={batch.done} most={batch.count} label={words.batch.left} />
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
