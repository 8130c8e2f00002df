import type { Clock } from '../../../base/clock.ts';
import type { FixtureGate } from '../../fixture.ts';
import { type Given, SerialQueue } from './serial-queue.ts';

export type StartMode = 'insertion' | 'scan' | 'key';

/** What a board that is in waits for: its serial number, the key, a scan of its fixture's name, the PLC. */
export type Need = 'serial' | 'key' | 'name' | 'plc';

interface Waiting {
  readonly fixture: string;
  readonly mac: string | null;
  /** Serial number that this board has from an earlier run. */
  readonly known: string | null;
  /** Serial number that was scanned for it, until it starts. */
  bound: string | null;
  /** When it starts by itself, in ms of the clock that never runs backwards; null: not yet. */
  startsAt: number | null;
  /** Ends the count-down. */
  calm: AbortController | null;
  /** Of this wait with what was scanned for it. */
  wait: number;
  readonly start: (admitted: { serial: string | null } | null) => void;
}

export interface StartGateOptions {
  readonly mode: StartMode;
  /** Whether each board needs a scanned serial number. */
  readonly wantsSerial: boolean;
  /** How many fixtures the line has: with one alone it is clear where a serial number goes. */
  readonly fixtures: number;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** For so long a serial number that was scanned for a board can be taken back before the board starts, in ms. */
  readonly undoMs: number;
  /** Whether the PLC starts the boards of this fixture, and nobody else; left out: of none. */
  startedByPlc?(fixture: string): boolean;
  contacts(fixture: string): number;
  /** The serial number under which this board came before, or null. */
  knownSerial(mac: string): Promise<string | null>;
  /** Something that is shown has changed. */
  changed(...fixtures: readonly string[]): void;
}

/** Where a serial number goes that is scanned without a choice, so that it can be shown before. */
export interface NextScan {
  /** Null: the board is not in yet. */
  readonly fixture: string | null;
  /** `held`: a serial number waits for its board already, so the next one needs a choice. */
  readonly rule: 'only' | 'longest' | 'next' | 'held';
}

/**
 * Which board starts when: at insertion, with a scanned serial number, or by key. A serial number that was scanned for a fixture goes to
 * that fixture's board; without a choice to the one that waits longest, else to the next that comes. It is bound to that board alone and
 * can be taken back until the board starts: for some seconds, or until the key. A board that came before keeps its serial number.
 */
export class StartGate implements Pick<FixtureGate, 'contacts' | 'admit' | 'gone' | 'named'> {
  readonly #options: StartGateOptions;
  readonly #queue = new SerialQueue();
  /** Labels of shut boards, by fixture. */
  readonly #names = new Map<string, string>();
  readonly #waiting: Waiting[] = [];
  readonly #pressed = new Set<string>();
  /** Fixtures whose board was let in and is neither done nor gone. */
  readonly #begun = new Set<string>();
  #waits = 0;
  /** Boards that were started with a serial number and are not done. */
  readonly #started = new Map<string, { readonly serial: string; readonly mac: string | null }>();

  constructor(options: StartGateOptions) {
    this.#options = options;
  }

  get mode(): StartMode {
    return this.#options.mode;
  }

  get wantsSerial(): boolean {
    return this.#options.wantsSerial;
  }

