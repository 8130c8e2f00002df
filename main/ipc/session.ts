import type { Clock } from '../base/clock.ts';
import { type CallName, calls, type Role, roles, rolesFor, type SessionState } from '../contract/contract.ts';
import type { OperatorView } from '../contract/views.ts';
import type { Desk } from '../station/desk/desk.ts';

/** Nobody touched the face for so long: who sat there is signed out, in ms. Only line operators stay for a shift. */
const idleMs = 15 * 60_000;
const shiftMs = 9 * 3_600_000;

/** Calls of one face a second, over a while, and at once: far more than a page asks for, and than a person does. */
const callsPerSecond = 50;
const callsAtOnce = 300;

/** Calls that a page makes by itself; they are no sign of a person. */
const byItself: ReadonlySet<string> = new Set<CallName>([
  'session.state',
  'line.snapshot',
  'throughput.read',
  'station.view',
  'token.view',
  'plant.view',
  'factory.results',
]);

/** Under which name things are done while the station knows no operator yet. */
export const firstStarter = 'first-start';

/** Who sits at one face of the station. It outlives a reload of the page. */
export class FaceSession {
  /** How the face reaches the station. */
  readonly face: 'window' | 'browser';
  readonly #desk: Desk;
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: SessionState) => void>();
  #operator: string | null = null;
  #touchedAt: number;
  #idleTimer: NodeJS.Timeout | null = null;
  /** Calls that may be made now, and when that was counted. */
  #calls = callsAtOnce;
  #countedAt: number;

  constructor(face: 'window' | 'browser', desk: Desk, clock: Clock) {
    this.face = face;
    this.#desk = desk;
    this.#clock = clock;
    this.#touchedAt = clock.monotonic();
    this.#countedAt = this.#touchedAt;
  }

  /** Whoever sits here, as the list of operators knows them now; null: nobody. */
  get operator(): OperatorView | null {
    return this.#operator === null ? null : this.#desk.operators.find(this.#operator);
  }

  /** Id by which the ledger names who does something here. */
  get id(): string {
    return this.#operator ?? firstStarter;
  }

  /** Until somebody is known to the station, whoever has its key may set it up. */
  get roles(): readonly Role[] {
    return this.#desk.operators.isEmpty ? roles : (this.operator?.roles ?? []);
  }

  /** Whether whoever sits here may make this call; with this input, where it is known. */
  may(name: CallName, input: unknown = {}): boolean {
    const allowed = rolesFor(name, input);
    return allowed === 'anyone' || this.roles.some((role) => allowed.includes(role));
  }

  get state(): SessionState {
    return {
      operator: this.operator,
      firstStart: this.#desk.operators.isEmpty,
      may: (Object.keys(calls) as CallName[]).filter((name) => this.may(name)),
      people: this.#desk.operators.list().map(({ id, name }) => ({ id, name })),
      language: this.#desk.language,
      version: this.#desk.version,
    };
  }

  enter(operator: OperatorView | null): void {
    this.#operator = operator?.id ?? null;
    this.#touchedAt = this.#clock.monotonic();
    this.#watch();
    this.tell();
  }

  /** One more call; false where this face asks too fast to be answered. */
  mayAsk(): boolean {
    const now = this.#clock.monotonic();
    this.#calls = Math.min(callsAtOnce, this.#calls + ((now - this.#countedAt) / 1000) * callsPerSecond);
    this.#countedAt = now;
    if (this.#calls < 1) return false;
    this.#calls--;
    return true;
  }

  /** A call came: a person is there, unless the page calls so by itself. */
  touch(name: string): void {
    if (!byItself.has(name)) this.#touchedAt = this.#clock.monotonic();
  }

  /** Tells the face how its session stands now. */
  tell(): void {
    const { state } = this;
    for (const listener of this.#listeners) listener(state);
  }

  listen(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#listeners.clear();
  }

  #watch(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    const { operator } = this;
    if (operator === null) return;
    const most = operator.roles.every((role) => role === 'operator') ? shiftMs : idleMs;
    const left = this.#touchedAt + most - this.#clock.monotonic();
    if (left > 0) {
      this.#idleTimer = setTimeout(() => this.#watch(), left);
      this.#idleTimer.unref();
      return;
    }
    void this.#desk
      .note({ what: 'logout', face: this.face, operator: operator.id, detail: 'nobody was there' })
      .catch(() => undefined);
    this.enter(null);
  }
}
