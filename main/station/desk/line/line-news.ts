import type { LineChange } from '../../../contract/contract.ts';

/** Faces hear of changes at most this often, in ms. */
const gatherMs = 50;
/** While boards run their bars move at least this often, in ms. */
const tickMs = 250;

export interface LineNewsOptions {
  /** How the line stands now: all of it but the number, the fixtures among `changed` alone. */
  look(changed: ReadonlySet<string>): Omit<LineChange, 'seq' | 'verdicts'>;
  /** Fixtures whose bars move by time. */
  moving(): Iterable<string>;
  /** Whether bars may move at all: a batch runs. */
  isAlive(): boolean;
}

/** Gathers what changes on a line, and tells it to every face at most once in a while. */
export class LineNews {
  readonly #options: LineNewsOptions;
  readonly #listeners = new Set<(change: LineChange) => void>();
  #changed = new Set<string>();
  #verdicts: LineChange['verdicts'][number][] = [];
  #isNews = false;
  #seq = 0;
  #gathering: NodeJS.Timeout | null = null;
  #ticking: NodeJS.Timeout | null = null;

  constructor(options: LineNewsOptions) {
    this.#options = options;
  }

  /** The number of the change that was told last. */
  get seq(): number {
    return this.#seq;
  }

  /** Hears changes, gathered; gives back the way to stop hearing. */
  listen(listener: (change: LineChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** These fixtures are to be shown anew, and with them what concerns all: the batch, the printer. */
  show(...fixtures: readonly string[]): void {
    for (const fixture of fixtures) this.#changed.add(fixture);
    this.#isNews = true;
    this.#gathering ??= setTimeout(() => this.#tell(), gatherMs);
  }

  verdict(verdict: LineChange['verdicts'][number]): void {
    this.#verdicts.push(verdict);
    this.show(verdict.fixture);
  }

  /** Bars move by time where a step tells nothing of itself. */
  tick(): void {
    this.#ticking ??= setTimeout(() => {
      this.#ticking = null;
      const moving = [...this.#options.moving()];
      if (moving.length > 0) this.show(...moving);
      if (this.#options.isAlive()) this.tick();
    }, tickMs);
  }

  /** Tells what is gathered, and nothing more. */
  close(): void {
    this.#tell();
    if (this.#ticking !== null) clearTimeout(this.#ticking);
    this.#listeners.clear();
  }

  #tell(): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
    if (!this.#isNews) return;
    const change: LineChange = {
      ...this.#options.look(this.#changed),
      seq: ++this.#seq,
      verdicts: this.#verdicts,
    };
    this.#changed = new Set();
    this.#verdicts = [];
    this.#isNews = false;
    for (const listener of this.#listeners) listener(change);
  }
}
