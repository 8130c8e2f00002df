import { shutsDownload } from '../../efuse/door-fields.ts';
import { decodeSnapshot } from '../../efuse/snapshot.ts';
import type { StepEvent } from '../../model/event.ts';
import { keyBytesOf } from './burn-keys.ts';
import type { StepContext } from './step.ts';

/**
 * Before a start with the door still open: the last read-out of all eFuses, and the door's burn booked. An application of a release build
 * shuts download mode by itself at every start, also at one that a supply coming back gives it (FACTS 13.2): what was not read by then
 * can never be read, and a board that comes back shut is looked for among those whose door was booked. Only where the door is all that is
 * left to burn: other burns that belong to it cannot be made up for. Nothing where it was done before.
 */
export async function* bookDoor(context: StepContext): AsyncGenerator<StepEvent, void, void> {
  const booking = bookingOf(context);
  if (context.workspace.efusesAfter !== null || booking === null) return;
  await context.board.returnToRom();
  yield* readLast(context);
  yield booking;
}

/**
 * The burns that switch boot security on, of a board whose application shuts the door by itself: with these its flash starts, at any moment at
 * which its supply comes back. So the last read-out stands before them, and the door is booked with the first of them. What they burned is
 * read once more afterwards.
 */
export async function* enableWithDoorBooked(context: StepContext): AsyncGenerator<StepEvent, void, void> {
  const { board, plan, permit, workspace } = context;
  let booking = bookingOf(context);
  if (booking !== null && plan.burn.burns.some(({ stage }) => stage === 'enable')) yield* readLast(context);
  for await (const event of board.burn(plan.burn, keyBytesOf(workspace), permit, ['enable'])) {
    yield event;
    if (event.type !== 'intend' || booking === null) continue;
    yield booking;
    booking = null;
  }
  workspace.efusesAfter = null;
}

/** The intent of the door's burn, where download mode is all that the door still means; else null. */
function bookingOf({ plan }: StepContext): Extract<StepEvent, { type: 'intend' }> | null {
  const left = plan.burn.burns.flatMap((burn) => (burn.kind === 'bits' && burn.stage === 'door' ? [burn] : []));
  const fields = left.flatMap((burn) => burn.fields.map(({ field, from, to }) => ({ field, from, to })));
  const [door] = left;
  if (door === undefined || !fields.every(({ field }) => shutsDownload(field))) return null;
  return { type: 'intend', what: 'bits', detail: { block: door.block, stage: door.stage, fields } };
}

async function* readLast({ board, workspace }: StepContext): AsyncGenerator<StepEvent, void, void> {
  workspace.efusesAfter = await board.readEfuses();
  yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(workspace.efusesAfter) };
}
