/** One measured figure beside its budget. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly budget: string;
  /** Null: there is no budget for it, it stands for comparison. */
  readonly met: boolean | null;
}

export function printFigures(figures: readonly Figure[]): void {
  for (const { what, value, budget, met } of figures) {
    console.log(
      `  ${what.padEnd(64)} ${value.padStart(26)}   ${met === null ? '' : met ? 'met' : 'MISSED'}${budget ? ` (${budget})` : ''}`,
    );
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
