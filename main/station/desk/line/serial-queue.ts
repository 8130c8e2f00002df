/** A board that a serial number may go to. */
export interface Given {
  readonly fixture: string;
  readonly mac: string | null;
}

interface Entry {
  readonly serial: string;
  /** Its next board; null: that of whichever fixture. */
  readonly fixture: string | null;
  /** This board alone; null: whichever comes. */
  readonly mac: string | null;
}

/** Scanned serial numbers that no board has yet. */
export class SerialQueue {
  #entries: Entry[] = [];

  /** Those that wait for a board that nobody has seen yet. */
  get awaited(): readonly string[] {
    return this.#entries.filter(({ mac }) => mac === null).map(({ serial }) => serial);
  }

  /** The first that goes to whichever board comes next; null: there is none. */
  get loose(): string | null {
    return this.#entries.find(({ fixture, mac }) => fixture === null && mac === null)?.serial ?? null;
  }

  get hasLoose(): boolean {
    return this.loose !== null;
  }

  /** What waits for the next board of this fixture, or null. */
  of(fixture: string): string | null {
    return this.#entries.find((entry) => entry.fixture === fixture)?.serial ?? null;
  }

  /** A number that was scanned anew belongs where it was scanned for last. */
  add(entry: Entry): void {
    this.#entries = [...this.#entries.filter(({ serial }) => serial !== entry.serial), entry];
  }

  /** The number of a board that was taken out before it started; of one that cannot be told again it has to be scanned anew. */
  keepFor(serial: string, mac: string | null): void {
    if (mac !== null) this.add({ serial, fixture: null, mac });
  }

  /** The number for this board: its own, its fixture's, the one for whichever comes next. */
  take({ fixture, mac }: Given): string | null {
    const found =
      this.#entries.find((entry) => entry.mac !== null && entry.mac === mac) ??
      this.#entries.find((entry) => entry.fixture === fixture) ??
      this.#entries.find((entry) => entry.fixture === null && entry.mac === null);
    if (found === undefined) return null;
    this.#entries = this.#entries.filter((entry) => entry !== found);
    return found.serial;
  }

  /** Forgets what waits for the next board of this fixture (null: of whichever), and names it; null: there is nothing. */
  takeBack(fixture: string | null): string | null {
    const found = this.#entries.findLast((entry) => entry.fixture === fixture && entry.mac === null);
    this.#entries = this.#entries.filter((entry) => entry !== found);
    return found?.serial ?? null;
  }
}
