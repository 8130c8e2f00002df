import type { BatchCounts } from '../../../contract/views.ts';
import type { Outcome } from '../../../model/outcome.ts';

/** Outcomes of the work itself; a refusal or a stop says nothing of how well boards are made. */
const counted: ReadonlySet<Outcome> = new Set(['passed', 'failed', 'errored']);

interface Met {
  /** How it ended last. */
  outcome: Outcome;
  /** How its first run ended that was no refusal and no stop; null: there was none. */
  first: Outcome | null;
}

/** Counts of a batch under way: boards, told apart by MAC, not tries. */
export class BatchTally {
  readonly startedAt: string;
  #id: string | null = null;
  #tries = 0;
  readonly #boards = new Map<string, Met>();
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

  /** One run has ended. A board that told no MAC is one of its own. */
  add(outcome: Outcome, mac: string | null): void {
    this.#tries++;
    const key = mac ?? `unknown ${this.#tries}`;
    const met = this.#boards.get(key);
    const first = met?.first ?? (counted.has(outcome) ? outcome : null);
    // a sealed board that is inserted once more is refused, and stays a sealed one
    this.#boards.set(key, { outcome: met?.outcome === 'passed' ? 'passed' : outcome, first });
  }

  get counts(): BatchCounts {
    const boards = [...this.#boards.values()];
    const ended = (...outcomes: readonly Outcome[]) =>
      boards.filter(({ outcome }) => outcomes.includes(outcome)).length;
    const worked = boards.filter(({ first }) => first !== null);
    return {
      done: this.#tries,
      passed: ended('passed'),
      failed: ended('failed'),
      refused: ended('refused'),
      unfinished: ended('errored', 'aborted'),
      retries: this.#tries - boards.length,
      firstPassYield:
        worked.length === 0 ? null : worked.filter(({ first }) => first === 'passed').length / worked.length,
    };
  }
}
