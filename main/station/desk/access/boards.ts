import type { Role } from '../../../contract/contract.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { bareMac, colons } from '../../../model/mac.ts';
import type { Operators } from './operators.ts';
import { mustBeTwoHands, proven, type Second } from './second.ts';

/** Whose word ends what was begun of a board: people who answer for boards, two of them. */
export const endsBoards: readonly Role[] = ['qa', 'engineer', 'custodian'];

/** A reason that says something. */
const shortestReason = 10;

export interface BoardActParts {
  readonly operators: Pick<Operators, 'find' | 'login'>;
  readonly ledger: Pick<Ledger, 'history' | 'claimedBy' | 'condemn' | 'release' | 'noteSession' | 'acts'>;
}

export interface BoardAct {
  /** MAC or serial number. */
  readonly device: string;
  readonly reason: string;
  /** Who asks, found to be one of `endsBoards`. */
  readonly by: string;
  /** The other one, who proves an own PIN. */
  readonly second: Second | null;
}

/**
 * Two people say that a board is not to become a product any more. Its wrapped keys go; a reason for which a run condemned it before stays
 * the one that holds. RecipeFault `board.two`, `board.second`, `board.reason`, `board.unknown`, `board.sealed`, `people.one-hand`; those of a
 * wrong PIN.
 */
export async function condemnBoard(parts: BoardActParts, act: BoardAct): Promise<{ readonly mac: string }> {
  const { mac, by, reason } = await agreed(parts, act, 'condemn');
  await parts.ledger.condemn(mac, null, reason, { by });
  return { mac };
}

/**
 * Two people give a board free for any recipe: what was begun is ended, its wrapped keys go, a condemnation holds no more. What is burned
 * stays burned: whether another recipe can still be had on it the plan of that recipe says. Faults as for `condemnBoard`.
 */
export async function releaseBoard(parts: BoardActParts, act: BoardAct): Promise<{ readonly mac: string }> {
  const { mac, by, reason } = await agreed(parts, act, 'release');
  await parts.ledger.release(mac, by, reason);
  return { mac };
}

async function agreed(
  parts: BoardActParts,
  { device, reason: given, by, second }: BoardAct,
  what: 'condemn' | 'release',
): Promise<{ readonly mac: string; readonly by: readonly string[]; readonly reason: string }> {
  const { ledger, operators } = parts;
  const reason = given.trim();
  if (reason.length < shortestReason)
    throw refusal('board.reason', `To ${what} a board needs a reason that says something.`, 'Write it in a sentence.');
  if (!endsBoards.some((role) => operators.find(by)?.roles.includes(role))) throw notOneOfThem(by);
  const mac = await macOfBoard(ledger, device);
  const { sealed } = await ledger.history(mac);
  if (sealed !== null)
    throw refusal(
      'board.sealed',
      `The board ${mac} was sealed on ${sealed.sealedAt}: it is a device, and nothing is left to ${what}.`,
      `Look at its record: audit show ${mac}.`,
    );
  if (second === null || second.id === by)
    throw refusal(
      'board.two',
      `To ${what} the board ${mac} takes two different people: its keys are gone for ever afterwards.`,
      `Let a second one (${endsBoards.join(', ')}) agree with an own PIN: --second ID in the terminal.`,
    );
  await proven(parts, second, { roles: endsBoards, unfit: notOneOfThem(second.id), about: `${what} ${mac}` });
  await mustBeTwoHands(ledger, by, second.id);
  return { mac, by: [by, second.id], reason };
}

/** MAC of a board that the ledger knows, by MAC in any notation or by serial number. RecipeFault `board.unknown`. */
export async function macOfBoard(ledger: Pick<Ledger, 'history' | 'claimedBy'>, device: string): Promise<string> {
  const bare = bareMac(device);
  const mac = (await ledger.claimedBy('serial', device.trim())) ?? (/^[0-9a-f]{12}$/.test(bare) ? colons(bare) : null);
  if (mac !== null && (await ledger.history(mac)).runs.length > 0) return mac;
  throw refusal(
    'board.unknown',
    `The ledger knows no board ${JSON.stringify(device)}.`,
    'Give a MAC (aa:bb:cc:dd:ee:ff) or a serial number; audit list shows them.',
  );
}

function notOneOfThem(id: string): RecipeFault {
  return refusal(
    'board.second',
    `${id} may not end what was begun of a board: it takes the role ${endsBoards.join(' or ')}.`,
    'Ask two people who have one of these roles.',
  );
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next });
}
