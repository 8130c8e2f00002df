import { Button } from '@mantine/core';
import { Gantt } from '../parts/Gantt.tsx';
import { Pareto } from '../parts/Pareto.tsx';
import { RateChart } from '../parts/RateChart.tsx';
import { goTo, useAnswer, useApp, useMay } from '../state/station.ts';
import { shareText } from '../words/format.ts';
import { bottleneckText, causeText, isOwn, words } from '../words/words.ts';
import { useScheme } from './scheme.ts';

/** How often the strip asks the ledger, in ms. */
const everyMs = 2000;

/** The last hour under the tiles: rate against takt, fixtures now, why boards did not pass. */
export function ThroughputStrip() {
  const allowed = useMay('throughput.read');
  const scheme = useScheme();
  const { value } = useAnswer('throughput.read', allowed ? { hours: 1 } : null, { everyMs });
  const line = useApp((state) => state.line);
  if (!allowed) return null;
  if (value === null || line === null) return <div className="strip" />;
  return (
    <div className="strip">
      <section className="strip-part" aria-label={words.throughput.perHour}>
        <h2>
          {words.throughput.perHour}
          <span className="strip-note">
            {value.targetPerHour === null ? '' : `${words.throughput.target} ${value.targetPerHour}`}
          </span>
        </h2>
        <RateChart view={value} scheme={scheme} />
      </section>
      <section className="strip-part" aria-label={words.throughput.gantt}>
        <h2>
          {words.throughput.gantt}
          <span className="strip-note" title={isOwn() ? value.bottleneck?.words : undefined}>
            {value.bottleneck === null
              ? ''
              : words.throughput.bottleneckIs({
                  what: bottleneckText(value.bottleneck.what),
                  share: shareText(value.bottleneck.share),
                })}
          </span>
        </h2>
        <Gantt bars={value.gantt} fixtures={line.fixtures.map(({ name }) => name)} scheme={scheme} seconds={120} />
      </section>
      <section className="strip-part strip-pareto" aria-label={words.throughput.pareto}>
        <h2>
          {words.throughput.pareto}
          <Button variant="subtle" size="compact-sm" onClick={() => goTo('throughput')}>
            {words.throughput.fullScreen}
          </Button>
        </h2>
        <Pareto
          rows={value.pareto.map(({ cause, words: said, count }) => ({
            key: cause,
            words: causeText(cause, said),
            count,
          }))}
          most={3}
        />
      </section>
    </div>
  );
}
