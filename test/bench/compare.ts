// One run of the benches as a file, and two of them beside each other.
import type { Figure } from './figures.ts';

/** `bench.json`. */
export interface BenchRun {
  readonly version: 1;
  readonly at: string;
  /** Processors and Node.js: runs of two machines say nothing about a change. */
  readonly machine: string;
  readonly figures: readonly (Figure & { readonly bench: string })[];
}

/** Reads what a run wrote; a sentence where it is none. */
export function readRun(text: string): BenchRun | string {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  const run = read as Partial<BenchRun> | null;
  if (run === null || typeof run !== 'object' || run.version !== 1 || !Array.isArray(run.figures))
    return 'it is none that `npm run bench` wrote';
  const whole = run.figures.every(
    (figure) =>
      typeof figure?.what === 'string' && typeof figure.bench === 'string' && typeof figure.value === 'string',
  );
  return whole ? (run as BenchRun) : 'a figure in it has no name or no value';
}

/** The first number of a value: `98.9 %` is 98.9, `1.3 s (p50 0.2)` 1.3; null: `not measured`. */
export function numberIn(value: string): number | null {
  const found = /-?\d+(?:,\d{3})*(?:\.\d+)?/.exec(value)?.[0];
  return found === undefined ? null : Number(found.replaceAll(',', ''));
}

/**
 * A line for each figure of the later run: what it was, what it is, by how much it moved, and where a budget is missed now that was met.
 * Figures that only one of the two has are told as that.
 */
export function drift(before: BenchRun, after: BenchRun): string[] {
  const key = (figure: { bench: string; what: string }) => `${figure.bench}\n${figure.what.trim()}`;
  const earlier = new Map(before.figures.map((figure) => [key(figure), figure]));
  const lines =
    before.machine === after.machine ? [] : [`Not the same machine: ${before.machine}, now ${after.machine}.`];
  for (const figure of after.figures) {
    const was = earlier.get(key(figure));
    earlier.delete(key(figure));
    const name = figure.what.padEnd(64);
    if (was === undefined) {
      lines.push(`${name} new: ${figure.value}`);
      continue;
    }
    const [from, to] = [numberIn(was.value), numberIn(figure.value)];
    const moved = from === null || to === null || from === 0 ? '' : ` (${signed((100 * (to - from)) / from)} %)`;
    const budget = was.met === figure.met || figure.met === null ? '' : figure.met ? ', met now' : ', MISSED now';
    lines.push(`${name} ${was.value} -> ${figure.value}${moved}${budget}`);
  }
  // Of a bench that was not run this time nothing is gone.
  const run = new Set(after.figures.map(({ bench }) => bench));
  for (const gone of earlier.values())
    if (run.has(gone.bench)) lines.push(`${gone.what.padEnd(64)} gone: was ${gone.value}`);
  return lines;
}

const signed = (percent: number) => `${percent < 0 ? '' : '+'}${percent.toFixed(1)}`;
