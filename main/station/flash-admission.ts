import { romReach } from '../model/chip.ts';
import { BoardFault, type BoardSafety, type Fault } from '../model/fault.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import { flashEnd, flashNeeds } from '../recipe/plan/flash-needs.ts';

/**
 * Has the board the flash that this product needs? What its flash chip says of itself against the recipe, the partition table and the
 * bootloader's header, before anything is written or burned. `romOnly`: nothing but the loader in ROM will write (no stub, or no lines
 * to come back from one). Null: yes.
 */
export function refuseFlash(
  loaded: Pick<LoadedRecipe, 'recipe' | 'firmware'>,
  detected: number | null,
  { romOnly, safety }: { readonly romOnly: boolean; readonly safety: BoardSafety },
): Fault | null {
  const { recipe, firmware } = loaded;
  const { flash } = recipe;
  const refused = (code: string, what: string, next: string) =>
    new BoardFault({ code, what, next, safety, details: { detected, wanted: flash.size } });
  const size = detected ?? flash.size;
  if (size === null)
    return refused(
      'admission.flash-unknown',
      'The flash chip does not say how large it is (its JEDEC id tells no size, or no flash answers), and the recipe does not either.',
      'Look at the flash and its soldering; where the flash is right, set flash.size in the recipe.',
    );
  const lacking = flashNeeds(recipe, firmware).find(({ bytes }) => bytes > size);
  if (lacking !== undefined)
    return refused(
      'admission.flash-too-small',
      `The board has ${sizeOf(size)} of flash, and ${lacking.what} ${sizeOf(lacking.bytes)}.`,
      'Take the board out: it carries another flash than this product, or the build is for another board.',
    );
  const end = flashEnd(recipe, firmware);
  if (romOnly && end > romReach)
    return refused(
      'admission.flash-beyond-rom',
      `The partition table reaches to ${sizeOf(end)}, and the loader in ROM addresses 16 MB of flash alone.`,
      'Use a fixture with reset lines, and leave flash.stub at auto: the stub writes beyond 16 MB.',
    );
  return null;
}

function sizeOf(bytes: number): string {
  return bytes % 0x100000 === 0 ? `${bytes / 0x100000} MB` : `${Math.ceil(bytes / 1024)} KB`;
}
