/** Between two rows of what was counted, in ms: the first comes soon, so that somebody sees it, the others seldom. */
const firstMs = 60_000;
const everyMs = 600_000;

interface Count {
  signIns: number;
  calls: number;
}

/**
 * What nobody in particular tried and was refused: how often, in a row now and then. A page with nobody signed in could fill a book that
 * is kept for ever, if each try were listed.
 */
export class AnonymousTries {
  readonly #write: (count: Readonly<Record<keyof Count, number>>) => Promise<void>;
  #count: Count = { signIns: 0, calls: 0 };
  #timer: NodeJS.Timeout | null = null;
  #hasWritten = false;

  constructor(write: (count: Readonly<Record<keyof Count, number>>) => Promise<void>) {
    this.#write = write;
  }

  count(what: keyof Count): void {
    this.#count[what]++;
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.#flush().catch(() => undefined), this.#hasWritten ? everyMs : firstMs);
    this.#timer.unref();
  }

  /** Writes what was not written yet, where the book is still open. */
  async close(): Promise<void> {
    await this.#flush().catch(() => undefined);
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { signIns, calls } = this.#count;
    if (signIns + calls === 0) return;
    this.#count = { signIns: 0, calls: 0 };
    this.#hasWritten = true;
    await this.#write({ signIns, calls });
  }
}
