/** How many of the latest runs of a recipe a step's usual time is taken from. */
export const rememberedRuns = 20;

/** What is expected of a step nobody has seen yet, in ms: only the proportions of a bar hang on it. */
const unseenMs = 500;

/** How long each step of each recipe took lately; expectations follow from the median, which one slow board does not move. */
export class StepHistory {
  readonly #times = new Map<string, Map<string, number[]>>();

  /** A step of this recipe passed in `ms`. */
  add(recipe: string, step: string, ms: number): void {
    let steps = this.#times.get(recipe);
    if (steps === undefined) {
      steps = new Map();
      this.#times.set(recipe, steps);
    }
    const times = steps.get(step) ?? [];
    times.push(ms);
    if (times.length > rememberedRuns) times.shift();
    steps.set(step, times);
  }

  /** Median ms of the step, or null when it was never seen. */
  usual(recipe: string, step: string): number | null {
    const times = this.#times.get(recipe)?.get(step);
    return times === undefined || times.length === 0 ? null : medianOf(times);
  }

  knows(recipe: string): boolean {
    return this.#times.has(recipe);
  }

  /**
   * How far a run is, by the usual times of its steps. `done`: steps passed; `current`: the step under way, with the share that it says
   * of itself (null: not told) and how long it has run. Seconds left are null until the recipe has a history.
   */
  progress(
    recipe: string,
    steps: readonly string[],
    done: number,
    current: { readonly share: number | null; readonly ranMs: number } | null,
  ): { readonly fraction: number; readonly secondsLeft: number | null } {
    const expected = steps.map((step) => this.usual(recipe, step) ?? unseenMs);
    const total = expected.reduce((sum, ms) => sum + ms, 0);
    let gone = expected.slice(0, done).reduce((sum, ms) => sum + ms, 0);
    const now = expected[done];
    if (current !== null && now !== undefined) {
      // A step that outlasts its usual time stays just short of its end.
      gone += now * Math.min(0.97, current.share ?? current.ranMs / Math.max(now, 1));
    }
    const fraction = total > 0 ? Math.min(1, gone / total) : 0;
    return { fraction, secondsLeft: this.knows(recipe) ? Math.max(0, (total - gone) / 1000) : null };
  }
}

/** Middle of a non-empty list; of two middles the lower. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}
