import { decodeSnapshot } from '../../efuse/snapshot.ts';
import type { Step } from '../step.ts';
import { keyBytesOf } from './burn-keys.ts';

/** The last read-out of all eFuses, then the door: what is not read by now can never be read (FACTS 13.2 steps 9 and 10). */
export const shutDoors: Step = {
  id: 'shut-doors',
  title: 'Shut the door',
  irreversible: true,
  summary(plan, recipe) {
    const door = plan.burn.burns
      .filter((burn) => burn.kind === 'bits' && burn.stage === 'door')
      .flatMap((burn) => (burn.kind === 'bits' ? burn.fields.map((field) => field.field) : []));
    return `read all eFuses a last time; ${door.length > 0 ? `burn ${door.join(', ')}` : `download mode stays ${recipe.doors.downloadMode}`}`;
  },

  async *perform({ board, plan, permit, workspace }) {
    await board.returnToRom();
    workspace.efusesAfter = await board.readEfuses();
    yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(workspace.efusesAfter) };
    yield* board.burn(plan.burn, keyBytesOf(workspace), permit, ['door']);
  },
};
