import { SecretBytes } from '../../base/secret.ts';
import type { KeyBytes } from '../../chip/board.ts';
import { keyBlockMap } from '../../efuse/slots.ts';
import type { KeyRole } from '../../model/event.ts';
import { BoardFault } from '../../model/fault.ts';
import type { Step, Workspace } from './step.ts';

/** Keys into their blocks: written, read back, purposes set, then hidden (FACTS 13.2 steps 2 and 3). */
export const burnKeys: Step = {
  id: 'burn-keys',
  irreversible: true,
  summary: (plan) =>
    keyBlockMap(plan.burn)
      .flatMap(({ name, held }) => held.map((slot) => ({ name, ...slot })))
      .filter((slot) => Object.values(slot.todo).some(Boolean))
      .map(({ name, purpose }) => `${purpose} into ${name}`)
      .join(', ') || 'nothing left to burn',

  async *perform({ board, plan, permit, workspace }) {
    await board.returnToRom();
    yield* board.burn(plan.burn, keyBytesOf(workspace), permit, ['keys', 'read-protect']);
  },
};

/**
 * Half of a P-384 scalar (48 bytes, big-endian) as its block's key file has it: 16 zeros and bytes 0 to 15 in the high block, bytes 16 to
 * 47 in the low one (FACTS 2.5, 8).
 */
function halfScalar(key: SecretBytes, part: 'low' | 'high'): SecretBytes {
  if (part === 'low') return key.slice(16, 48);
  const padded = new Uint8Array(32);
  key.use((scalar) => padded.set(scalar.subarray(0, 16), 16));
  return SecretBytes.adopt(padded);
}

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
    if (role === 'ecdsa-identity' && part !== 'whole') return halfScalar(key, part);
    if (part === 'low') return key.slice(0, key.length / 2);
    if (part === 'high') return key.slice(key.length / 2, key.length);
    return key.slice(0, key.length);
  };
}
