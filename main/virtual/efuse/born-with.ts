import { bytesOfWords, concat, isFilledWith, padTo } from '../../base/bytes.ts';
import { coding34Bytes } from '../../efuse/coding-34.ts';
import { identityFromSnapshot } from '../../efuse/identity.ts';
import { rsEncode } from '../../efuse/reed-solomon.ts';
import { readNumber } from '../../efuse/snapshot.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import type { Revision } from '../../model/chip.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { EfuseSilicon, VirtualChipOptions } from '../silicon.ts';

/** The eFuses that a chip is made with, and the revision they tell. RecipeFault `virtual.efuses` where something else tells another. */
export function bornWith(
  { kind, revision, mac, stateFile }: VirtualChipOptions,
  efuses: EfuseSnapshot,
  saved: boolean,
): { readonly efuses: EfuseSnapshot; readonly revision: Revision } {
  const against =
    efuses.table.chip !== kind
      ? `are those of an ${efuses.table.chip}, and the chip shall be an ${kind}`
      : revision !== undefined || mac !== undefined
        ? 'say its revision and MAC, and the address says them too'
        : saved
          ? `would replace those of the state file ${stateFile}`
          : null;
  if (against === null) return { efuses, revision: identityFromSnapshot(efuses).revision };
  throw new RecipeFault({
    code: 'virtual.efuses',
    what: `The eFuses that the chip shall be made with ${against}.`,
    next: 'Leave one of the two out.',
  });
}

/** Burns what a snapshot shows, each block with its code. */
export function burnSnapshot(efuse: EfuseSilicon, { table, blocks }: EfuseSnapshot): void {
  for (const { number, coding } of table.blocks) {
    const bytes = bytesOfWords([...blocks[number]!]);
    if (isFilledWith(bytes, 0)) continue;
    const data = padTo(bytes, 32, 0);
    efuse.setFactoryBlock(number, coding === 'reed-solomon' ? concat(data, rsEncode(data)) : uncoded(number, bytes));
  }

  /** ESP32: where its blocks hold 3/4 code, they show 24 bytes of data. */
  function uncoded(number: number, bytes: Uint8Array): Uint8Array {
    const coded =
      number > 0 && readNumber({ table, blocks, repeatErrors: [], rsErrors: [0, 0] }, 'CODING_SCHEME') === 1;
    return coded ? bytes.subarray(0, coding34Bytes) : bytes;
  }
}
