// When a level of the PLC is a start, and when a result is acknowledged: edges that are seen behind what the station said, on the same
// connection, from a program that counts. Pure; one for each fixture.
import type { FixtureAtPlc, StartRefusal } from '../model/plc.ts';
import type { PlcWord, StationWord, Verdict } from './plc-registers.ts';

const verdicts = { passed: 'pass', failed: 'fail', refused: 'refused', errored: 'again', aborted: 'again' } as const;

export class Handshake {
  /** What of the board that waits, and of the result, the PLC was told on this connection. */
  #told: { readonly wait: number | null; readonly result: number | null } = { wait: null, result: null };
  /** The wait, and the result, behind which the level was seen low. A high level is an edge behind that alone. */
  #armed: number | null = null;
  #ackArmed: number | null = null;
  /** The high level of start is that of a board that began. */
  #isSpent = false;
  #starting: number | null = null;
  #refusal: StartRefusal | null = null;
  #acknowledged = 0;

  /** Another connection, or a PLC that had stopped counting: no edge from before counts. A result that was not acknowledged stands. */
  void(): void {
    this.#told = { wait: null, result: null };
    this.#armed = null;
    this.#ackArmed = null;
    this.#isSpent = false;
    this.#starting = null;
    this.#refusal = null;
  }

  /** Takes in what was read. `wrongRecipe`: the PLC is set up for another one. */
  hear({ isPresent, start, acknowledges }: PlcWord, fixture: FixtureAtPlc, wrongRecipe: boolean): void {
    const result = this.#openResult(fixture);
    if (result !== null && this.#told.result === result.number) {
      if (!acknowledges) this.#ackArmed = result.number;
      else if (this.#ackArmed === result.number) this.#acknowledged = result.number;
    }
    const missing = this.#missing(fixture, wrongRecipe) ?? (isPresent ? null : 'not-present');
    if (!start) {
      this.#refusal = null;
      this.#isSpent = false;
      this.#armed = missing === null && this.#told.wait === fixture.waits ? fixture.waits : null;
      return;
    }
    const isEdge = missing === null && this.#armed === fixture.waits;
    this.#armed = null;
    if (this.#isSpent || this.#refusal !== null) return;
    if (isEdge) {
      this.#starting = fixture.waits;
      this.#isSpent = true;
    } else this.#refusal = missing ?? 'no-edge';
  }

  /** What is to be said now. `mayStart` false: the PLC's program does not count, and nothing is ready for it. */
  say(fixture: FixtureAtPlc, mayStart: boolean, wrongRecipe: boolean): StationWord {
    const result = this.#openResult(fixture);
    const isStarting = this.#starting !== null;
    const verdict: Verdict | null = result === null ? null : verdicts[result.outcome];
    return {
      isReady: mayStart && !isStarting && this.#missing(fixture, wrongRecipe) === null,
      isBusy: isStarting || fixture.isBusy,
      mustStay: fixture.mustStay,
      result: result === null ? null : { verdict: verdict!, mac: result.mac },
      needsSerial: fixture.lacks === 'no-serial',
      refusal: this.#refusal,
      ended: fixture.end?.number ?? 0,
    };
  }

  /** That was written. Gives the wait whose board is to start now: the PLC has been told that it is busy. */
  told(word: StationWord, fixture: FixtureAtPlc): number | null {
    this.#told = {
      wait: word.isReady ? fixture.waits : null,
      result: word.result === null ? null : fixture.end!.number,
    };
    const starting = this.#starting;
    this.#starting = null;
    return starting;
  }

  /** The board of that wait was gone when it should have started. */
  isGone(): void {
    this.#refusal = 'no-board';
  }

  #openResult({ end }: FixtureAtPlc): FixtureAtPlc['end'] {
    return end !== null && end.number !== this.#acknowledged ? end : null;
  }

  #missing(fixture: FixtureAtPlc, wrongRecipe: boolean): StartRefusal | null {
    if (fixture.lacks !== null) return fixture.lacks;
    if (this.#openResult(fixture) !== null) return 'result-open';
    if (wrongRecipe) return 'other-recipe';
    return fixture.waits === null ? 'no-board' : null;
  }
}
