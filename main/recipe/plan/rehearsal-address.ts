import type { Firmware } from '../../image/types.ts';
import { revisionText } from '../../model/chip.ts';
import type { Recipe } from '../types.ts';
import { firstBlockVersion, wantsOctalFlash } from './board-needs.ts';

/**
 * Address of a virtual board as this recipe and its build want one: its oldest silicon, with eFuse blocks and flash that the build takes, and a
 * bootloader that does what the recipe leaves to it.
 */
export function rehearsalAddress({
  recipe,
  firmware,
}: {
  readonly recipe: Recipe;
  readonly firmware: Firmware;
}): string {
  const { chip, silicon, flashEncryption } = recipe;
  const blocks = firstBlockVersion(firmware);
  const words = [
    `rev=${revisionText(silicon.min)}`,
    'pacing=none',
    ...(blocks === null ? [] : [`blocks=${revisionText(blocks)}`]),
    ...(wantsOctalFlash(firmware) ? ['octal=yes'] : []),
    ...(flashEncryption?.by === 'device' ? ['encrypts=yes'] : []),
  ];
  return `virtual:${chip}?${words.join('&')}`;
}
