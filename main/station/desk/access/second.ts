import type { Role } from '../../../contract/contract.ts';
import type { Ledger, LedgerReader } from '../../../ledger/ledger.ts';
import { isFault, RecipeFault } from '../../../model/fault.ts';

/** Another person who agrees, by name and PIN. */
export interface Second {
  readonly id: string;
  readonly pin: string;
}

/** Who is known, by what they know. Rejects as `Operators.login` does. */
export interface Judges {
  readonly operators: { login(id: string, pin: string): Promise<{ readonly roles: readonly Role[] }> };
  readonly ledger: Pick<Ledger, 'noteSession'>;
}

/**
 * Proves that a person knows an own PIN and has one of these roles; each refusal is a row that says what it was about. Rejects with those of
 * `Operators.login`, and with `unfit` for whoever has none of the roles.
 */
export async function proven(
  { operators, ledger }: Judges,
  { id, pin }: Second,
  asked: {
    readonly roles: readonly Role[];
    readonly unfit: RecipeFault;
    readonly about: string;
    readonly face?: string;
  },
): Promise<void> {
  try {
    const { roles } = await operators.login(id, pin);
    if (!asked.roles.some((role) => roles.includes(role))) throw asked.unfit;
  } catch (error) {
    if (isFault(error)) {
      const { face = 'second', about: detail } = asked;
      await ledger.noteSession({ what: 'call-refused', face, operator: id, detail });
    }
    throw error;
  }
}

/** A way in that somebody was given: in which row of the ledger, and whose hand it was (their own where two agreed to it). */
export interface WayIn {
  readonly row: number;
  readonly hand: string;
}

/** The newest PIN, badge or credential file of a person by the ledger's rows; null: it has none. */
export async function wayIn(ledger: Pick<LedgerReader, 'acts'>, id: string): Promise<WayIn | null> {
  const acts = await ledger.acts({ about: id, limit: everyAct });
  const given = acts.find(
    ({ what, detail }) =>
      what === 'credential-made' || (what === 'person-saved' && (detail.newPin === true || detail.newBadge === true)),
  );
  if (given === undefined) return null;
  const [only, other] = given.by;
  const isAnothers = only !== undefined && other === undefined && given.detail.firstStart !== true;
  return { row: given.row, hand: isAnothers ? only : id };
}

const everyAct = 1_000_000;

/**
 * Two names are two people only where neither knows the other's PIN, badge or file because they set it alone, and nobody else set those of
 * both. RecipeFault `people.one-hand`.
 */
export async function mustBeTwoHands(ledger: Pick<LedgerReader, 'acts'>, a: string, b: string): Promise<void> {
  const [handOfA, handOfB] = [(await wayIn(ledger, a))?.hand ?? a, (await wayIn(ledger, b))?.hand ?? b];
  if (handOfA === handOfB) throw oneHand(a, b, handOfA);
}

export function oneHand(a: string, b: string, hand: string): RecipeFault {
  const whose = hand === a ? b : hand === b ? a : 'both of them';
  return new RecipeFault({
    code: 'people.one-hand',
    what: `${a} and ${b} do not count as two people here: ${hand} alone set by what ${whose} can sign in.`,
    next: 'Ask somebody else; or let two custodians set that PIN anew: the second one agrees with an own PIN.',
  });
}
