// A bootloader that lies in flash in clear finishes its board by itself at any start: a supply that came back, a hand at the reset button.
//
// Built for Secure Boot or flash encryption it then switches both on, makes a flash key of its own and shuts the download door, whether or
// not the station's keys and locks are in (seen of ESP-IDF 5.5 on the ROM of a C3: a supply that went between two burns, and came back,
// gave a board in secure download mode that nobody could finish). So it is written when every burn before the first start is in; until
// then its place is blank.

import type { PlannedPart, Recipe } from '../types.ts';

/** Whether a part is such a bootloader. What the station encrypts is nothing to a chip whose SPI_BOOT_CRYPT_CNT is still 0. */
export function startsByItself(
  { kind }: Pick<PlannedPart, 'kind'>,
  { secureBoot, flashEncryption }: Pick<Recipe, 'secureBoot' | 'flashEncryption'>,
): boolean {
  const isClear = flashEncryption === null ? secureBoot !== null : flashEncryption.by === 'device';
  return kind === 'bootloader' && isClear;
}

/** The parts that are written before the burns. */
export function earlyParts<P extends Pick<PlannedPart, 'kind'>>(
  parts: readonly P[],
  recipe: Pick<Recipe, 'secureBoot' | 'flashEncryption'>,
): P[] {
  return parts.filter((part) => !startsByItself(part, recipe));
}
