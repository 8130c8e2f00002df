import type { EfuseSnapshot } from '../efuse/types.ts';
import type { Revision } from '../model/chip.ts';
import { BoardFault, type BoardSafety, type Fault } from '../model/fault.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import { type Misfit, misfitOf } from '../recipe/plan/board-needs.ts';

const codes: Readonly<Record<Misfit['by'], string>> = {
  revision: 'admission.build-revision',
  blocks: 'admission.build-blocks',
  'octal-flash': 'admission.octal-flash',
};

/** Would the recipe's build start on this very chip? Asked before anything is written or burned. Null: yes. */
export function refuseBuild(
  { firmware }: Pick<LoadedRecipe, 'firmware'>,
  { revision }: { readonly revision: Revision },
  snapshot: EfuseSnapshot,
  safety: BoardSafety,
): Fault | null {
  const misfit = misfitOf(firmware, revision, snapshot);
  if (misfit === null) return null;
  return new BoardFault({
    code: codes[misfit.by],
    what: misfit.what,
    next: 'Set the board aside, or make a recipe with a build for such boards.',
    safety,
  });
}
