import { decodeSnapshot } from '../../efuse/snapshot.ts';
import { BoardFault, isFault } from '../../model/fault.ts';
import { keyBytesOf } from './burn-keys.ts';
import type { Step, StepContext } from './step.ts';

/** The last read-out of all eFuses, then the door: what is not read by now can never be read (FACTS 13.2 steps 9 and 10). */
export const shutDoors: Step = {
  id: 'shut-doors',
  irreversible: true,
  summary(plan, recipe) {
    const door = plan.burn.burns
      .filter((burn) => burn.kind === 'bits' && burn.stage === 'door')
      .flatMap((burn) => (burn.kind === 'bits' ? burn.fields.map((field) => field.field) : []));
    return `read all eFuses a last time; ${door.length > 0 ? `burn ${door.join(', ')}` : `download mode stays ${recipe.doors.downloadMode}`}`;
  },

  async *perform(context) {
    const { board, plan, permit, recipe, workspace } = context;
    const shut = workspace.doorShutByFirmware ?? (await foundShut(context));
    if (shut !== null) {
      workspace.mustShow = recipe.doors.shutByFirmware !== true;
      if (workspace.mustShow && !plan.steps.some(({ id }) => id === 'final-boot-proof')) throw shutBySomebody();
      yield { type: 'observed', what: 'door-shut-by-firmware', value: { effect: shut, shownBy: workspace.shownBy } };
      return;
    }
    workspace.efusesAfter = await board.readEfuses();
    yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(workspace.efusesAfter) };
    yield* board.burn(plan.burn, keyBytesOf(workspace), permit, ['door']);
  },
};

/**
 * A shut board, of which this station has not shut the door, and whose build does not say that it does. It may be another one: the board
 * that is being made may lie beside it with its door open.
 */
export function shutBySomebody(): BoardFault {
  return new BoardFault({
    code: 'boot-proof.unknown-board',
    what: 'The door of the board at hand is shut, this station has not shut it, and nothing that the board shows tells which one it is.',
    next: 'Insert the board again; where it comes back shut, name it by its label. Where its application shuts the door by itself put the sdkconfig of its build beside it, so that the station knows, or have it print the MAC.',
    safety: 'shut',
  });
}

/**
 * Whether an application of a release build has shut the door by itself since all eFuses were read (FACTS 13.2). What was not read before,
 * or another door than the recipe's, is a fault as ever.
 */
async function foundShut({ board, recipe, workspace, plan }: StepContext): Promise<'secure' | 'disabled' | null> {
  // Other burns that belong to the door cannot be made up for.
  const alone = plan.burn.burns.filter(({ stage }) => stage === 'door').length <= 1;
  const expected = workspace.efusesAfter !== null && alone ? recipe.doors.downloadMode : 'open';
  try {
    await board.returnToRom();
    if (expected !== 'secure') return null;
    return (await board.readSecurity()).secureDownload ? 'secure' : null;
  } catch (error) {
    if (expected === 'disabled' && isFault(error, 'protocol.download-disabled')) return 'disabled';
    throw error;
  }
}
