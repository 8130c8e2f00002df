import type { Role } from '../../../contract/contract.ts';
import type { Ledger, LedgerReader, StationAct } from '../../../ledger/ledger.ts';
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

/** How somebody gets in: the newest row of the ledger that gave a PIN, badge or credential file, and whose hands those are (their own where two agreed). */
export interface WayIn {
  readonly row: number;
  readonly hands: readonly string[];
}

/**
 * The PIN, badge and credential file that a person has now, by the ledger's rows; null: it has none. Each counts: a badge that two agreed to makes
 * nobody forget a PIN that one of them set before.
 */
export async function wayIn(ledger: Pick<LedgerReader, 'acts'>, id: string): Promise<WayIn | null> {
  const acts = await ledger.acts({ about: id, limit: everyAct });
  const removed = acts.findIndex(({ what }) => what === 'person-removed');
  const given = (removed < 0 ? acts : acts.slice(0, removed)).filter((act) => kindsGiven(act).length > 0);
  const [newest] = given;
  if (newest === undefined) return null;
  const hands = new Map<string, string>();
  for (const act of given) for (const kind of kindsGiven(act)) if (!hands.has(kind)) hands.set(kind, handOf(act, id));
  return { row: newest.row, hands: [...new Set(hands.values())] };
}

/** What a row gave of that by which a person is known. */
function kindsGiven({ what, detail }: StationAct): string[] {
  if (what === 'credential-made') return ['file'];
  if (what !== 'person-saved') return [];
  return [...(detail.newPin === true ? ['pin'] : []), ...(detail.newBadge === true ? ['badge'] : [])];
}

function handOf({ by: [only, other], detail }: StationAct, id: string): string {
  return only !== undefined && other === undefined && detail.firstStart !== true ? only : id;
}

const everyAct = 1_000_000;

/**
 * Two names are two people only where neither knows the other's PIN, badge or file because they set it alone, and nobody else set one of
 * each. RecipeFault `people.one-hand`.
 */
export async function mustBeTwoHands(ledger: Pick<LedgerReader, 'acts'>, a: string, b: string): Promise<void> {
  const hand = sharedHand(handsOf(await wayIn(ledger, a), a), handsOf(await wayIn(ledger, b), b));
  if (hand !== null) throw oneHand(a, b, hand);
}

/** Whoever can sign in as this person; who has nothing in the ledger is alone. */
export function handsOf(way: WayIn | null, id: string): readonly string[] {
  return way === null ? [id] : way.hands;
}

/** Somebody who can sign in as both; null: nobody. */
export function sharedHand(a: readonly string[], b: readonly string[]): string | null {
  return a.find((hand) => b.includes(hand)) ?? null;
}

export function oneHand(a: string, b: string, hand: string): RecipeFault {
  const whose = hand === a ? b : hand === b ? a : 'both of them';
  return new RecipeFault({
    code: 'people.one-hand',
    what: `${a} and ${b} do not count as two people here: ${hand} alone set by what ${whose} can sign in.`,
    next: 'Ask somebody else; or let two custodians set that PIN anew: the second one agrees with an own PIN.',
  });
}
