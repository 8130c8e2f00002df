import { decodeSnapshot } from '../../efuse/snapshot.ts';
import type { StepEvent } from '../../model/event.ts';
import type { StepContext } from './step.ts';

/**
 * Before a start with the door still open: the last read-out of all eFuses, and the door's burn booked. An application of a release build
 * shuts download mode by itself at every start, also at one that a supply coming back gives it (FACTS 13.2): what was not read by then
 * can never be read, and a board that comes back shut is looked for among those whose door was booked. Nothing where both is done.
 */
export async function* bookDoor({ board, plan, workspace }: StepContext): AsyncGenerator<StepEvent, void, void> {
  const door = plan.burn.burns.flatMap((burn) => (burn.kind === 'bits' && burn.stage === 'door' ? [burn] : []));
  if (workspace.efusesAfter !== null || door.length === 0) return;
  await board.returnToRom();
  workspace.efusesAfter = await board.readEfuses();
  yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(workspace.efusesAfter) };
  const last = door.at(-1)!;
  yield {
    type: 'intend',
    what: 'bits',
    detail: {
      block: last.block,
      stage: last.stage,
      fields: last.fields.map(({ field, from, to }) => ({ field, from, to })),
    },
  };
}
