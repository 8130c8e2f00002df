import type { EfuseRefusal } from '../efuse/plan-types.ts';
import { decodeSnapshot } from '../efuse/snapshot.ts';
import type { EfuseSnapshot } from '../efuse/types.ts';
import type { DeviceHistory } from '../ledger/ledger.ts';
import { BoardFault, type Fault, RecipeFault } from '../model/fault.ts';
import type { RunRecord } from '../model/record.ts';
import type { RecipeRef } from '../model/refs.ts';
import { type BurnHistory, cameAs } from './burn-history.ts';

/**
 * What the silicon itself shows by its error registers, whatever recipe, token or ledger it is held against. Every other refusal says that
 * this wish and this board do not fit together, of which either may be the wrong one.
 */
const shownBySilicon = new Set(['efuse.block-unreadable', 'efuse.key-unreadable']);

/** Blocks that kept coding errors at every try are gone: what needs them cannot be had. */
const shownByBlocksGivenUp = new Set(['efuse.no-free-slot', 'efuse.unproven-key']);

/** What is known of a board when a plan for it was refused. */
export interface Refused {
  readonly mac: string;
  readonly ref: RecipeRef;
  readonly history: DeviceHistory;
  readonly past: BurnHistory;
}

/**
 * A plan that cannot be carried out, as the fault that ends the run. The board is condemned only where it proves by itself that it can
 * never become what was begun: under the very recipe that began it, by errors of its silicon, or because blocks that were given up leave no
 * room. What a wrong recipe, another token or a book that has forgotten something would say as well is a refusal: nothing is given up.
 */
export function refusedPlan(refusals: readonly EfuseRefusal[], board: Refused): Fault {
  const [first] = refusals as [EfuseRefusal];
  const { past, mac } = board;
  const proof = refusals.find((refusal) => isProvenByBoard(refusal, board)) ?? null;
  const told = proof ?? first;
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more reasons)` : '';
  const { code, what, next } = told;
  const text = { code, what: `${what}${more}`, next };
  if (proof !== null) return new BoardFault({ ...text, safety: 'condemned' });
  if (past.run === null)
    return told.condemns
      ? new BoardFault({ ...text, next: `${next} ${elsewhere}`, safety: 'untouched' })
      : new RecipeFault({ ...text, safety: 'untouched' });
  return new RecipeFault({
    code,
    what: `${what}${more} Nothing was burned now, and nothing that was begun is given up: the keys of ${mac} are kept.`,
    next: nextOfRefused(board),
    safety: 'resumable',
    details: { board: mac },
  });
}

function isProvenByBoard({ code, condemns }: EfuseRefusal, { past, history, ref }: Refused): boolean {
  if (!condemns || past.run === null || runOf(history, past.run)?.recipe.hash !== ref.hash) return false;
  if (shownBySilicon.has(code)) return true;
  return shownByBlocksGivenUp.has(code) && past.givenUp.length > 0 && past.slots.every((slot) => isKnown(slot, past));
}

/** Whether a block is given up by what was seen of it, or its key is known: then no other block was given up for want of knowledge. */
function isKnown({ slot, proven, keyAtHand }: BurnHistory['slots'][number], { givenUp }: BurnHistory): boolean {
  return givenUp.includes(slot) || proven || keyAtHand !== false;
}

/** Of a board in which no run of this ledger burned anything. */
const elsewhere =
  'If another station began it, it is finished there, with its ledger and its token; what stands in it says recover --port.';

function nextOfRefused({ mac, ref, history, past }: Refused): string {
  const begun = runOf(history, past.run);
  const where =
    begun === null || begun.recipe.hash === ref.hash
      ? 'Insert it again with the token and the ledger that it was begun with.'
      : `It was begun as ${recipeWords(begun.recipe)}: insert it again where that is made.`;
  return `${where} What can be done with it says recover --port; two people may release it for another recipe (board release ${mac}) or condemn it (board condemn ${mac}).`;
}

function runOf({ runs }: DeviceHistory, id: string | null): RunRecord | null {
  return runs.find(({ run }) => run.id === id)?.run ?? null;
}

/** `sensor revision 3 (ab12cd34)` */
export function recipeWords({ name, revision, hash }: RecipeRef): string {
  return `${name} revision ${revision} (${hash.slice(0, 8)})`;
}

/** The run that last meant to burn something of what was begun and not released since; null: nothing is begun. */
export function begunRun(history: DeviceHistory, past: Pick<BurnHistory, 'run'>): RunRecord | null {
  const run = runOf(history, past.run);
  const at = history.runs.findIndex((earlier) => earlier.run.id === run?.id);
  const released = history.runs.findIndex((earlier) => earlier.run.id === history.released?.after);
  return at > released ? run : null;
}

/**
 * Whether a board lies in the fixture that was begun as another product, by the recipe's name. Its own recipe can finish it, this one would
 * make something of both. A board that is as it came has nothing begun in it, whatever was meant. Null: it was not.
 */
export function refuseOtherRecipe(
  ref: RecipeRef,
  history: DeviceHistory,
  past: Pick<BurnHistory, 'run'>,
  snapshot: EfuseSnapshot,
): Fault | null {
  const begun = begunRun(history, past);
  if (begun === null || begun.recipe.name === ref.name || isAsItCame(history, snapshot)) return null;
  const { mac } = history;
  return new RecipeFault({
    code: 'admission.other-recipe',
    what: `The board ${mac} was begun as ${recipeWords(begun.recipe)} in run ${begun.id} on ${begun.startedAt.slice(0, 10)}, and this line makes ${ref.name}. Nothing was done to it, and its keys are kept.`,
    next: `Insert it again where ${begun.recipe.name} is made: it is finished there. Two people may release it for another recipe: board release ${mac}.`,
    safety: 'resumable',
    details: { begunAs: begun.recipe.name, run: begun.id, wanted: ref.name },
  });
}

/** Whether every eFuse reads as it did when the board was met for the first time. */
function isAsItCame(history: DeviceHistory, snapshot: EfuseSnapshot): boolean {
  const came = cameAs(history);
  if (came === null) return false;
  const now = decodeSnapshot(snapshot);
  return Object.entries(came).every(
    ([name, { value, readProtected }]) => now[name]?.value === value && now[name]?.readProtected === readProtected,
  );
}
