import type { FixtureGate } from '../../fixture.ts';

export type StartMode = 'insertion' | 'scan' | 'key';

interface Waiting {
  readonly fixture: string;
  /** Serial number that this board has from an earlier run. */
  readonly known: string | null;
  readonly start: (admitted: { serial: string | null } | null) => void;
}

export interface StartGateOptions {
  readonly mode: StartMode;
  /** Whether each board needs a scanned serial number. */
  readonly wantsSerial: boolean;
  contacts(fixture: string): number;
  /** The serial number under which this board came before, or null. */
  knownSerial(mac: string): Promise<string | null>;
  /** Something that is shown has changed. */
  changed(): void;
}

/**
 * Which board starts when: at insertion, with a scanned serial number, or by key. Serial numbers go to boards in the order in which both
 * come; one scanned for a fixture goes to that fixture's next board. A board that came before keeps its serial number.
 */
export class StartGate implements Pick<FixtureGate, 'contacts' | 'admit' | 'gone' | 'named'> {
  readonly #options: StartGateOptions;
  readonly #queue: { readonly serial: string; readonly fixture: string | null }[] = [];
  /** Labels of shut boards, by fixture. */
  readonly #names = new Map<string, string>();
  readonly #waiting: Waiting[] = [];
  readonly #pressed = new Set<string>();
  /** Serial numbers of boards that were started and are not done. */
  readonly #started = new Map<string, string>();

  constructor(options: StartGateOptions) {
    this.#options = options;
  }

  get mode(): StartMode {
    return this.#options.mode;
  }

  get wantsSerial(): boolean {
    return this.#options.wantsSerial;
  }

  /** Serial numbers that wait for a board or are on one under way. */
  get taken(): readonly string[] {
    return [...this.serials, ...this.#started.values()];
  }

  /** The board in this fixture is done. */
  finished(fixture: string): void {
    this.#started.delete(fixture);
  }

  /** The board that was let in last is gone before it was touched: its serial number is the next one again. */
  gone(fixture: string): void {
    const serial = this.#started.get(fixture);
    this.#started.delete(fixture);
    if (serial === undefined) return;
    this.#queue.unshift({ serial, fixture: null });
    this.#serve();
    this.#options.changed();
  }

  get serials(): readonly string[] {
    return this.#queue.map((entry) => entry.serial);
  }

  contacts(fixture: string): number {
    return this.#options.contacts(fixture);
  }

  async admit(
    board: { readonly fixture: string; readonly mac: string | null },
    signal: AbortSignal,
  ): Promise<{ readonly serial: string | null } | null> {
    const known = this.wantsSerial && board.mac !== null ? await this.#options.knownSerial(board.mac) : null;
    if (signal.aborted) return null;
    return new Promise((resolve) => {
      const waiting: Waiting = {
        fixture: board.fixture,
        known,
        start: (admitted) => {
          signal.removeEventListener('abort', stop);
          this.#pressed.delete(board.fixture);
          resolve(admitted);
        },
      };
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.start(null);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  /** A label that names a board which waits for its seal behind a shut door: said of the next shut board in this fixture. */
  name(text: string, fixture: string): void {
    this.#names.set(fixture, text);
  }

  /** What was said of the shut board in this fixture, where it names one of those; it is said once. */
  named(fixture: string, isOne: (text: string) => boolean): string | null {
    const text = this.#names.get(fixture);
    this.#names.delete(fixture);
    return text !== undefined && isOne(text) ? text : null;
  }

  /** A serial number that was judged good; for one fixture, or for whichever board comes next. */
  give(serial: string, fixture: string | null): void {
    this.#queue.push({ serial, fixture });
    this.#serve();
    this.#options.changed();
  }

  /** The key of a fixture was pressed; false when no board waits for it there. */
  press(fixture: string): boolean {
    if (!this.#waiting.some((waiting) => waiting.fixture === fixture)) return false;
    this.#pressed.add(fixture);
    this.#serve();
    return true;
  }

  /** Fixtures whose board waits for a person. */
  get waiting(): readonly string[] {
    return this.#waiting.map((waiting) => waiting.fixture);
  }

  #serve(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.mode === 'key' && !this.#pressed.has(waiting.fixture)) continue;
      let serial: string | null = null;
      if (this.wantsSerial) {
        serial = waiting.known ?? this.#take(waiting.fixture);
        if (serial === null) continue;
      }
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      if (serial !== null) this.#started.set(waiting.fixture, serial);
      waiting.start({ serial });
    }
  }

  #take(fixture: string): string | null {
    const own = this.#queue.findIndex((entry) => entry.fixture === fixture);
    const at = own >= 0 ? own : this.#queue.findIndex((entry) => entry.fixture === null);
    return at < 0 ? null : this.#queue.splice(at, 1)[0]!.serial;
  }
}
