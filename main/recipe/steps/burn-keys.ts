import type { KeyBytes } from '../../chip/board.ts';
import type { KeyRole } from '../../model/event.ts';
import { BoardFault } from '../../model/fault.ts';
import type { Step, Workspace } from '../step.ts';

/** Keys into their blocks: written, read back, purposes set, then hidden (FACTS 13.2 steps 2 and 3). */
export const burnKeys: Step = {
  id: 'burn-keys',
  title: 'Burn keys',
  irreversible: true,
  summary: (plan) =>
    plan.burn.slots
      .filter((slot) => Object.values(slot.todo).some(Boolean))
      .map((slot) => `${slot.purpose} into BLOCK_KEY${slot.slot}`)
      .join(', ') || 'nothing left to burn',

  async *perform({ board, plan, permit, workspace }) {
    await board.returnToRom();
    yield* board.burn(plan.burn, keyBytesOf(workspace), permit, ['keys', 'hide']);
  },
};

/** The workspace's keys by the plan's names. */
export function keyBytesOf(workspace: Workspace): KeyBytes {
  return (role: KeyRole, part) => {
    const key = workspace.keys.get(role);
    if (key === undefined) {
      throw new BoardFault({
        code: 'burn.key-missing',
        what: `The ${role} key that is to be burned is not at hand.`,
        next: 'Insert the board again: the station plans it anew.',
        safety: 'resumable',
      });
    }
    if (part === 'low') return key.slice(0, key.length / 2);
    if (part === 'high') return key.slice(key.length / 2, key.length);
    return key.slice(0, key.length);
  };
}
