import type { LedgerReader } from '../ledger/ledger.ts';
import { type ContactCount, type ContactFact, contactCounts } from '../model/evidence/fixture.ts';

/** So many boards back a fixture is looked at, and so many of them with trouble of contact name it. */
const window = 12;
const named = 3;
/** Runs of the ledger that are looked at when the station starts. */
const runsLearned = 300;

/** How the last boards in a fixture were in contact. */
export interface NestHealth {
  readonly boards: number;
  readonly troubled: number;
  /** Counts of those boards. */
  readonly counts: Readonly<Partial<Record<ContactCount, number>>>;
  /** What to do, where the fixture should be looked at before it breaks; null: nothing. */
  readonly wear: string | null;
}

/**
 * Contacts wear out slowly: before a fixture fails its first board, answers are lost on more and more of those before, and found again.
 * A fixture is named when 3 of its last 12 boards had such trouble. On a sound line one board in a hundred has any, by which a fixture is
 * named without reason once in some five thousand boards.
 */
export class FixtureHealth {
  readonly #boards = new Map<string, ContactFact[]>();
  #learned: Promise<void> | null = null;

  /** Takes over what the ledger knows of the last boards. Reads once. */
  learn(ledger: Pick<LedgerReader, 'runs' | 'events'>): Promise<void> {
    this.#learned ??= this.#read(ledger);
    return this.#learned;
  }

  async #read(ledger: Pick<LedgerReader, 'runs' | 'events'>): Promise<void> {
    const found = new Map<string, ContactFact[]>();
    for (const { id, fixture } of await ledger.runs({ limit: runsLearned })) {
      const boards = found.get(fixture) ?? [];
      if (boards.length >= window) continue;
      for (const { event } of await ledger.events(id))
        if (event.type === 'observed' && event.what === 'contact') boards.unshift(event.value);
      found.set(fixture, boards);
    }
    for (const [fixture, boards] of found)
      this.#boards.set(fixture, [...boards, ...(this.#boards.get(fixture) ?? [])].slice(-window));
  }

  /** One more board was in this fixture; what is known of the fixture now. */
  note(fixture: string, contact: ContactFact): NestHealth {
    const boards = [...(this.#boards.get(fixture) ?? []), contact].slice(-window);
    this.#boards.set(fixture, boards);
    return this.of(fixture);
  }

  of(fixture: string): NestHealth {
    const boards = this.#boards.get(fixture) ?? [];
    const troubled = boards.filter(isTroubled).length;
    const counts: Partial<Record<ContactCount, number>> = {};
    for (const board of boards)
      for (const name of contactCounts) if (board[name]) counts[name] = (counts[name] ?? 0) + board[name];
    const wear =
      counts.brownOuts !== undefined
        ? `its supply broke down under ${counts.brownOuts === 1 ? 'a board' : 'boards'}: look at supply and cable`
        : troubled >= named
          ? `${troubled} of its last ${boards.length} boards lost contact for a moment: look at pins and cable before they fail`
          : null;
    return { boards: boards.length, troubled, counts, wear };
  }

  get fixtures(): readonly string[] {
    return [...this.#boards.keys()];
  }
}

function isTroubled(contact: ContactFact): boolean {
  return contactCounts.some((name) => (contact[name] ?? 0) > 0);
}