  #isPlcs(fixture: string): boolean {
    return this.#options.startedByPlc?.(fixture) ?? false;
  }

  /**
   * Whether a board starts when somebody says so of its fixture: the PLC, or a person by key, or by a scan of its name where there is nothing
   * else to scan.
   */
  #startsByWord(fixture: string): boolean {
    return this.#isPlcs(fixture) || this.mode === 'key' || (this.mode === 'scan' && !this.wantsSerial);
  }

  /** Serial numbers that wait for a board or are on one under way. */
  get taken(): readonly string[] {
    return [
      ...this.serials,
      ...this.#waiting.flatMap(({ bound }) => bound ?? []),
      ...[...this.#started.values()].map(({ serial }) => serial),
    ];
  }

  /** Serial numbers that wait for a board that is not in yet. */
  get serials(): readonly string[] {
    return this.#queue.awaited;
  }

  /** What the board in this fixture waits for; null: for nothing, or there is none. */
  needs(fixture: string): Need | null {
    const waiting = this.#at(fixture);
    if (waiting === null) return null;
    if (this.#lacksSerial(waiting)) return 'serial';
    if (!this.#startsByWord(fixture) || this.#pressed.has(fixture)) return null;
    if (this.#isPlcs(fixture)) return 'plc';
    return this.mode === 'key' ? 'key' : 'name';
  }

  /** The serial number that was scanned for this fixture and can be taken back, and in how many ms its board starts by itself. */
  bound(fixture: string): { readonly serial: string; readonly startsInMs: number | null } | null {
    const waiting = this.#at(fixture);
    if (waiting?.bound != null) {
      const { bound: serial, startsAt } = waiting;
      return { serial, startsInMs: startsAt === null ? null : Math.max(0, startsAt - this.#options.clock.monotonic()) };
    }
    const serial = this.#queue.of(fixture);
    return serial === null ? null : { serial, startsInMs: null };
  }

  /** Fixtures in which something counts down. */
  get counting(): readonly string[] {
    return this.#waiting.filter(({ startsAt }) => startsAt !== null).map(({ fixture }) => fixture);
  }

  /** Where the next serial number goes that is scanned without a choice; null: none is wanted. */
  get nextScan(): NextScan | null {
    if (!this.wantsSerial) return null;
    const lacking = this.#waiting.filter((waiting) => this.#lacksSerial(waiting));
    const [first] = lacking;
    if (first !== undefined) return { fixture: first.fixture, rule: lacking.length === 1 ? 'only' : 'longest' };
    return { fixture: null, rule: this.#options.fixtures > 1 && this.#queue.hasLoose ? 'held' : 'next' };
  }

  contacts(fixture: string): number {
    return this.#options.contacts(fixture);
  }

  /** The board in this fixture is done. */
  finished(fixture: string): void {
    this.#begun.delete(fixture);
    this.#started.delete(fixture);
  }

  /** The board that was let in last is gone before it was touched: its serial number is its own, wherever it comes back. */
  gone(fixture: string): void {
    const started = this.#started.get(fixture);
    this.#begun.delete(fixture);
    this.#started.delete(fixture);
    if (started === undefined) return;
    this.#queue.keepFor(started.serial, started.mac);
    this.#options.changed(fixture);
  }

  async admit(
    board: { readonly fixture: string; readonly mac: string | null },
    signal: AbortSignal,
  ): Promise<{ readonly serial: string | null } | null> {
    const known = this.wantsSerial && board.mac !== null ? await this.#options.knownSerial(board.mac) : null;
    if (signal.aborted) return null;
    return new Promise((resolve) => {
      const waiting: Waiting = {
        ...board,
        known,
        bound: null,
        startsAt: null,
        calm: null,
        wait: ++this.#waits,
        start: (admitted) => {
          signal.removeEventListener('abort', stop);
          this.#pressed.delete(board.fixture);
          resolve(admitted);
        },
      };
      const stop = () => {
        this.#leave(waiting);
        // another board in this place is another board: it needs a scan of its own
        if (waiting.bound !== null) this.#queue.keepFor(waiting.bound, waiting.mac);
        waiting.start(null);
        this.#options.changed(board.fixture);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
      this.#options.changed(board.fixture);
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

  /**
   * A serial number that was judged good; for one fixture, or where `nextScan` says. Gives the fixture that it is bound to (null: the board
   * is not in yet), or why it cannot be: `has-serial` (another number is bound there), `board-known` (that board came before, under that
   * number), `held` (a number waits already, and nobody could say which board is whose).
   */
  give(
    serial: string,
    fixture: string | null,
  ):
    | { readonly fixture: string | null }
    | { readonly no: 'has-serial' | 'board-known' | 'held'; readonly serial: string } {
    const to = fixture ?? this.nextScan?.fixture ?? null;
    if (to !== null) {
      const there = this.bound(to);
      if (there !== null) return { no: 'has-serial', serial: there.serial };
      const known = this.#at(to)?.known ?? null;
      if (known !== null) return { no: 'board-known', serial: known };
    } else if (this.nextScan?.rule === 'held') return { no: 'held', serial: this.#queue.loose ?? '' };
    this.#queue.add({ serial, fixture: to, mac: null });
    this.#serve();
    this.#options.changed(...(to === null ? [] : [to]));
    return { fixture: to };
  }

  /** Takes back what was scanned for this fixture (null: for whichever board comes next) and did not start yet; null: there is nothing. */
  undo(fixture: string | null): string | null {
    const waiting = fixture === null ? null : this.#at(fixture);
    const serial = waiting?.bound ?? this.#queue.takeBack(fixture);
    if (serial === null) return null;
    if (waiting !== null && waiting.bound === serial) {
      waiting.calm?.abort(new Error('taken back'));
      Object.assign(waiting, { bound: null, startsAt: null, calm: null, wait: ++this.#waits });
      this.#pressed.delete(waiting.fixture);
    }
    this.#options.changed(...(fixture === null ? [] : [fixture]));
    return serial;
  }

  /** A person says of a fixture that its board shall start. */
  press(fixture: string): 'starts' | 'needs-serial' | 'nothing-waits' | 'plc-starts' {
    const waiting = this.#at(fixture);
    if (this.#isPlcs(fixture)) return 'plc-starts';
    if (waiting === null || !this.#startsByWord(fixture)) return 'nothing-waits';
    if (this.#lacksSerial(waiting)) return 'needs-serial';
    this.#pressed.add(fixture);
    this.#serve();
    return 'starts';
  }

  /** The wait of a board that lacks nothing but the PLC's start: another number for each, and for each serial number scanned; null: there is none. */
  waitForPlc(fixture: string): number | null {
    return this.needs(fixture) === 'plc' ? this.#at(fixture)!.wait : null;
  }

  /** The PLC says that the board of this wait shall start. False: it does not wait any more. */
  startByPlc(fixture: string, wait: number): boolean {
    if (this.waitForPlc(fixture) !== wait) return false;
    this.#pressed.add(fixture);
    this.#serve();
    return true;
  }

  /** Whether the board in this fixture was let in and is neither done nor gone. */
  hasBegun(fixture: string): boolean {
    return this.#begun.has(fixture);
  }

  #at(fixture: string): Waiting | null {
    return this.#waiting.find((waiting) => waiting.fixture === fixture) ?? null;
  }

  #lacksSerial({ known, bound }: Waiting): boolean {
    return this.wantsSerial && known === null && bound === null;
  }

  #leave(waiting: Waiting): void {
    waiting.calm?.abort(new Error('not waiting any more'));
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #serve(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.#lacksSerial(waiting)) waiting.bound = this.#queue.take(waiting satisfies Given);
      if (this.#lacksSerial(waiting)) continue;
      if (this.#startsByWord(waiting.fixture)) {
        if (this.#pressed.has(waiting.fixture)) this.#begin(waiting);
      } else if (waiting.bound === null || this.#options.undoMs <= 0) this.#begin(waiting);
      else if (waiting.startsAt === null) this.#countDown(waiting);
    }
  }

  #countDown(waiting: Waiting): void {
    const { clock, undoMs, changed } = this.#options;
    const calm = new AbortController();
    waiting.calm = calm;
    waiting.startsAt = clock.monotonic() + undoMs;
    clock.sleep(undoMs, calm.signal).then(
      () => {
        if (calm.signal.aborted) return;
        this.#begin(waiting);
        changed(waiting.fixture);
      },
      () => undefined,
    );
  }

  #begin(waiting: Waiting): void {
    this.#leave(waiting);
    const serial = waiting.known ?? waiting.bound;
    this.#begun.add(waiting.fixture);
    if (serial !== null) this.#started.set(waiting.fixture, { serial, mac: waiting.mac });
    waiting.start({ serial });
  }
}
