import type { Outcome } from '../../../model/outcome.ts';

/** Counts of a batch under way. */
export class BatchTally {
  readonly startedAt: string;
  #id: string | null = null;
  #done = 0;
  #passed = 0;
  /** Boards met in this batch by MAC. */
  readonly #boards = new Set<string>();
  #tried = 0;
  #passedAtOnce = 0;
  /** Called when the batch stands in the ledger. */
  onOpen: () => void = () => undefined;

  constructor(startedAt: string) {
    this.startedAt = startedAt;
  }

  /** Null until the batch stands in the ledger. */
  get id(): string | null {
    return this.#id;
  }

  begin(id: string): void {
    if (this.#id !== null) return;
    this.#id = id;
    this.onOpen();
  }

  add(outcome: Outcome, mac: string | null): void {
    this.#done++;
    if (outcome === 'passed') this.#passed++;
    if (mac !== null && this.#boards.has(mac)) return;
    if (mac !== null) this.#boards.add(mac);
    this.#tried++;
    if (outcome === 'passed') this.#passedAtOnce++;
  }

  get counts(): { done: number; passed: number; failed: number; firstPassYield: number | null } {
    return {
      done: this.#done,
      passed: this.#passed,
      failed: this.#done - this.#passed,
      firstPassYield: this.#tried === 0 ? null : this.#passedAtOnce / this.#tried,
    };
  }
}
