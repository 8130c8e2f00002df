import { shutsDownload } from '../../efuse/door-fields.ts';
import { decodeSnapshot } from '../../efuse/snapshot.ts';
import type { StepEvent } from '../../model/event.ts';
import type { StepContext } from './step.ts';

/**
 * Before a start with the door still open: the last read-out of all eFuses, and the door's burn booked. An application of a release build
 * shuts download mode by itself at every start, also at one that a supply coming back gives it (FACTS 13.2): what was not read by then
 * can never be read, and a board that comes back shut is looked for among those whose door was booked. Only where the door is all that is
 * left to burn: other burns that belong to it cannot be made up for. Nothing where it was done before.
 */
export async function* bookDoor({ board, plan, workspace }: StepContext): AsyncGenerator<StepEvent, void, void> {
  const left = plan.burn.burns.flatMap((burn) => (burn.kind === 'bits' && burn.stage === 'door' ? [burn] : []));
  const fields = left.flatMap((burn) => burn.fields.map(({ field, from, to }) => ({ field, from, to })));
  const [door] = left;
  if (workspace.efusesAfter !== null || door === undefined || !fields.every(({ field }) => shutsDownload(field)))
    return;
  await board.returnToRom();
  workspace.efusesAfter = await board.readEfuses();
  yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(workspace.efusesAfter) };
  yield { type: 'intend', what: 'bits', detail: { block: door.block, stage: door.stage, fields } };
}
