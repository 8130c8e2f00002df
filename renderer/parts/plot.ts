import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

/** Inks of the page for a canvas, which knows no style sheet. */
export function inks(element: HTMLElement) {
  const style = getComputedStyle(element);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: ink('--ink'),
    quiet: ink('--ink-3'),
    line: ink('--line'),
    bar: ink('--bar'),
    accent: ink('--accent-text'),
    fail: ink('--fail'),
    raised: ink('--raised'),
    font: `12px ${ink('--font')}`,
    steps: [1, 2, 3, 4, 5, 6].map((n) => ({ fill: ink(`--step-${n}`), ink: ink(`--step-${n}-ink`) })),
  };
}

/** Sizes that are read lay the whole page out at once, and whoever came to a screen wants to see it: plots come when it stands. */
function behindNextFrame(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(act);
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

/**
 * Keeps one plot in a box of any size. `make` is called again only when `remake` changes (light, dark, other rows); data flows in
 * without it.
 */
export function usePlot(
  make: (box: HTMLElement) => Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
  remake: string,
) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ make, data });
  latest.current = { make, data };

  // biome-ignore lint/correctness/useExhaustiveDependencies: remake says when
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const size = () => ({ width: Math.max(40, element.clientWidth), height: Math.max(40, element.clientHeight) });
    const observer = new ResizeObserver(() => {
      const made = plot.current;
      const { width, height } = size();
      if (made !== null && (made.width !== width || made.height !== height)) made.setSize({ width, height });
    });
    const draw = () => {
      plot.current = new uPlot({ ...size(), ...latest.current.make(element) }, latest.current.data, element);
      observer.observe(element);
    };
    const cancel = behindNextFrame(draw);
    return () => {
      cancel();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [remake]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  return { box, plot };
}
