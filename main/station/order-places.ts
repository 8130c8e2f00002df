/** The places of an order: as many boards may be under way as are still wanted of it. */
export class OrderPlaces {
  readonly #total: number | null;
  readonly #serials: readonly string[];
  readonly #waiting: (() => void)[] = [];
  #started = 0;
  #given = 0;

  /** `total`: places in all; null: without end. `serials`: given to boards in the order in which they start. */
  constructor(total: number | null, serials: readonly string[]) {
    this.#total = total;
    this.#serials = serials;
  }

  /** A place with its serial number, or null: all are taken. */
  claim(): { readonly serial: string | null } | null {
    if (this.isFull) return null;
    this.#started++;
    return { serial: this.#serials[this.#given++] ?? null };
  }

  /** A place as soon as there is one, in the order in which they were asked for; null: the signal ended the wait. */
  async claimLater(signal: AbortSignal): Promise<{ readonly serial: string | null } | null> {
    while (!signal.aborted) {
      const claim = this.claim();
      if (claim !== null) return claim;
      await this.#change(signal);
    }
    return null;
  }

  /** A board gives its place up; `unused`: it never started, and its serial number is free as well. */
  giveBack(unused: boolean): void {
    this.#started--;
    if (unused) this.#given--;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Whether boards under way fill the order. */
  get isFull(): boolean {
    return this.#total !== null && this.#started >= this.#total;
  }

  /** Resolves when the order is not full, or the signal ended the wait. */
  async whenFree(signal: AbortSignal): Promise<void> {
    while (this.isFull && !signal.aborted) await this.#change(signal);
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener('abort', end);
        const at = this.#waiting.indexOf(end);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
      this.#waiting.push(end);
    });
  }
}
