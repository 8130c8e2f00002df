import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { ThroughputView as Throughput } from '../../main/contract/views.ts';
import { Figure } from '../parts/Figure.tsx';
import { Gantt } from '../parts/Gantt.tsx';
import { Gauge } from '../parts/Gauge.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Pareto, type ParetoRow } from '../parts/Pareto.tsx';
import { RateChart, ratesOf } from '../parts/RateChart.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { useAnswer, useApp } from '../state/station.ts';
import { countText, shareText, timeText } from '../words/format.ts';
import { bottleneckText, causeText, faultText, isOwn, words } from '../words/words.ts';
import { useScheme } from './scheme.ts';
import { ThroughputNav } from './ThroughputNav.tsx';

const everyMs = 2000;
type By = 'cause' | 'fixture' | 'hour';

/** How fast the line is, what stands in its way, and why boards did not pass. All from the ledger. */
export function ThroughputView() {
  const [hours, setHours] = useState('1');
  const [by, setBy] = useState<By>('cause');
  const scheme = useScheme();
  const { value, fault } = useAnswer('throughput.read', { hours: Number(hours) }, { everyMs });
  const fixtures = useApp((state) => state.line?.fixtures);
  if (value === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  const rates = ratesOf(value);
  const rate = Math.round(rates.current);
  const passed = value.buckets.reduce((sum, bucket) => sum + bucket.passed, 0);
  const failed = value.buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  const target = value.targetPerHour;
  return (
    <div className="throughput-screen">
      <header className="screen-head">
        <ThroughputNav here="now" />
        <h1>{words.throughput.title}</h1>
        <dl className="figures">
          <Figure
            name={words.throughput.perHour}
            note={target === null ? undefined : `${words.throughput.target} ${countText(target)}`}
          >
            {countText(rate)}
          </Figure>
          <Figure name={words.throughput.passed}>{countText(passed)}</Figure>
          <Figure name={words.throughput.failed} tone={failed > 0 ? 'fail' : undefined}>
            {countText(failed)}
          </Figure>
          <Figure name={words.throughput.yield}>
            {shareText(passed + failed > 0 ? passed / (passed + failed) : null)}
          </Figure>
        </dl>
        <SegmentedControl
          aria-label={words.throughput.window}
          value={hours}
          onChange={setHours}
          data={Object.entries(words.throughput.hours).map(([key, label]) => ({ value: key, label }))}
          size="md"
          transitionDuration={0}
        />
      </header>
      <Panel
        title={words.throughput.perHour}
        className="p-rate"
        aside={
          target !== null && (
            <Gauge
              value={rate}
              most={Math.max(target * 1.25, rate)}
              target={target}
              low={rate < target * 0.9}
              label={`${words.throughput.perHour}: ${rate}, ${words.throughput.target} ${target}`}
            />
          )
        }
      >
        <RateChart view={value} scheme={scheme} />
      </Panel>
      <Panel
        title={words.throughput.pareto}
        className="p-pareto"
        aside={
          <SegmentedControl
            aria-label={words.throughput.pareto}
            value={by}
            onChange={(next) => setBy(next as By)}
            data={[
              { value: 'cause', label: words.throughput.cause },
              { value: 'fixture', label: words.throughput.fixture },
              { value: 'hour', label: words.throughput.hour },
            ]}
            transitionDuration={0}
          />
        }
      >
        <Pareto rows={paretoRows(value, by)} most={8} />
      </Panel>
      <Panel
        title={words.throughput.gantt}
        className="p-gantt"
        aside={
          <p className="bottleneck">
            {value.bottleneck === null
              ? words.throughput.noBottleneck
              : isOwn()
                ? `${words.throughput.bottleneck}: ${value.bottleneck.words}`
                : words.throughput.bottleneckIs({
                    what: bottleneckText(value.bottleneck.what),
                    share: shareText(value.bottleneck.share),
                  })}
          </p>
        }
      >
        <Gantt bars={value.gantt} fixtures={(fixtures ?? []).map(({ name }) => name)} scheme={scheme} seconds={180} />
      </Panel>
      <Panel title={words.throughput.byFixture} className="p-fixtures">
        {value.contact.map(
          ({ fixture, boards, troubled, wear }) =>
            wear !== null && (
              <p key={fixture} className="notice" data-tone="warn">
                {words.throughput.wear({ fixture, boards, troubled })}
              </p>
            ),
        )}
        <Scroll>
          <table className="plain">
            <thead>
              <tr>
                <th>{words.throughput.fixture}</th>
                <th className="num">{words.throughput.passed}</th>
                <th className="num">{words.throughput.failed}</th>
                <th className="num">{words.throughput.mean}</th>
                <th className="num">{words.throughput.contact}</th>
              </tr>
            </thead>
            <tbody>
              {value.byFixture.map((row) => (
                <tr key={row.fixture}>
                  <th scope="row" className="whole">
                    {row.fixture}
                  </th>
                  <td className="num">{countText(row.passed)}</td>
                  <td className="num" data-tone={row.failed > 0 ? 'fail' : undefined}>
                    {countText(row.failed)}
                  </td>
                  <td className="num">
                    {row.meanSeconds === null ? '–' : words.throughput.seconds({ seconds: row.meanSeconds })}
                  </td>
                  <Contact of={value.contact.find(({ fixture }) => fixture === row.fixture)} />
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Panel>
    </div>
  );
}

/** How many of a fixture's last boards lost contact for a moment. */
function Contact({ of }: { readonly of: Throughput['contact'][number] | undefined }) {
  if (of === undefined) return <td className="num">–</td>;
  return (
    <td className="num" data-tone={of.wear === null ? undefined : 'fail'}>
      {words.throughput.contactOf(of)}
    </td>
  );
}

/** The same failures, grouped as the person asks. */
function paretoRows(view: Throughput, by: By): ParetoRow[] {
  if (by === 'cause')
    return view.pareto.map(({ cause, words: said, count }) => ({ key: cause, words: causeText(cause, said), count }));
  const sums = new Map<string, number>();
  const add = (key: string, count: number) => sums.set(key, (sums.get(key) ?? 0) + count);
  if (by === 'fixture')
    for (const { fixtures } of view.pareto)
      for (const [fixture, count] of Object.entries(fixtures)) add(fixture, count);
  else for (const { at, failed } of view.buckets) add(`${timeText(at).slice(0, 2)}:00`, failed);
  return [...sums].map(([key, count]) => ({ key, words: key, count }));
}
