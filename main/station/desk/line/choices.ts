import { RecipeFault } from '../../../model/fault.ts';

/** How long a chosen fixture waits for the scan that follows, in ms. */
export const choiceMs = 20_000;
/** For so long after that a scan is refused instead of going elsewhere: whoever scans believes that the choice holds, in ms. */
const lapsedMs = 15_000;

interface Choice {
  readonly fixture: string;
  readonly until: number;
}

/** Which fixture each person has chosen for the scan that follows. Another person's scan never goes there. */
export class Choices {
  readonly #choices = new Map<string, Choice>();

  /** `now`: ms of a clock that never runs backwards. */
  choose(by: string, fixture: string, now: number): void {
    this.#choices.set(by, { fixture, until: now + choiceMs });
  }

  /** What this person has chosen; null: nothing. RecipeFault `line.choice-lapsed` when it ran out a moment ago. */
  of(by: string, now: number): string | null {
    const choice = this.#choices.get(by);
    if (choice === undefined || now > choice.until + lapsedMs) return null;
    if (now <= choice.until) return choice.fixture;
    throw new RecipeFault({
      code: 'line.choice-lapsed',
      what: `Fixture ${choice.fixture} was chosen, but the choice ran out ${Math.ceil((now - choice.until) / 1000)} s ago. This scan was not taken.`,
      next: `Scan the name ${choice.fixture} again, then this label.`,
    });
  }

  /** The choice of this fixture has served; a newer one stays. */
  spend(by: string, fixture: string): void {
    if (this.#choices.get(by)?.fixture === fixture) this.#choices.delete(by);
  }

  /** Nobody has chosen this fixture any more; false: nobody had. */
  forget(fixture: string): boolean {
    const before = this.#choices.size;
    for (const [by, choice] of this.#choices) if (choice.fixture === fixture) this.#choices.delete(by);
    return this.#choices.size < before;
  }

  /** Who has chosen this fixture last, and for how many ms more; null: nobody. */
  on(fixture: string, now: number): { readonly by: string; readonly msLeft: number } | null {
    const mine = [...this.#choices].findLast(([, choice]) => choice.fixture === fixture && choice.until >= now);
    return mine === undefined ? null : { by: mine[0], msLeft: mine[1].until - now };
  }

  /** Fixtures that were chosen and are not yet forgotten. */
  get fixtures(): readonly string[] {
    return [...this.#choices.values()].map(({ fixture }) => fixture);
  }
}
