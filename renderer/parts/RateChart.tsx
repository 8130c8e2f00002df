import { useMemo } from 'react';
import uPlot from 'uplot';
import type { ThroughputView } from '../../main/contract/views.ts';
import { countText } from '../words/format.ts';
import { words } from '../words/words.ts';
import { inks, usePlot } from './plot.ts';

interface RateChartProps {
  readonly view: ThroughputView;
  /** 'light' or 'dark': the inks are read anew when it changes. */
  readonly scheme: string;
}

const hourMs = 3_600_000;

/** Boards per hour for each equal step of time. */
export function ratesOf(view: ThroughputView) {
  const times = view.buckets.map(({ at }) => Date.parse(at));
  const span = times.length > 1 ? (times[1] ?? 0) - (times[0] ?? 0) : Date.parse(view.to) - Date.parse(view.from);
  const factor = span > 0 ? hourMs / span : 0;
  return {
    current: currentRate(view, times, span),
    times: times.map((time) => (time + span / 2) / 1000),
    passed: view.buckets.map((bucket) => bucket.passed * factor),
    failed: view.buckets.map((bucket) => bucket.failed * factor),
  };
}

/** Steps of time that make up the present. */
const presentSteps = 5;

/** Boards per hour now: over the last steps of time, from the first of them in which a board passed. */
function currentRate(view: ThroughputView, times: readonly number[], span: number): number {
  const last = view.buckets.slice(-presentSteps);
  const begun = last.findIndex(({ passed }) => passed > 0);
  if (begun < 0) return 0;
  const from = times[times.length - last.length + begun] ?? 0;
  const passed = last.slice(begun).reduce((sum, bucket) => sum + bucket.passed, 0);
  return (passed * hourMs) / Math.max(Date.parse(view.to) - from, span / 2, 1);
}

/** Boards per hour over time, against the takt that is aimed at. */
export function RateChart({ view, scheme }: RateChartProps) {
  const { times, passed, failed } = useMemo(() => ratesOf(view), [view]);
  const target = view.targetPerHour;
  const data = useMemo<uPlot.AlignedData>(
    () => [times, passed.map((rate, index) => rate + (failed[index] ?? 0)), failed, times.map(() => target)],
    [times, passed, failed, target],
  );
  const { box } = usePlot(
    (element) => {
      const ink = inks(element);
      const axis = { stroke: ink.quiet, font: ink.font, grid: { stroke: ink.line, width: 1 }, ticks: { show: false } };
      const bars = uPlot.paths.bars?.({ size: [0.82, 64], align: 0 });
      return {
        padding: [10, 12, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(high, target ?? 0, 1) * 1.12] } },
        axes: [
          { ...axis, grid: { show: false }, size: 26, values: (_plot, ticks) => ticks.map(clockWords) },
          { ...axis, size: 46, values: (_plot, ticks) => ticks.map((tick) => countText(tick)) },
        ],
        series: [
          {},
          { fill: ink.bar, width: 0, ...(bars && { paths: bars }), points: { show: false } },
          { fill: ink.fail, width: 0, ...(bars && { paths: bars }), points: { show: false } },
          { stroke: ink.accent, width: 2, dash: [7, 5], points: { show: false } },
        ],
      };
    },
    data,
    `${scheme} ${target}`,
  );
  const totals = view.buckets.reduce(
    (sum, bucket) => ({ passed: sum.passed + bucket.passed, failed: sum.failed + bucket.failed }),
    { passed: 0, failed: 0 },
  );
  const last = countText(Math.round(passed.at(-1) ?? 0));
  return (
    <div ref={box} className="plot" role="img" aria-label={words.throughput.chartSays({ perHour: last, ...totals })} />
  );
}

function clockWords(seconds: number): string {
  const time = new Date(seconds * 1000);
  return `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`;
}
