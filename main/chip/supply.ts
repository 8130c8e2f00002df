import { FixtureFault } from '../model/fault.ts';
import type { Loader } from '../protocol/loader.ts';
import type { BoardStart, ChipProfile } from './board.ts';

/** Bits of a reset state register that hold the cause. */
const causeMask = 0x3f;

/** Why the chip was reset last. Where its ROM was not heard (a port without reset lines) a register tells, on chips where it is known. */
export async function startOf(loader: Loader, { supply }: ChipProfile): Promise<BoardStart | null> {
  const heard = loader.resetCauses.at(-1);
  if (heard !== undefined) return { cause: heard, by: 'console' };
  if (supply.register === null || loader.secureDownload) return null;
  return { cause: (await loader.readRegister(supply.register)) & causeMask, by: 'register' };
}

/** What is burned while the supply breaks down nobody can know. */
export function brownOut(cause: number): FixtureFault {
  return new FixtureFault({
    code: 'supply.brown-out',
    what: `The supply of the board broke down: its chip was reset for that reason (rst:0x${cause.toString(16)}).`,
    next: 'Look at the supply, the cable and the contacts of this fixture before another board goes in; then insert this one again.',
    safety: 'untouched',
    details: { cause },
  });
}
