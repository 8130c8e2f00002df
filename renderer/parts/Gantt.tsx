import { useEffect, useMemo, useRef } from 'react';
import type uPlot from 'uplot';
import type { ThroughputView } from '../../main/contract/views.ts';
import { stepNamed, words } from '../words/words.ts';
import { inks, usePlot } from './plot.ts';

interface GanttProps {
  readonly bars: ThroughputView['gantt'];
  readonly fixtures: readonly string[];
  readonly scheme: string;
  /** Seconds of time shown up to now. */
  readonly seconds: number;
}

/** How often the right edge follows the clock, in ms. */
const tickMs = 500;

/** What each fixture did and does, up to now: one row a fixture, one block a step, its name in it where there is room. */
export function Gantt({ bars, fixtures, scheme, seconds }: GanttProps) {
  const held = useRef({ bars, fixtures, seconds });
  held.current = { bars, fixtures, seconds };
  const data = useMemo<uPlot.AlignedData>(() => {
    const now = Date.now() / 1000;
    return [
      [now - seconds, now],
      [null, null],
    ];
  }, [seconds]);
  const rows = fixtures.join('\n');
  const { box, plot } = usePlot(
    (element) => {
      const ink = inks(element);
      const order = new Map<string, number>();
      const axis = { stroke: ink.quiet, font: ink.font, ticks: { show: false } };
      return {
        // half of the last mark's word stands beside the plot
        padding: [4, Math.max(12, Math.ceil(widthOf(words.throughput.now, ink.font) / 2) + 2), 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: () => [Date.now() / 1000 - held.current.seconds, Date.now() / 1000] },
          y: { dir: -1, range: () => [0, Math.max(1, held.current.fixtures.length)] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            grid: { stroke: ink.line, width: 1 },
            values: (_plot, ticks) => ticks.map(agoWords),
            splits: tickSplits,
          },
          {
            ...axis,
            size: 64,
            grid: { show: false },
            splits: () => held.current.fixtures.map((_, index) => index + 0.5),
            values: (_plot, ticks) => rowNames(held.current.fixtures, ticks, element.clientHeight),
          },
        ],
        series: [{}, { show: false }],
        hooks: { draw: [(made) => drawBars(made, held.current, ink, order)] },
      };
    },
    data,
    `${scheme} ${rows}`,
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: new bars are drawn at once, then the clock goes on
  useEffect(() => {
    const draw = () => plot.current?.setData(plot.current.data);
    draw();
    const timer = setInterval(draw, tickMs);
    return () => clearInterval(timer);
  }, [bars, scheme, plot]);

  return (
    <div
      ref={box}
      className="plot"
      role="img"
      aria-label={words.throughput.ganttSays({ fixtures: fixtures.length, steps: bars.length })}
    />
  );
}

/** In pixels of the page. */
function widthOf(text: string, font: string): number {
  const canvas = document.createElement('canvas').getContext('2d');
  if (canvas === null) return 0;
  canvas.font = font;
  return canvas.measureText(text).width;
}

function rowNames(fixtures: readonly string[], ticks: readonly number[], height: number): string[] {
  const every = Math.max(1, Math.ceil((ticks.length * 13) / Math.max(1, height - 28)));
  return ticks.map((tick) => (Math.floor(tick) % every === 0 ? (fixtures[Math.floor(tick)] ?? '') : ''));
}

/** Five marks, counted back from now. */
function tickSplits(plot: uPlot): number[] {
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  const [from, to] = [min ?? 0, max ?? 0];
  return [0, 0.25, 0.5, 0.75, 1].map((share) => from + (to - from) * share);
}

function agoWords(at: number): string {
  const ago = Math.round(Date.now() / 1000 - at);
  if (ago <= 0) return words.throughput.now;
  if (ago >= 120) return words.throughput.ago.minutes({ count: Math.round(ago / 60) });
  return words.throughput.ago.seconds({ count: ago });
}

/** Blocks in the ink of their step; the same step has the same ink in every row. */
function drawBars(
  plot: uPlot,
  held: Pick<GanttProps, 'bars' | 'fixtures'>,
  ink: ReturnType<typeof inks>,
  order: Map<string, number>,
): void {
  const { ctx, bbox } = plot;
  const rows = new Map(held.fixtures.map((name, index) => [name, index]));
  const scale = window.devicePixelRatio;
  const rowHeight = bbox.height / Math.max(1, held.fixtures.length);
  const thickness = Math.max(2, Math.min(rowHeight * 0.74, 26 * scale));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${11 * scale}px ${ink.font.slice(5)}`;
  ctx.textBaseline = 'middle';
  for (const bar of held.bars) {
    const row = rows.get(bar.fixture);
    if (row === undefined) continue;
    const left = plot.valToPos(bar.from / 1000, 'x', true);
    const right = plot.valToPos((bar.to ?? Date.now()) / 1000, 'x', true);
    if (right < bbox.left) continue;
    const place = order.get(bar.step) ?? order.size;
    order.set(bar.step, place);
    const step = ink.steps[place % ink.steps.length] ?? { fill: ink.bar, ink: ink.raised };
    const middle = bbox.top + (row + 0.5) * rowHeight;
    const start = Math.max(left, bbox.left);
    ctx.fillStyle = step.fill;
    ctx.fillRect(start, middle - thickness / 2, Math.max(1, right - start - scale), thickness);
    const room = right - start - 8 * scale;
    if (thickness > 13 * scale && room > ctx.measureText(stepNamed(bar.step)).width) {
      ctx.fillStyle = step.ink;
      ctx.fillText(stepNamed(bar.step), start + 4 * scale, middle + scale);
    }
  }
  ctx.restore();
}
