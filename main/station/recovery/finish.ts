import type { Board } from '../../chip/board.ts';
import { blockName, slotState } from '../../efuse/slots.ts';
import type { DeviceHistory } from '../../ledger/ledger.ts';
import type { RunRecord } from '../../model/record.ts';
import type { FinishAnswer, RecoveryState } from '../../model/recovery.ts';
import type { LoadedRecipe } from '../../recipe/load.ts';
import { previewRelease } from '../../recipe/making/release.ts';
import { makePlan } from '../../recipe/plan/plan.ts';
import { planInput } from '../../recipe/plan/preview.ts';
import type { Plan } from '../../recipe/types.ts';
import { pastOfPlan } from '../burn-history.ts';
import { recipeWords } from '../condemning.ts';
import { type BoardRead, type OnBook, type Reach, refuseProduct } from '../product-gates.ts';

export interface HalfDone extends BoardRead, OnBook {
  readonly board: Pick<Board, 'profile' | 'detectFlashSize'>;
  readonly reach: Reach;
  readonly begun: RunRecord;
  find(ref: RunRecord['recipe']): LoadedRecipe | null;
}

/** A board of which nothing is to be finished. */
export function noAnswer(state: RecoveryState): FinishAnswer {
  const nothing = state === 'sealed' ? 'It is finished.' : 'Nothing is begun here that could be finished.';
  return {
    possible: state === 'condemned' || state === 'sealed' ? false : null,
    recipe: null,
    why: [nothing],
    left: [],
  };
}

/**
 * Whether the recipe that began a board can still be had on it, by the gates and the plan of an insertion. The digests of its keys are those
 * of its own run, so that no token is asked. Nothing is burned or written.
 */
export async function finishAnswer(half: HalfDone): Promise<FinishAnswer> {
  const { begun, history } = half;
  const loaded = half.find(begun.recipe);
  if (loaded === null)
    return {
      possible: null,
      recipe: begun.recipe,
      why: [`The recipe ${recipeWords(begun.recipe)} is not here, nor another of its name.`, ...tokenWords(history)],
      left: [],
    };
  const isSame = loaded.ref.hash === begun.recipe.hash;
  const same = isSame
    ? `With ${recipeWords(loaded.ref)}: the very recipe that began it.`
    : `With ${recipeWords(loaded.ref)}, which is another than the ${recipeWords(begun.recipe)} that began it.`;
  const refused = await refuseProduct(loaded, half, half, half.reach);
  if (refused !== null)
    return { possible: false, recipe: loaded.ref, why: [same, `${refused.what} [${refused.code}]`], left: [] };
  const plan = planFor(half, loaded);
  const { refusals } = plan.burn;
  if (refusals.length > 0)
    return {
      possible: false,
      recipe: loaded.ref,
      why: [same, ...refusals.map(({ code, what }) => `${what} [${code}]`)],
      left: [],
    };
  return {
    possible: true,
    recipe: loaded.ref,
    why: [same, ...movedKeys(half, plan), ...tokenWords(history)],
    left: plan.steps.map(({ title, summary }) => `${title}: ${summary}`),
  };
}

function planFor({ identity, snapshot, history, past, begun }: HalfDone, loaded: LoadedRecipe): Plan {
  const release = previewRelease(loaded.recipe, loaded.firmware);
  const digests = digestsOf(history, begun);
  return makePlan({
    ...planInput(loaded, digests === null ? release : { ...release, keyDigests: digests }),
    snapshot,
    identity,
    serial: begun.serial,
    past: pastOfPlan(past),
  });
}

/** Digests of the Secure Boot keys that a run had planned; null: none were. */
function digestsOf({ runs }: DeviceHistory, { id }: RunRecord): readonly string[] | null {
  for (const { run, events } of runs)
    if (run.id === id)
      for (const { event } of events) if (event.type === 'planned') return event.facts.secureBoot?.keyDigests ?? null;
  return null;
}

/** Keys that go into another block than an earlier run had begun for them: that one has no purpose yet, and stays behind hidden. */
function movedKeys({ past, snapshot }: HalfDone, { burn }: Plan): string[] {
  return past.slots.flatMap(({ slot, role, part }) => {
    const now = burn.slots.find(
      ({ material }) => material.kind === 'secret' && material.role === role && material.part === part,
    );
    if (now === undefined || now.slot === slot || slotState(snapshot, slot).blank) return [];
    const { table } = snapshot;
    return [
      `The ${role} key goes into ${blockName(table, now.slot)}; ${blockName(table, slot)}, which was begun for it and has no purpose, is left behind hidden.`,
    ];
  });
}

/** Which token it takes: the keys lie wrapped in the ledger. */
function tokenWords({ openKeys }: DeviceHistory): string[] {
  const ids = [...new Set(openKeys.map(({ wrapped }) => wrapped.wrappingKeyId))];
  return ids.length === 0 ? [] : [`It takes the token whose wrapping key has the id ${ids.join(' or ')}.`];
}
